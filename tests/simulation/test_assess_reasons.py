"""Reasons and intervals compared with the truth, by hand."""

from __future__ import annotations

from datetime import date
from math import comb

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from expectations.contracts.indicators import catalogue
from simulation.assessment.assess import assess_intervals, interval_coverage
from simulation.assessment.reasons import FULL_SIGNS_OF, SHOWN_BY, SIGNS_OF, assess_reasons
from simulation.assessment.truth import SCHEMA
from simulation.world.industries import trades
from simulation.world.typologies import SIGNS, TYPOLOGIES

DAY = date(2026, 6, 30)
BEGAN = date(2026, 1, 1)


def truth(*rows: tuple[str, bool, str | None, date | None]) -> pa.Table:
    """Rows of entity, violator, typology, day on which the violation ended."""
    return pa.Table.from_pylist(
        [
            {
                "entity_id": name,
                "is_violator": is_violator,
                "typology": kind,
                "began_on": [BEGAN] * is_violator,
                "ended_on": [ended] if ended else [],
            }
            for name, is_violator, kind, ended in rows
        ],
        SCHEMA,
    )


def reasons(*rows: tuple[str, int, str]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(("entity_id", "reason_rank", "indicator"), row, strict=True)) for row in rows])


def test_every_sign_is_shown_by_indicators_of_the_catalogue() -> None:
    assert set(SHOWN_BY) == set(SIGNS)
    assert {name for names in SHOWN_BY.values() for name in names} <= {indicator.column for indicator in catalogue()}
    for right in (SIGNS_OF, FULL_SIGNS_OF):
        assert set(right) == {kind.name for kind in TYPOLOGIES}
        assert all(right.values())
    # No typology has so many indicators that any reason would count.
    assert max(map(len, SIGNS_OF.values())) < len(catalogue()) / 2


def test_one_of_the_first_three_reasons_must_show_the_typology() -> None:
    known = truth(
        ("first", True, "shell_cluster", None),
        ("third", True, "shell_cluster", None),
        ("fourth", True, "under_reporting", None),
        ("found", True, "shell_cluster", date(2026, 5, 1)),
        ("innocent", False, None, None),
        ("unlisted", True, "shell_cluster", None),
    )
    given = reasons(
        ("first", 1, "entities_at_address"), ("first", 2, "base_rate"),
        ("third", 1, "base_rate"), ("third", 2, "penalties_36m"), ("third", 3, "same_phone"),
        ("fourth", 1, "base_rate"), ("fourth", 2, "same_phone"), ("fourth", 3, "age_days"), ("fourth", 4, "vat_burden"),
        ("found", 1, "base_rate"), ("innocent", 1, "base_rate"),
    )  # fmt: skip
    found = assess_reasons(known, given, DAY)
    assert found is not None
    assert found.listed_violators == 3
    assert (found.any_sign.among_first_three, found.any_sign.first) == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert found.any_sign.by_typology == {"shell_cluster": 1.0, "under_reporting": 0.0}
    # Late returns are a sign of shell companies, but not a full one.
    late = assess_reasons(known, reasons(("first", 1, "late_filing_share")), DAY)
    assert late is not None
    assert (late.any_sign.first, late.full_signs.first) == (1.0, 0.0)
    every = len(catalogue())
    right = len(FULL_SIGNS_OF["shell_cluster"])
    assert late.full_signs.by_chance == pytest.approx(1 - comb(every - right, 3) / comb(every, 3))


def test_there_is_no_result_without_a_listed_violator() -> None:
    assert assess_reasons(truth(("a", False, None, None)), reasons(("a", 1, "base_rate")), DAY) is None


def test_groups_are_compared_with_their_mean_interval() -> None:
    probability = pd.Series([0.1, 0.1, 0.6, 0.6])
    found = interval_coverage(probability, probability - 0.05, probability + 0.05, np.array([0.0, 0.24, 0.8, 0.9]), groups=2)
    assert found is not None
    assert [group["chance"] for group in found.groups] == [pytest.approx(0.12), pytest.approx(0.85)]
    assert found.covered == 0.5


def test_the_chance_is_that_of_a_finding() -> None:
    known = truth(("violator", True, "phoenix", None), ("clean", False, None, None), ("found", True, "phoenix", date(2026, 6, 1)))
    scores = pa.Table.from_pylist(
        [
            {"entity_id": name, "probability": at, "probability_low": at - 0.01, "probability_high": at + 0.01}
            for name, at in (("violator", 0.86), ("clean", 0.1), ("found", 0.5), ("stranger", 0.5))
        ]
    )
    trade = trades()[0]
    found = assess_intervals(known, scores, pd.Series({"clean": trade.code}), {"found"}, DAY)
    assert found is not None
    assert [(group["probability"], group["chance"]) for group in found.groups] == [(0.1, trade.minor_breach / 100), (0.86, 0.86)]


def test_there_is_no_result_without_probabilities() -> None:
    nothing = pd.Series([np.nan] * 3)
    assert interval_coverage(nothing, nothing, nothing, np.zeros(3)) is None
