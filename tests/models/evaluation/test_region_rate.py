"""The violation rate of other entities' visits in the same region."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from models.evaluation.region_rate import COLUMN, PRIOR_VISITS, add_region_rate, region_rate
from models.foundation.inputs import Inputs
from models.labels.training_set import TrainingSet

REGIONS = pd.Series({"A": "north", "B": "north", "C": "north", "D": "south", "E": None})
AS_OF = date(2026, 5, 31)


def visits(**found: float) -> pd.DataFrame:
    return pd.DataFrame({"entity_id": list(found), "found_violation": list(found.values())})


def test_an_entitys_own_visits_do_not_count() -> None:
    rate = region_rate(pd.Series(["A", "B"]), REGIONS, visits(A=1.0, B=0.0, C=1.0, D=0.0))
    assert rate == pytest.approx([(1 + PRIOR_VISITS * 0.5) / (2 + PRIOR_VISITS), (2 + PRIOR_VISITS * 0.5) / (2 + PRIOR_VISITS)])


def test_without_visited_neighbours_the_rate_is_that_of_all_visits() -> None:
    assert region_rate(pd.Series(["D"]), REGIONS, visits(A=1.0, B=0.0, C=1.0, D=1.0)) == pytest.approx([0.75])


def test_without_a_region_or_any_visit_the_rate_is_unknown() -> None:
    assert np.isnan(region_rate(pd.Series(["E", "unknown"]), REGIONS, visits(A=1.0))).all()
    assert np.isnan(region_rate(pd.Series(["A"]), REGIONS, visits())).all()


def rate_of_a(*made: tuple[str, str, str, bool]) -> float:
    """The rate of A on ``AS_OF``, given visits as (entity, inspected_on, known_at, found_violation)."""
    frame = pd.DataFrame(made, columns=["entity_id", "inspected_on", "known_at", "found_violation"])
    frame = frame.assign(inspected_on=pd.to_datetime(frame["inspected_on"]), known_at=pd.to_datetime(frame["known_at"]))
    rows = pd.DataFrame({"entity_id": ["A"], "age_days": [100.0]})
    labels = pd.DataFrame({"cohort_on": [pd.Timestamp("2026-03-31")]})
    known = TrainingSet(rows, rows, labels, Inputs(("age_days",), (0,), ("basic",)))
    extended, scored = add_region_rate(known, rows, frame, REGIONS, end_of_day, AS_OF)
    assert extended.inputs.columns == ("age_days", COLUMN)
    assert extended.features[COLUMN].isna().all(), "no visit was known in March"
    return float(scored[COLUMN].iloc[0])


def end_of_day(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), datetime.min.time())


def test_visits_known_by_the_day_count() -> None:
    rate = rate_of_a(("B", "2026-05-20", "2026-05-21", True), ("D", "2026-05-20", "2026-05-21", False))
    assert rate == pytest.approx((1 + PRIOR_VISITS * 0.5) / (1 + PRIOR_VISITS))


@pytest.mark.parametrize(
    "visit",
    [
        pytest.param(("B", "2026-06-01", "2026-06-01", True), id="a visit of tomorrow"),
        pytest.param(("B", "2026-05-20", "2026-06-02", True), id="a result known later"),
        pytest.param(("B", "2026-03-01", "2026-05-21", True), id="a visit of long ago"),
    ],
)
def test_old_or_unknown_visits_do_not_count(visit: tuple[str, str, str, bool]) -> None:
    others = (("D", "2026-05-20", "2026-05-21", False), ("D", "2026-05-22", "2026-05-23", True))
    assert rate_of_a(visit, *others) == pytest.approx(0.5)
