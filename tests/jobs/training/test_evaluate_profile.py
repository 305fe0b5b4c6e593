"""An evaluation's windows from invented rows, without an engine: test visits, refusals, and leaks."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing, LeakFound
from jobs.foundation.files import json_text
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from jobs.training import evaluate_profile
from jobs.training.evaluate_profile import MODEL, NEIGHBOURS, Window, evaluate_days
from jobs.training.summarise_evaluation import refuse_suspects, summarise
from models.evaluation.baselines import BEST, BOOSTING, PAST
from models.foundation.inputs import catalogue_inputs, usable_inputs
from models.labels.cohorts import LeakedLabelError
from models.labels.training_set import TrainingSet

COHORT, AS_OF = date(2026, 3, 31), date(2026, 5, 31)
ENTITIES = [f"E{number:03}" for number in range(300)]
FILLED = ("late_filing_share", "violation_share", "age_days", "complaints_12m")


def invent_features(as_of: date, seed: int) -> pd.DataFrame:
    """The indicators of all entities on a day; four have values."""
    random = np.random.default_rng(seed)
    features = pd.DataFrame({"entity_id": ENTITIES, "as_of": as_of, **dict.fromkeys(catalogue_inputs().columns, np.nan)})
    for column in FILLED:
        features[column] = random.random(len(ENTITIES))
    return features


def invent_visits(features: pd.DataFrame, first: str, seed: int) -> pd.DataFrame:
    """A visit to each entity, a day to each ten; late filing makes a violation likely."""
    random = np.random.default_rng(seed)
    on = pd.Timestamp(first) + pd.to_timedelta(np.arange(len(ENTITIES)) // 10, unit="D")
    return pd.DataFrame(
        {
            "entity_id": ENTITIES,
            "inspected_on": on,
            "known_at": on + pd.Timedelta(days=1),
            "found_violation": random.random(len(ENTITIES)) < 0.1 + 0.5 * features["late_filing_share"],
            "selected_by": np.resize(["random", "targeted"], len(ENTITIES)),
            "inclusion_probability": np.resize([0.2, np.nan], len(ENTITIES)),
        }
    )


@dataclass
class Past:
    """What the lake would give: indicators on the day, and visits before and after it."""

    now: pd.DataFrame = field(default_factory=lambda: invent_features(AS_OF, 1))
    learnt: pd.DataFrame = field(default_factory=lambda: invent_features(COHORT, 2))
    after: pd.DataFrame = field(init=False)
    before: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        self.before = invent_visits(self.learnt, "2026-04-01", 3)
        self.after = invent_visits(self.now, "2026-06-01", 4)

    def training_set(self, *_: object) -> TrainingSet:
        labels = self.before.assign(
            cohort_on=pd.Timestamp(COHORT), found_violation=self.before["found_violation"].astype(float), inspector_id=None
        )
        features = self.learnt.assign(cohort_on=pd.Timestamp(COHORT))
        return TrainingSet(self.now, features, labels, usable_inputs(self.now))

    def read_features(self, _lake: object, _as_of: date, among: pd.Index) -> pd.DataFrame:
        return self.now[self.now["entity_id"].isin(among)].reset_index(drop=True)

    def known_entities(self, *_: object) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "entity_id": ENTITIES,
                "region_middle": np.resize(["330100", "320100", None], len(ENTITIES)),
                "industry_section": np.resize(["F", "H"], len(ENTITIES)),
                "entity_type": "company",
            }
        )


@pytest.fixture(scope="module")
def profile() -> Profile:
    """The cn profile, which learns from few visits and draws few times."""
    policy = load_profile("cn")
    training = replace(policy.training, minimum_labels=100, minimum_positives=20)
    return replace(policy, training=training, evaluation=replace(policy.evaluation, draws=100))


@pytest.fixture
def past(monkeypatch: pytest.MonkeyPatch) -> Past:
    """The past that an evaluation sees; a test may change it."""
    given = Past()
    monkeypatch.setattr(evaluate_profile, "known_visits", lambda *_: given.after)
    for name in ("training_set", "read_features", "known_entities"):
        monkeypatch.setattr(evaluate_profile, name, getattr(given, name))
    return given


def evaluate(profile: Profile, tmp_path: Path, *days: date) -> list[Window]:
    return evaluate_days(Lake(tmp_path), profile, list(days or [AS_OF]))


def figures(windows: list[Window], profile: Profile) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(json_text(summarise(windows, profile)))
    return content


@pytest.mark.usefixtures("past")
def test_a_fitted_model_is_better_than_chance_and_no_leak_is_suspected(profile: Profile, tmp_path: Path) -> None:
    windows = evaluate(profile, tmp_path)
    content = figures(windows, profile)
    assert (windows[0].kind, windows[0].best_indicator) == ("learnt", "late_filing_share ↑")
    assert (windows[0].visited, windows[0].unknown, windows[0].labels) == (300, 0, 300)
    assert content["leads"]["random expected"]["auc"]["low"] > 0
    assert content["order_names"][:5] == [MODEL, PAST, BEST, BOOSTING, NEIGHBOURS]
    assert content["promises"]["observed_over_expected"]["value"] == pytest.approx(1.0, abs=0.25)
    assert {group["code"] for group in content["groups"]["region"]} == {"330100", "320100", ""}
    assert (content["days"][0]["with_inclusion_probability"], content["days"][0]["effective_size"]) == (150, 150.0)
    assert content["suspects"] == []
    assert figures(evaluate(profile, tmp_path), profile) == content


def test_randomly_drawn_visits_have_the_inverse_probability_as_weight(past: Past, profile: Profile, tmp_path: Path) -> None:
    drawn = (past.after["selected_by"] == "random").to_numpy()
    probability = np.where(np.arange(len(ENTITIES)) % 4 == 0, 0.1, 0.4)
    past.after = past.after.assign(inclusion_probability=np.where(drawn, probability, np.nan))
    content = figures(evaluate(profile, tmp_path), profile)
    rates = {group["code"]: group["rate"]["value"] for group in content["groups"]["selected_by"]}
    found = past.after["found_violation"].to_numpy(dtype=float)
    assert rates["random"] == pytest.approx(np.average(found[drawn], weights=1 / probability[drawn]), abs=1e-6)
    assert rates["targeted"] == pytest.approx(found[~drawn].mean(), abs=1e-6)
    # 75 of weight 10 and 75 of weight 2.5: (75 * 12.5)² / (75 * (100 + 6.25)).
    assert content["drawn"] == {"visits": 150, "effective_size": 110.3, "cap": 10.0, "capped": 0}
    # Each day says what those are worth that are cut as everywhere: at a cap of 1 none counts more than the mean, 6.25.
    cut = replace(profile, training=replace(profile.training, weight_cap=1.0))
    content = figures(evaluate(cut, tmp_path), cut)
    assert content["drawn"]["capped"] == 75
    assert {day["effective_size"] for day in content["days"]} == {content["drawn"]["effective_size"]}
    assert content["drawn"]["effective_size"] == pytest.approx((75 * 8.75) ** 2 / (75 * (6.25**2 + 2.5**2)), abs=0.1)


def test_only_an_entitys_first_visit_in_the_window_is_tested(past: Past, profile: Profile, tmp_path: Path) -> None:
    again = past.after.assign(
        inspected_on=past.after["inspected_on"] + pd.Timedelta(days=5), found_violation=~past.after["found_violation"]
    )
    late = past.after.assign(inspected_on=pd.Timestamp("2026-08-01"))
    first = evaluate(profile, tmp_path)[0].visits
    past.after = pd.concat([late, again, past.after], ignore_index=True)
    pd.testing.assert_frame_equal(evaluate(profile, tmp_path)[0].visits, first)


def test_the_results_of_test_visits_change_no_score(past: Past, profile: Profile, tmp_path: Path) -> None:
    first = evaluate(profile, tmp_path)[0].visits
    past.after = past.after.assign(found_violation=~past.after["found_violation"])
    again = evaluate(profile, tmp_path)[0].visits
    pd.testing.assert_frame_equal(again.drop(columns="found"), first.drop(columns="found"))
    assert (again["found"] != first["found"]).all()


def test_an_entity_unknown_on_the_day_is_counted_and_not_tested(past: Past, profile: Profile, tmp_path: Path) -> None:
    past.now = past.now.iloc[20:]
    window = evaluate(profile, tmp_path)[0]
    assert (window.visited, window.unknown, len(window.visits)) == (300, 20, 280)


@pytest.mark.parametrize(
    ("plant", "named"),
    [
        (lambda found: found.astype(float), "the indicator employees"),
        (lambda found: -2.0 * found, "the indicator employees"),
        (lambda found: np.where(found, 1.0, np.nan), "whether employees has a value"),
    ],
)
def test_an_indicator_that_equals_the_outcome_is_reported_as_a_leak(
    plant: Any, named: str, past: Past, profile: Profile, tmp_path: Path
) -> None:
    past.now = past.now.assign(employees=plant(past.after["found_violation"]))
    content = figures(evaluate(profile, tmp_path), profile)
    with pytest.raises(LeakFound, match=rf"a leak is suspected.*{named} \(AUC 1\.000") as refused:
        refuse_suspects(content)
    assert refused.value.exit_code == 10


def test_a_model_fitted_on_the_outcome_is_reported_as_a_leak(past: Past, profile: Profile, tmp_path: Path) -> None:
    past.now = past.now.assign(employees=past.after["found_violation"].astype(float))
    past.learnt = past.learnt.assign(employees=past.before["found_violation"].astype(float))
    named = {(one["kind"], one["name"]) for one in figures(evaluate(profile, tmp_path), profile)["suspects"]}
    assert {("order", MODEL), ("order", BEST), ("order", BOOSTING), ("value", "employees")} <= named


def test_an_indicator_of_a_later_day_is_refused(past: Past, profile: Profile, tmp_path: Path) -> None:
    past.now = past.now.assign(as_of=date(2026, 6, 30))
    with pytest.raises(LeakFound, match="indicators of E000 are of 2026-06-30 where those of 2026-05-31 are needed"):
        evaluate(profile, tmp_path)


def test_an_indicator_of_a_later_day_than_its_cohort_is_refused(past: Past, profile: Profile, tmp_path: Path) -> None:
    past.learnt = past.learnt.assign(as_of=AS_OF)
    with pytest.raises(LeakFound, match="indicators of E000 are of 2026-05-31 where those of 2026-03-31 are needed"):
        evaluate(profile, tmp_path)


def test_an_outcome_that_was_known_before_its_visit_is_refused(past: Past, profile: Profile, tmp_path: Path) -> None:
    past.after = past.after.assign(known_at=pd.Timestamp("2026-05-30"))
    with pytest.raises(LeakFound, match=r"the visit of E000 on 2026-06-01 .* was known on 2026-05-31 already"):
        evaluate(profile, tmp_path)


def test_a_training_visit_is_refused_as_a_test_visit(past: Past, profile: Profile, tmp_path: Path) -> None:
    past.before = past.after
    with pytest.raises(LeakFound, match="the visit of E000 on 2026-06-01 is in the training set") as refused:
        evaluate(profile, tmp_path)
    assert refused.value.where == "the evaluation of 2026-05-31"


@pytest.mark.usefixtures("past")
def test_a_label_known_too_late_is_refused(profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> TrainingSet:
        raise LeakedLabelError("the visit of E1 was not known: it must not train a model")

    monkeypatch.setattr(evaluate_profile, "training_set", refuse)
    with pytest.raises(LeakFound, match="must not train") as refused:
        evaluate(profile, tmp_path)
    assert refused.value.exit_code == 10


@pytest.mark.usefixtures("past")
def test_days_without_later_visits_are_refused(profile: Profile, tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match="no visit is known in the 60 days after 2026-08-31"):
        evaluate(profile, tmp_path, date(2026, 8, 31))


@pytest.mark.parametrize(("found", "words"), [(False, "none of the 300 visits"), (True, "every one of the 300 visits")])
def test_visits_with_only_one_result_are_refused(found: bool, words: str, past: Past, profile: Profile, tmp_path: Path) -> None:
    past.after = past.after.assign(found_violation=found)
    with pytest.raises(InputMissing, match=f"{words} that followed found a violation"):
        evaluate(profile, tmp_path)


def test_visits_only_to_unknown_entities_are_refused(past: Past, profile: Profile, tmp_path: Path) -> None:
    past.after = past.after.assign(entity_id="nobody")
    with pytest.raises(InputMissing, match="none of the 1 entities visited in the 60 days after 2026-05-31 was known that day"):
        evaluate(profile, tmp_path)
