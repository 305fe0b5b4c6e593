"""Labels from visits."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest

from models.labels.cohorts import LeakedLabelError, build_labels, check_labels, cohort_dates, every_second_cohort

COHORTS = (date(2025, 1, 31), date(2025, 2, 28))
CUT_OFF = datetime(2025, 6, 1)


def visits(*rows: tuple[str, str | None, str, bool | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["entity_id", "inspected_on", "known_at", "found_violation"])
    known_at = pd.to_datetime(frame["known_at"], format="ISO8601")
    return frame.assign(known_at=known_at, selected_by="random", inclusion_probability=0.1)


def labels(*rows: tuple[str, str | None, str, bool | None], label_days: int = 60) -> list[tuple[str, str, float]]:
    frame = build_labels(visits(*rows), COHORTS, label_days=label_days, known_before=CUT_OFF)
    return [(row.entity_id, f"{row.cohort_on:%m-%d}", row.found_violation) for row in frame.itertuples()]


def test_visit_belongs_to_the_latest_cohort_before_it() -> None:
    assert labels(
        ("on the cohort's day", "2025-02-28", "2025-03-05", True),
        ("the day after", "2025-03-01", "2025-03-05", True),
        ("before all", "2025-01-31", "2025-03-05", True),
    ) == [("on the cohort's day", "01-31", 1.0), ("the day after", "02-28", 1.0)]


def test_visit_later_than_label_days_is_no_label() -> None:
    assert labels(("in", "2025-03-30", "2025-04-01", False), ("out", "2025-03-31", "2025-04-01", True), label_days=30) == [
        ("in", "02-28", 0.0)
    ]


def test_first_visit_after_a_cohort_counts() -> None:
    assert labels(("a", "2025-02-09", "2025-02-10", True), ("a", "2025-02-05", "2025-02-10", False)) == [("a", "01-31", 0.0)]


def test_visits_of_one_day_are_one_visit() -> None:
    assert labels(("a", "2025-02-05", "2025-02-06", False), ("a", "2025-02-05", "2025-02-10", True)) == [("a", "01-31", 1.0)]


def test_visit_known_at_or_after_the_cut_off_is_not_used() -> None:
    assert labels(
        ("before", "2025-03-05", "2025-05-31 23:59:59", True),
        ("at", "2025-03-05", "2025-06-01", True),
        ("after", "2025-03-05", "2025-07-01", True),
    ) == [("before", "02-28", 1.0)]


def test_visit_without_day_or_result_is_no_label() -> None:
    assert labels(("a", None, "2025-03-05", True), ("b", "2025-03-05", "2025-03-06", None)) == []


def test_no_visits_give_no_labels() -> None:
    assert build_labels(visits(), COHORTS, label_days=60, known_before=CUT_OFF).empty


def test_the_order_of_visits_does_not_matter() -> None:
    random = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "entity_id": random.integers(0, 30, 200).astype(str),
            "inspected_on": pd.Timestamp("2025-02-01") + pd.to_timedelta(random.integers(0, 60, 200), unit="D"),
            "known_at": pd.Timestamp("2025-05-01") + pd.to_timedelta(random.integers(0, 60, 200), unit="D"),
            "found_violation": random.random(200) < 0.3,
            "selected_by": random.choice(["random", "targeted"], 200),
            "inclusion_probability": random.choice([0.1, 0.5, np.nan], 200),
        }
    )
    built = build_labels(frame, COHORTS, label_days=60, known_before=CUT_OFF)
    again = build_labels(frame.sample(frac=1, random_state=2), COHORTS[::-1], label_days=60, known_before=CUT_OFF)
    pd.testing.assert_frame_equal(built, again)
    check_labels(built, known_before=CUT_OFF)


def test_planted_leaks_are_refused() -> None:
    sound = build_labels(visits(("a", "2025-03-05", "2025-03-06", True)), COHORTS, label_days=60, known_before=CUT_OFF)
    with pytest.raises(LeakedLabelError, match=r"a on 2025-03-05.*not known before"):
        check_labels(sound.assign(known_at=pd.Timestamp(CUT_OFF)), known_before=CUT_OFF)
    with pytest.raises(LeakedLabelError, match="not after its cohort"):
        check_labels(sound.assign(inspected_on=sound["cohort_on"]), known_before=CUT_OFF)


def test_instants_with_a_zone_are_compared_in_utc() -> None:
    frame = visits(("a", "2025-03-05", "2025-03-06", True)).assign(known_at=pd.Timestamp("2025-06-01 07:00", tz="Asia/Shanghai"))
    assert len(build_labels(frame, COHORTS, label_days=60, known_before=CUT_OFF)) == 1


def test_cohorts_are_month_ends_before_as_of() -> None:
    assert cohort_dates(date(2025, 3, 31), every_months=1, count=2) == (date(2025, 1, 31), date(2025, 2, 28))
    assert cohort_dates(date(2025, 3, 1), every_months=3, count=2) == (date(2024, 11, 30), date(2025, 2, 28))


@pytest.mark.parametrize("every_months", [1, 2, 3])
def test_every_second_cohort_does_not_depend_on_the_last_cohort(every_months: int) -> None:
    earlier, later = (
        every_second_cohort(cohort_dates(as_of, every_months=every_months, count=12), every_months=every_months, label_days=200)
        for as_of in (date(2026, 7, 1), date(2026, 7 + every_months, 1))
    )
    assert len(earlier) == len(later) == 6
    assert len(set(earlier) & set(later)) >= 5


def test_no_second_cohorts_if_some_visits_would_follow_none() -> None:
    year = cohort_dates(date(2026, 7, 1), every_months=1, count=12)
    assert every_second_cohort(year, every_months=1, label_days=58) == ()
    assert [day.month for day in every_second_cohort(year, every_months=1, label_days=60)] == [8, 10, 12, 2, 4, 6]
