"""A class gets worse on two sources or a verified violation, and on nothing less."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from expectations.contracts.indicators import catalogue
from models.class_change import hold_back, is_worse
from models.reasons import backing

BOUNDS = {"A": 700, "B": 500, "C": 300, "D": 0}
INDICATORS = {indicator.column: indicator for indicator in catalogue()}


def test_only_a_class_below_the_one_before_is_worse() -> None:
    assert is_worse(["C", "B", "A", "D", "D"], ["B", "B", "B", None, "gone"], BOUNDS).tolist() == [True, False, False, False, False]


def test_a_worse_class_without_enough_behind_it_is_held_back() -> None:
    stands, held = hold_back(["D", "D", "A", "C"], ["B", "B", "B", None], np.array([False, True, False, False]), BOUNDS)
    assert stands.tolist() == ["B", "D", "A", "C"]
    assert held.tolist() == ["D", None, None, None]


def backed(contributions: dict[str, float], **values: float) -> tuple[int, str, bool, bool]:
    added = pd.DataFrame([{**contributions, "base": -2.0}])
    found = backing(added, pd.DataFrame([dict.fromkeys(contributions, 1.0) | values]), INDICATORS)
    return int(found.sources[0]), found.only[0], bool(found.is_verified[0]), bool(found.is_enough[0])


@pytest.mark.parametrize(
    ("contributions", "wanted"),
    [
        # Complaints alone, whatever they are divided by: one source.
        ({"complaints_12m": 0.5, "complaint_rate": 0.4, "complaint_burst": 0.3}, (1, "complaint", False, False)),
        ({"complaints_12m": 0.5, "late_filing_share": 0.1}, (2, "", False, True)),
        # What speaks for the business is no reason.
        ({"complaints_12m": 0.5, "late_filing_share": -0.1}, (1, "complaint", False, False)),
        # A visit that found a violation is verified, alone.
        ({"violations_36m": 0.5}, (1, "inspection", True, True)),
        # What visits to others found is not.
        ({"base_rate": 0.5}, (1, "inspection", False, False)),
        ({"complaints_12m": -0.5}, (0, "", False, False)),
    ],
)
def test_sources_are_counted_by_where_their_events_come_from(
    contributions: dict[str, float], wanted: tuple[int, str, bool, bool]
) -> None:
    assert backed(contributions) == wanted


def test_a_visit_that_found_nothing_verifies_nothing() -> None:
    assert backed({"violations_36m": 0.5}, violations_36m=0.0) == (1, "inspection", False, False)
    assert backed({"violations_36m": 0.5}, violations_36m=np.nan) == (1, "inspection", False, False)


def test_a_source_beyond_the_first_five_reasons_does_not_count() -> None:
    complaints = ("complaints_12m", "complaint_rate", "complaint_burst", "complaint_points", "worst_complaint_90d")
    contributions = {name: 1.0 - place / 10 for place, name in enumerate(complaints)} | {"late_filing_share": 0.01}
    assert backed(contributions) == (1, "complaint", False, False)


def test_no_rows_are_survived() -> None:
    empty = pd.DataFrame({"complaints_12m": [1.0], "base": [0.0]}).iloc[:0]
    assert not len(backing(empty, empty, INDICATORS).is_enough)
