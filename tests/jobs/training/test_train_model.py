"""Which model is put in use, and on which visits it is evaluated; invented rows, no engine, and fake models."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.profile.load_profile import load_profile
from jobs.training import gather_training_set, judge_model, train_model
from jobs.training.fit_model import fit
from jobs.training.judge_model import (
    MODEL,
    Against,
    HeldOutScores,
    compare_with_model_in_use,
    evaluation_as_json,
    hold_out,
    judge_held_out,
    with_turnover,
)
from models.evaluation.baselines import BEST, BOOSTING, PAST
from models.foundation.inputs import Inputs, catalogue_inputs
from models.labels.training_set import TrainingSet

PROFILE = load_profile("cn")
AS_OF = date(2026, 6, 30)
COHORTS = [pd.Timestamp(day) for day in ("2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30")]
ENTITIES = [f"E{number:03}" for number in range(200)]
INPUTS = Inputs(("late_filing_share", "age_days"), (1, -1), ("tax", "basic"))


@dataclass(frozen=True)
class Reads:
    """A model whose margin is one column."""

    column: str
    inputs: Inputs = INPUTS

    def score(self, X: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame({"margin": X[self.column], "probability": np.nan}, index=X.index)


@pytest.fixture
def known() -> TrainingSet:
    """A visit to each entity a month; late filing alone tells what it finds."""
    random = np.random.default_rng(1)
    n = len(ENTITIES) * len(COHORTS)
    cohort = pd.DatetimeIndex(np.repeat(COHORTS, len(ENTITIES)))
    late, age = random.normal(size=(2, n))
    features = pd.DataFrame({"entity_id": ENTITIES * len(COHORTS), "cohort_on": cohort, "late_filing_share": late, "age_days": age})
    features = features.assign(violation_share=0.5, base_rate=0.5)
    on = cohort + pd.to_timedelta(random.integers(1, 29, n), unit="D")
    labels = features[["entity_id", "cohort_on"]].assign(
        found_violation=(random.random(n) < 1 / (1 + np.exp(-3 * late))).astype(float),
        inspected_on=on, known_at=on + pd.Timedelta(days=1), selected_by="targeted", inclusion_probability=np.nan,
        inspector_id=None,
    )  # fmt: skip
    return TrainingSet(features, features, labels, INPUTS)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """Models are stored as the column that they read."""
    monkeypatch.setattr("models.storage.dump", lambda model: {"model.json": model.column.encode()})
    monkeypatch.setattr("models.storage.load", lambda files: Reads(files["model.json"].decode()))
    monkeypatch.setattr(gather_training_set, "read_features", lambda *_, among: among)
    monkeypatch.setattr(gather_training_set, "_active", lambda *_: pd.Index(ENTITIES))
    monkeypatch.setattr(judge_model, "fit", lambda *_: Reads("age_days"))
    return ModelStore(tmp_path)


def test_the_model_in_use_is_compared_on_visits_known_after_its_training(store: ModelStore, known: TrainingSet) -> None:
    trained_for = date(2026, 4, 20)
    good = store.put(Reads("late_filing_share"), trained_for, {}, {})  # type: ignore[arg-type]
    held_out = hold_out(Lake(Path()), known, PROFILE)
    assert held_out is not None
    found = compare_with_model_in_use(store, known, held_out, PROFILE, AS_OF)
    late = known.labels["known_at"] > pd.Timestamp("2026-04-20 16:00")  # the day's end in the profile's zone, in UTC
    assert found is not None
    assert (found.model_id, found.visits) == (good, int((late & (known.labels["cohort_on"] >= COHORTS[2])).sum()))
    assert 0 < found.visits < held_out.rows.sum()
    assert found.stays
    assert found.difference is not None
    assert found.difference < 0


def test_training_and_held_out_visits_are_disjoint_even_with_an_early_known_at(known: TrainingSet) -> None:
    begin = COHORTS[2]
    early = replace(known, labels=known.labels.assign(known_at=known.labels["known_at"] - pd.Timedelta(days=90)))
    before, after = early.split_at(begin, PROFILE.end_of(begin.date()))
    assert after.tolist() == (known.labels["cohort_on"] >= begin).tolist()
    assert before.sum() > 0
    assert not (before & after).any()


def test_a_model_in_use_that_is_not_better_is_replaced(store: ModelStore, known: TrainingSet) -> None:
    store.put(Reads("age_days"), date(2026, 3, 31), {}, {})  # type: ignore[arg-type]
    found = compare_with_model_in_use(store, known, hold_out(Lake(Path()), known, PROFILE), PROFILE, AS_OF)
    assert found is not None
    assert not found.stays
    assert found.difference == 0.0


def test_without_a_comparison_the_new_model_is_used(store: ModelStore, known: TrainingSet) -> None:
    held_out = hold_out(Lake(Path()), known, PROFILE)
    assert compare_with_model_in_use(store, known, held_out, PROFILE, AS_OF) is None, "none was in use"
    newest = store.put(Reads("late_filing_share"), date(2026, 6, 29), {}, {})  # type: ignore[arg-type]
    assert compare_with_model_in_use(store, known, held_out, PROFILE, AS_OF) == Against(newest, 0), "no visit became known after it"
    assert compare_with_model_in_use(store, known, None, PROFILE, AS_OF) == Against(newest, 0)
    older = store.put(Reads("late_filing_share"), date(2026, 3, 31), {}, {})  # type: ignore[arg-type]
    other = replace(known, inputs=Inputs(("age_days",), (-1,), ("basic",)))
    day = date(2026, 4, 1)
    assert compare_with_model_in_use(store, other, held_out, PROFILE, day) == Against(older, 0), (
        "it reads what is no input any more"
    )


def test_training_a_day_again_compares_with_the_same_model(store: ModelStore, known: TrainingSet) -> None:
    store.put(Reads("late_filing_share"), date(2026, 3, 31), {}, {})  # type: ignore[arg-type]
    held_out = hold_out(Lake(Path()), known, PROFILE)
    first = compare_with_model_in_use(store, known, held_out, PROFILE, AS_OF)
    store.put(Reads("age_days"), AS_OF, {}, {})  # type: ignore[arg-type]
    assert compare_with_model_in_use(store, known, held_out, PROFILE, AS_OF) == first


def test_a_champion_of_another_kind_replaces_the_model_in_use_at_the_third_win_in_a_row(
    store: ModelStore, known: TrainingSet
) -> None:
    old = store.put(Reads("age_days"), date(2026, 5, 1), {"champion": "scorecard"}, {})  # type: ignore[arg-type]
    stays, days = [], [date(2026, 5, day) for day in (8, 15, 22, 29)]
    for number, (day, champion) in enumerate(zip(days, ("trees", "trees", "blend", "scorecard"), strict=True)):
        found = compare_with_model_in_use(store, known, None, PROFILE, day, champion)
        assert found is not None
        stays.append((champion, found.wins, found.stays))
        facts = {"champion": champion, "against": {"wins": found.wins}}
        store.put(Reads("late_filing_share"), day, facts | {"n": number}, {}, stays=old if found.stays else None)  # type: ignore[arg-type]
    assert stays == [("trees", 1, True), ("trees", 2, True), ("blend", 1, True), ("scorecard", 0, False)]
    won = {"champion": "trees", "against": {"wins": 2}}
    store.put(Reads("late_filing_share"), date(2026, 6, 22), won, {}, stays=store.newest(date(2026, 6, 21)))  # type: ignore[arg-type]
    found = compare_with_model_in_use(store, known, None, PROFILE, date(2026, 6, 29), "trees")
    assert found is not None
    assert (found.wins, found.stays) == (3, False)


def test_the_turnover_of_the_list_is_measured_and_a_large_one_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    population = pd.DataFrame({"late_filing_share": np.arange(20.0), "age_days": -np.arange(20.0)})
    weight = {"late_filing_share": [1.0, 0.2], "age_days": [0.1, 0.5]}
    monkeypatch.setattr(
        judge_model,
        "importances",
        lambda model, _: pd.DataFrame(
            {"indicator": [*weight], "importance": [of[model.column != "age_days"] for of in weight.values()]}
        ),
    )
    same, other = Reads("late_filing_share"), Reads("age_days")
    before = Against("m", 0)
    assert with_turnover(before, same, same, population, 5) == replace(before, turnover=0.0)  # type: ignore[arg-type]
    found = with_turnover(before, other, same, population, 5)  # type: ignore[arg-type]
    assert found.turnover == 1.0
    assert [name for name, _, _ in found.moved] == ["late_filing_share", "age_days"]


def test_a_model_that_stays_does_not_make_training_due_each_day(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train_model, "training_inputs", lambda *_: MADE_OF)
    old = store.put(Reads("late_filing_share"), date(2026, 3, 31), MADE_OF, {})  # type: ignore[arg-type]
    store.put(Reads("age_days"), AS_OF, MADE_OF, {}, stays=old)  # type: ignore[arg-type]
    lake = Lake(tmp_path)
    assert store.newest(AS_OF) == old
    due = [train_model.is_training_due(lake, PROFILE, AS_OF + timedelta(days=days)) for days in (0, 1, 6, 7)]
    assert due == [False, False, False, True]


MADE_OF = {"rests_on": "all", "definitions": "these", "code": "new"}


@pytest.mark.parametrize(
    ("was", "is_due"),
    [
        (MADE_OF, False),
        (MADE_OF | {"rests_on": "less"}, True),
        (MADE_OF | {"code": "old"}, False),
        (MADE_OF | {"code": "old", "rests_on": "less"}, False),
        (MADE_OF | {"code": "old", "definitions": "others"}, True),
        ({"rests_on": "less"}, False),  # a model of a Steelyard that noted neither code nor definitions
    ],
)
def test_data_or_definitions_that_changed_make_training_due_and_code_alone_does_not(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, was: dict[str, str], is_due: bool
) -> None:
    monkeypatch.setattr(train_model, "training_inputs", lambda *_: MADE_OF)
    store.put(Reads("age_days"), AS_OF, was, {})  # type: ignore[arg-type]
    assert train_model.is_training_due(Lake(tmp_path), PROFILE, AS_OF + timedelta(days=1)) is is_due


@pytest.mark.parametrize(("is_due", "is_forced"), [(True, False), (False, True), (False, False)])
def test_a_model_that_is_not_due_is_trained_only_if_forced_and_the_log_has_the_stage_always(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_due: bool, is_forced: bool
) -> None:
    built: list[date] = []
    monkeypatch.setattr(train_model, "is_training_due", lambda *_: is_due)
    monkeypatch.setattr(train_model, "build_cohort_features", lambda _lake, _profile, day: built.append(day))
    monkeypatch.setattr(train_model, "train_day", lambda *_: "m-1")
    train_model.train_if_due(Lake(Path()), PROFILE, AS_OF, is_forced=is_forced)
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    facts = {name: value for name, value in line.items() if name not in ("seconds", "peak_mib")}
    is_trained = is_due or is_forced
    assert facts == {"stage": "train", **({"model": "m-1"} if is_trained else {"is_due": False})}
    assert built == ([AS_OF] if is_trained else [])


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_the_capacity_share_comes_from_the_profile(known: TrainingSet, share: float) -> None:
    rows = (known.labels["cohort_on"] == COHORTS[3]).to_numpy()
    model = Reads("late_filing_share")
    held_out = HeldOutScores(~rows, rows, model.score(known.features[rows]), model)  # type: ignore[arg-type]
    policy = SimpleNamespace(
        evaluation=replace(PROFILE.evaluation, capacity_share=share), training=PROFILE.training, end_of=PROFILE.end_of
    )
    judged = judge_held_out(held_out, known, policy)  # type: ignore[arg-type]
    metrics = evaluation_as_json(judged)["held_out_orders"]
    assert list(metrics)[:4] == [MODEL, PAST, BEST, BOOSTING]
    assert metrics[BEST]["auc"] == metrics[MODEL]["auc"], "the best indicator of the past is the one that the model reads"
    assert metrics[BOOSTING]["auc"]["value"] > 0.7
    first = known.features[rows].sort_values("late_filing_share", ascending=False).index[: round(200 * share)]
    assert metrics[MODEL]["precision"]["value"] == pytest.approx(known.labels.loc[first, "found_violation"].mean(), abs=1e-6)


def test_held_out_metrics_and_leads_have_intervals(known: TrainingSet) -> None:
    rows = (known.labels["cohort_on"] >= COHORTS[2]).to_numpy()
    model = Reads("late_filing_share")
    judged = judge_held_out(HeldOutScores(~rows, rows, model.score(known.features[rows]), model), known, PROFILE)  # type: ignore[arg-type]
    facts = evaluation_as_json(judged)
    auc, lead = facts["held_out_orders"][MODEL]["auc"], facts["held_out_leads"][BEST]["auc"]
    assert list(judged.windows) == COHORTS[2:]
    assert 0.5 < auc["low"] < auc["value"] < auc["high"] < 1
    assert lead == {"value": 0.0, "low": 0.0, "high": 0.0}, "the best indicator is what the model reads, on every draw"
    assert facts["held_out_leads"]["random expected"]["auc"]["low"] > 0


def test_the_anomaly_score_uses_a_sample_of_the_population(
    store: ModelStore, known: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr("models.labels.sampling.REFERENCE_ROWS", 50)
    monkeypatch.setattr(judge_model, "fit", lambda earlier, *_: seen.append(len(earlier.population)) or Reads("age_days"))
    assert store.newest(AS_OF) is None
    assert hold_out(Lake(Path()), known, PROFILE) is not None
    assert 30 < seen[0] < 70


def test_inputs_are_in_the_catalogue() -> None:
    assert set(INPUTS.columns) <= set(catalogue_inputs().columns)


@pytest.mark.parametrize("kind", ["learnt", "rule"])
def test_a_model_records_the_share_of_labels_it_was_fitted_on(known: TrainingSet, kind: str) -> None:
    least = 300 if kind == "learnt" else 10_000
    profile = replace(PROFILE, training=replace(PROFILE.training, minimum_labels=least))
    facts = fit(replace(known, labels_share=0.25), profile, candidates=("scorecard",)).facts
    assert (facts["kind"], facts["labels_share"]) == (kind, 0.25)


def test_training_records_a_constant_indicator_in_the_facts_and_the_card(
    tmp_path: Path, known: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    constant = known.features.assign(age_days=7.0)
    monkeypatch.setattr(train_model, "training_set", lambda *_: replace(known, population=constant))
    monkeypatch.setattr(train_model, "hold_out", lambda *_: None)
    monkeypatch.setattr(train_model, "training_inputs", lambda *_: {})
    profile = replace(PROFILE, training=replace(PROFILE.training, minimum_labels=10_000))
    lake = Lake(tmp_path)
    model_id = train_model.train_day(lake, profile, AS_OF)
    expected = {"constant_indicators": ["age_days"]}
    assert ModelStore(tmp_path).facts(model_id)["warnings"] == expected
    assert json.loads(ModelStore(tmp_path).card(model_id))["facts"]["warnings"] == expected
