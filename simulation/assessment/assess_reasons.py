"""Whether the reasons given for violators name what they do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import comb

import numpy as np
import pandas as pd
import pyarrow as pa

from expectations.contracts.indicators import catalogue
from simulation.assessment.shown_by import FULL_SIGNS_OF, SIGNS_OF
from simulation.violating import violating_on

FIRST = 3


@dataclass(frozen=True)
class Named:
    """The share of violators for whom a right indicator is among the first three reasons, or is the first.

    ``by_chance`` is the share that three indicators drawn from the whole catalogue would name.
    """

    among_first_three: float
    first: float
    by_chance: float
    by_typology: dict[str, float]


@dataclass(frozen=True)
class ReasonsNamed:
    """Listed entities that were violating and not yet found, and whether they are told why.

    Attributes:
        listed_violators: how many there are.
        any_sign: where an indicator of any sign that their typology bears is right.
        full_signs: where one of a sign that it bears in full alone is.
    """

    listed_violators: int
    any_sign: Named
    full_signs: Named


def assess_reasons(truth: pa.Table, reasons: pa.Table, as_of: date) -> ReasonsNamed | None:
    """Hold the reasons of a day against the truth; None when no violator was listed.

    Args:
        truth: as :data:`simulation.truth.SCHEMA`.
        reasons: ``entity_id, reason_rank, indicator`` of ``gold.reasons`` of the day.
        as_of: the day.
    """
    kinds = pd.DataFrame({"entity_id": truth["entity_id"].to_pandas(), "typology": truth["typology"].to_pandas()})
    kinds = kinds[violating_on(truth, as_of)]
    given = reasons.to_pandas()
    given = given[given["reason_rank"] <= FIRST].merge(kinds, on="entity_id", validate="many_to_one")
    if given.empty:
        return None
    return ReasonsNamed(given["entity_id"].nunique(), _named(given, SIGNS_OF), _named(given, FULL_SIGNS_OF))


def _named(given: pd.DataFrame, right: Mapping[str, frozenset[str]]) -> Named:
    is_right = np.array([name in right[kind] for name, kind in zip(given["indicator"], given["typology"], strict=True)], dtype=bool)
    rows = given.assign(is_right=is_right, is_first=is_right & (given["reason_rank"] == 1))
    entities = rows.groupby(["entity_id", "typology"], as_index=False)[["is_right", "is_first"]].any()
    every = len(catalogue())
    chance = {kind: 1 - comb(every - len(names), FIRST) / comb(every, FIRST) for kind, names in right.items()}
    return Named(
        among_first_three=float(entities["is_right"].mean()),
        first=float(entities["is_first"].mean()),
        by_chance=float(entities["typology"].map(chance).mean()),
        by_typology={str(kind): float(share) for kind, share in entities.groupby("typology")["is_right"].mean().items()},
    )
