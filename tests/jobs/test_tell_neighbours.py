"""Neighbours' outcomes reach a row only once they were known on its day."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from jobs.profile.load_profile import load_profile
from jobs.training.tell_neighbours import add_region_rate
from models.evaluation.neighbours import COLUMN, USUAL
from models.inputs import Inputs
from models.labels.training_set import TrainingSet

REGIONS = pd.Series({"A": "north", "B": "north", "C": "south"})
AS_OF = date(2026, 5, 31)


def told(*visits: tuple[str, str, str, bool]) -> float:
    """What A is told at ``AS_OF`` of visits: whom, when, known when, and whether they found a violation."""
    made = pd.DataFrame(visits, columns=["entity_id", "inspected_on", "known_at", "found_violation"])
    made = made.assign(inspected_on=pd.to_datetime(made["inspected_on"]), known_at=pd.to_datetime(made["known_at"]))
    rows = pd.DataFrame({"entity_id": ["A"], "age_days": [100.0]})
    labels = pd.DataFrame({"cohort_on": [pd.Timestamp("2026-03-31")]})
    known = TrainingSet(rows, rows, labels, Inputs(("age_days",), (0,), ("basic",)))
    more, scored = add_region_rate(known, rows, made, REGIONS, load_profile("cn"), AS_OF)
    assert more.inputs.columns == ("age_days", COLUMN)
    assert more.features[COLUMN].isna().all(), "nothing was known of any visit in March"
    return float(scored[COLUMN].iloc[0])


def test_what_was_known_by_the_day_counts() -> None:
    found = told(("B", "2026-05-20", "2026-05-21", True), ("C", "2026-05-20", "2026-05-21", False))
    assert found == pytest.approx((1 + USUAL * 0.5) / (1 + USUAL))


@pytest.mark.parametrize(
    "visit",
    [
        pytest.param(("B", "2026-06-01", "2026-06-01", True), id="a visit of tomorrow"),
        pytest.param(("B", "2026-05-20", "2026-06-02", True), id="a result known later"),
        pytest.param(("B", "2026-03-01", "2026-05-21", True), id="a visit of long ago"),
    ],
)
def test_what_was_not_or_is_old_does_not(visit: tuple[str, str, str, bool]) -> None:
    others = (("C", "2026-05-20", "2026-05-21", False), ("C", "2026-05-22", "2026-05-23", True))
    assert told(visit, *others) == pytest.approx(0.5)
