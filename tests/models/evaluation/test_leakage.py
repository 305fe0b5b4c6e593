"""Planted leaks: dates prove some, which are refused; metrics suggest others, which are reported; chance is neither."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from model_examples import as_inputs

from models.evaluation.leakage import LeakedFeatureError, check_features, check_outcomes, check_train_test_disjoint, likely_leaks
from models.labels.cohorts import LeakedLabelError

AS_OF = date(2025, 1, 31)
NEXT_DAY = datetime(2025, 2, 1)


def outcome(on: str, known: str) -> pd.DataFrame:
    return pd.DataFrame({"entity_id": ["E1"], "inspected_on": [on], "known_at": pd.to_datetime([known])})


def check(outcomes: pd.DataFrame) -> None:
    check_outcomes(outcomes, as_of=AS_OF, label_days=60, known_from=NEXT_DAY)


@pytest.mark.parametrize(
    ("on", "known", "why"),
    [
        ("2025-01-31", "2025-02-03", "is not after 2025-01-31"),
        ("2025-04-02", "2025-04-03", "is after 2025-04-01, the end of the window"),
        ("2025-02-10", "2025-01-31 23:00", "known on 2025-01-31 already"),
    ],
)
def test_an_outcome_of_the_wrong_time_is_named_and_refused(on: str, known: str, why: str) -> None:
    with pytest.raises(LeakedLabelError, match=f"the visit of E1 on {on} .*{why}.* must not evaluate"):
        check(outcome(on, known))


@pytest.mark.parametrize(("on", "known"), [("2025-02-01", "2025-02-01"), ("2025-04-01", "2025-06-01")])
def test_an_outcome_of_the_window_is_accepted(on: str, known: str) -> None:
    late = outcome("2025-04-02", "2025-04-03").assign(entity_id="E2")
    with pytest.raises(LeakedLabelError) as refused:
        check(pd.concat([outcome(on, known), late]))
    assert "E2" in str(refused.value)
    assert "E1" not in str(refused.value)


def test_an_indicator_of_a_later_day_is_named_and_refused() -> None:
    features = pd.DataFrame({"entity_id": ["E1", "E2"], "as_of": [AS_OF, date(2025, 2, 28)]})
    check_features(features.head(1), pd.Series([AS_OF]))
    with pytest.raises(LeakedFeatureError, match="indicators of E2 are of 2025-02-28 where those of 2025-01-31 are needed"):
        check_features(features, pd.Series([AS_OF, AS_OF]))


def test_a_visit_in_both_training_and_test_set_is_refused() -> None:
    check_train_test_disjoint(outcome("2025-02-09", "2025-02-10"), outcome("2025-02-10", "2025-02-10"))
    with pytest.raises(LeakedLabelError, match="the visit of E1 on 2025-02-10 is in the training set"):
        check_train_test_disjoint(outcome("2025-02-10", "2025-02-11"), outcome("2025-02-10", "2025-02-11"))


COLUMNS = ["honest", "noise"]


def invent(visits: int, seed: int = 4) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    found = (random.random(visits) < 0.3).astype(float)
    return pd.DataFrame(
        {
            "as_of": np.repeat([AS_OF, date(2025, 2, 28)], visits // 2),
            "entity_id": np.arange(visits).astype(str),
            "day": pd.Timestamp("2025-03-03"),
            "found": found,
            "model": found + random.normal(0, 1.2, visits),
            "honest": found + random.normal(0, 1.5, visits),
            "noise": random.normal(0, 1, visits),
        }
    )


def named(visits: pd.DataFrame, *columns: str, bound: float = 0.9) -> list[tuple[str, str]]:
    inputs = as_inputs([*COLUMNS, *columns])
    return [(one.kind, one.name) for one in likely_leaks(visits, ["model"], inputs, bound=bound, resamples=100, seed=1)]


def test_honest_columns_are_not_reported() -> None:
    assert named(invent(400)) == []


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_indicator_with_the_outcome_is_reported_in_either_direction(sign: float) -> None:
    visits = invent(400).assign(planted=lambda frame: sign * frame["found"] + np.arange(400) / 10_000)
    assert named(visits, "planted") == [("value", "planted")]


def test_an_indicator_present_only_with_a_violation_is_reported() -> None:
    visits = invent(400).assign(planted=lambda frame: np.where(frame["found"] == 1, frame["noise"], np.nan))
    assert ("presence", "planted") in named(visits, "planted")


def test_an_order_with_the_outcome_is_reported_first() -> None:
    visits = invent(400).assign(model=lambda frame: frame["found"])
    found = likely_leaks(visits, ["model"], as_inputs(COLUMNS), bound=0.9, resamples=100, seed=1)
    assert [(one.kind, one.name, one.auc.value) for one in found] == [("order", "model", 1.0)]


def test_a_lower_bound_reports_more() -> None:
    assert named(invent(400), bound=0.65)[0] == ("order", "model")


def test_a_good_order_of_few_visits_is_not_reported() -> None:
    visits = invent(12, seed=1).assign(found=[1.0] + [0.0] * 5 + [0.0] * 6)
    visits["lucky"] = [9.0, 1.0, 2.0, 3.0, 4.0, 9.5, *range(6)]
    assert named(visits, "lucky", bound=0.75) == []


def test_equal_outcomes_give_no_report() -> None:
    assert named(invent(40).assign(found=0.0)) == []
