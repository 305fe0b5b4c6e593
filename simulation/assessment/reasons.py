"""Compare the reasons given for violators with the signs planted in the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import comb

import numpy as np
import pandas as pd
import pyarrow as pa

from expectations.contracts.indicators import catalogue
from simulation.assessment.truth import violating_on
from simulation.world.typologies import TYPOLOGIES

SHOWN_BY: dict[str, tuple[str, ...]] = {
    "crowded": ("entities_at_address",),
    "hub": ("same_legal_rep", "same_phone"),
    "young": ("age_days",),
    "capital": ("capital_to_sales", "registered_capital", "paid_in_share"),
    "moved": ("rep_and_address_changed", "days_since_change", "changes_12m"),
    "restless": ("changes_12m", "days_since_change"),
    "surge": ("sales_growth", "sales_jump", "growth_over_headcount", "sales_range"),
    "few_staff": ("sales_per_employee", "growth_over_headcount", "employees"),
    "low_burden": ("vat_burden", "input_output_ratio"),
    "asleep": ("dormant_then_sudden", "sales_jump", "sales_range"),
    "idle": ("zero_filing_streak",),
    "late": ("late_filing_share", "mean_days_late", "unfiled_returns", "months_since_return"),
    "void": ("void_invoice_share",),
    "complaints": (
        "complaints_12m", "complaint_rate", "complaint_burst", "upheld_complaints_12m", "days_since_complaint",
        "amount_claimed_12m", "complaint_points",
    ),
    "grave": ("complaint_points", "worst_complaint_90d"),
    "open": ("overdue_complaint_share", "refused_mediation_share"),
    "cit_gap": ("vat_cit_gap",),
    "heir": ("phoenix", "ended_tie_share"),
    "unreachable": ("unmet_visits_36m",),
}  # fmt: skip
"""The indicators that a sign changes. Indicators of past findings show no sign."""

SIGNS_OF: dict[str, frozenset[str]] = {
    kind.name: frozenset(name for sign in kind.signs for name in SHOWN_BY[sign]) for kind in TYPOLOGIES
}
"""The indicators of all signs of a typology."""
FULL_SIGNS_OF: dict[str, frozenset[str]] = {
    kind.name: frozenset(name for sign, strength in kind.signs.items() if strength >= 1 for name in SHOWN_BY[sign])
    for kind in TYPOLOGIES
}
"""The indicators of signs with full strength, by typology. The mimic shows one of them too."""
FIRST = 3


@dataclass(frozen=True)
class Named:
    """The share of violators with a right indicator among the first three reasons, and as the first reason.

    ``by_chance`` is the expected share for three indicators drawn at random from the catalogue.
    """

    among_first_three: float
    first: float
    by_chance: float
    by_typology: dict[str, float]


@dataclass(frozen=True)
class ReasonsNamed:
    """How often reasons name the signs of listed violators that were not yet found.

    Attributes:
        listed_violators: their number.
        any_sign: an indicator of any sign of the typology counts as right.
        full_signs: only an indicator of a sign with full strength counts as right.
    """

    listed_violators: int
    any_sign: Named
    full_signs: Named


def assess_reasons(truth: pa.Table, reasons: pa.Table, as_of: date) -> ReasonsNamed | None:
    """Compare the reasons of a day with the truth. None if no violator was listed.

    ``truth`` is as :data:`simulation.assessment.truth.SCHEMA`; ``reasons`` has ``entity_id, reason_rank, indicator`` of the day.
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
