"""Scoring a day: results do not depend on batches, contributions must add up, and no class changes because of one source."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.scoring import made_up as made
from expectations.contracts import scoring
from expectations.contracts.indicators import catalogue, features_contract
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing, SteelyardError
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from jobs.profile.load_profile import load_profile
from jobs.steps import score_entities
from jobs.steps.explain_listed import explain
from jobs.steps.score_entities import score_day
from jobs.transforms.coverage import Coverage, Delivered
from jobs.transforms.features.peers import CLIP
from models.explanation.counterfactual import MOST
from models.risk.availability import Availability
from models.risk.credit import points_and_class
from models.risk_model import RiskModel

PROFILE = load_profile("cn")
BEFORE = made.DAY - timedelta(days=1)
ROWS = 600


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    made.make(Lake(folder), ROWS)
    score_day(Lake(folder), PROFILE, made.DAY)
    return folder


def rows(home: Path, day: date = made.DAY) -> pd.DataFrame:
    return Lake(home).arrow(scoring.SCORES, where=f"as_of = '{day}'").to_pandas()


def sorted_features(home: Path) -> pd.DataFrame:
    return Lake(home).arrow(features_contract()).to_pandas().sort_values("entity_id", ignore_index=True)


def put(lake: Lake, table: pa.Table, day: date) -> None:
    lake.replace_arrow(table, scoring.SCORES, f"as_of = '{day}'")


@pytest.fixture
def again(home: Path, tmp_path: Path) -> Lake:
    """Another home with the same features and model, and no scores."""
    lake = Lake(tmp_path)
    for contract in (features_contract(), scoring.PEERS):
        table = Lake(home).arrow(contract)
        # In another order than they were written in.
        order = np.random.default_rng(1).permutation(table.num_rows)
        lake.replace_arrow(table.take(order), contract, f"as_of = '{made.DAY}'")
    store = ModelStore(home)
    store.lend(str(store.newest(made.DAY)), tmp_path, made.DAY)
    return lake


@pytest.mark.parametrize("at_once", [170, 599])
def test_scores_do_not_depend_on_batches_or_order(home: Path, again: Lake, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_entities, "ROWS_AT_ONCE", at_once)
    sizes = [len(part) for part in score_entities.feature_batches(again, made.DAY)]
    assert set(sizes[:-1]) == {at_once}
    assert score_day(again, PROFILE, made.DAY) == ROWS
    pd.testing.assert_frame_equal(rows(again.home), rows(home), check_exact=True)


def test_each_score_has_its_interval_and_its_class_by_it(home: Path) -> None:
    scores = rows(home)
    assert list(scores["entity_id"]) == sorted(scores["entity_id"])
    assert (scores["probability_low"] <= scores["probability"]).all()
    assert (scores["probability"] <= scores["probability_high"]).all()
    assert scores["evidence"].between(1 / 16, 1).all()
    assert list(scores["held_class"].fillna(scores["risk_class"])) == list(points_and_class(scores, PROFILE.classes, "B")[1])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The entities whose contributions are asked."""
    names: list[str] = []
    contributions = RiskModel.contributions

    def noted(self: RiskModel, X: pd.DataFrame, *lacking: Availability) -> pd.DataFrame:
        names.extend(X["entity_id"])
        return contributions(self, X, *lacking)

    monkeypatch.setattr(RiskModel, "contributions", noted)
    return names


def test_a_model_whose_contributions_do_not_add_up_is_refused(home: Path, again: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    moved = rows(home).loc[lambda scores: scores["risk_class"] != "B", "entity_id"].iloc[0]
    contributions = RiskModel.contributions

    def a_little_off(self: RiskModel, X: pd.DataFrame, *lacking: Availability) -> pd.DataFrame:
        added = contributions(self, X, *lacking)
        added.loc[X["entity_id"] == moved, "arrears_ratio"] += 2e-6
        return added

    monkeypatch.setattr(RiskModel, "contributions", a_little_off)
    with pytest.raises(SteelyardError, match=moved):
        score_day(again, PROFILE, made.DAY)
    assert not again.exists(scoring.SCORES)


def test_contributions_are_computed_only_for_entities_whose_class_changed(home: Path, again: Lake, asked: list[str]) -> None:
    scores = rows(home)
    today = scores["held_class"].fillna(scores["risk_class"])
    score_day(again, PROFILE, made.DAY)
    assert sorted(asked) == sorted(scores.loc[today != "B", "entity_id"]), "nobody had a class, so the ordinary one"
    before = again.arrow(scoring.SCORES).to_pandas().assign(as_of=BEFORE, risk_class=today.where(scores.index % 7 != 0, "D"))
    again.replace_arrow(pa.Table.from_pandas(before, arrow_schema(scoring.SCORES)), scoring.SCORES, f"as_of = '{BEFORE}'")
    asked.clear()
    score_day(again, PROFILE, made.DAY)
    assert sorted(asked) == sorted(scores.loc[(scores.index % 7 == 0) & (today != "D"), "entity_id"])
    assert 0 < len(asked) < ROWS / 5


def test_without_features_scoring_is_refused(home: Path) -> None:
    with pytest.raises(InputMissing, match="no features for 2026-07-01"):
        score_day(Lake(home), PROFILE, made.DAY + timedelta(days=1))


@pytest.mark.parametrize("is_absent", [False, True])
def test_no_class_changes_while_a_source_is_stopped_except_after_a_visit(home: Path, again: Lake, *, is_absent: bool) -> None:
    """Everybody was in class C; the source of returns stopped 20 days ago, and its values may be lost."""
    today = Lake(home).arrow(scoring.SCORES).to_pandas().assign(as_of=BEFORE, risk_class="C")
    put(again, pa.Table.from_pandas(today, arrow_schema(scoring.SCORES), preserve_index=False), BEFORE)
    where = f"as_of = '{made.DAY}'"
    features = again.arrow(features_contract(), where=where).to_pandas()
    if is_absent:
        columns = [column for one in catalogue() if "tax_filing" in one.sources for column in (one.column, one.peer_column)]
        features = features.assign(**dict.fromkeys(features.columns.intersection(columns), np.nan))
        again.replace_arrow(pa.Table.from_pandas(features, arrow_schema(features_contract())), features_contract(), where)
    stopped = Delivered("tax_filing", made.DAY - timedelta(days=20), 1, is_stopped=True, is_carried=not is_absent)

    score_day(again, PROFILE, made.DAY, coverage=Coverage(made.DAY, {"tax": stopped}))

    found = rows(again.home).set_index("entity_id")
    visited = (features.set_index("entity_id")["days_since_visit"] < 20).reindex(found.index)
    assert set(found.loc[~visited, "risk_class"]) == {"C"}
    assert 0 < visited.sum() < len(found)
    usual = rows(home)["probability"].mean()
    assert abs(found["probability"].mean() / usual - 1) < 0.05


@pytest.mark.parametrize("letter", ["A", "D", None])
def test_a_class_moves_only_as_far_as_it_does_without_any_one_source(home: Path, again: Lake, letter: str | None) -> None:
    today = Lake(home).arrow(scoring.SCORES)
    if letter is not None:
        before = today.set_column(today.column_names.index("risk_class"), "risk_class", pa.array([letter] * len(today)))
        put(again, before.set_column(1, "as_of", pa.array([BEFORE] * len(before))), BEFORE)
    score_day(again, PROFILE, made.DAY)

    scores, features = rows(again.home), sorted_features(home)
    model = ModelStore(home).get(str(ModelStore(home).newest(made.DAY)))
    scored, added = model.explain(features)
    free = points_and_class(scored, PROFILE.classes, "B")[1]
    then = letter or "B"
    rests_on = {one.column: one.delivered_by for one in catalogue()}
    verified = {one.column: one.clears for one in catalogue() if one.verified}
    worst, best = free.astype(object), free.astype(object)
    for source in sorted({source for sources in rests_on.values() for source in sources}):
        word = np.zeros(len(features))
        for name in added:
            if source in rests_on.get(name, ()):
                value = features[name]
                word += np.where(name in verified and (value >= 0 if verified.get(name) else value > 0), 0.0, added[name])
        disbelieved = model.of_margin((scored["margin"] - word).to_numpy(), scored["evidence"].to_numpy())
        letters = points_and_class(disbelieved, PROFILE.classes, "B")[1]
        worst, best = np.maximum(worst, letters), np.minimum(best, letters)
    back = np.minimum(then, np.maximum(free.astype(object), "B"))
    wanted = np.maximum(np.minimum(back, worst), best)
    assert list(scores["risk_class"]) == list(wanted)
    held = scores["held_class"].notna().to_numpy()
    assert list(held) == list(wanted != free)
    # Nobody is kept in the worst class on disbelief.
    assert (held.sum() == 0) if letter == "D" else (0 < held.sum() < (free != then).sum())
    assert list(scores["held_class"][held]) == list(free[held])
    assert scores["held_source"].notna().tolist() == held.tolist()


def test_classes_of_later_days_are_not_read(home: Path, again: Lake) -> None:
    today = Lake(home).arrow(scoring.SCORES)
    later = made.DAY + timedelta(days=1)
    put(again, today.set_column(1, "as_of", pa.array([later] * len(today))), later)
    score_day(again, PROFILE, made.DAY)
    pd.testing.assert_frame_equal(rows(again.home), rows(home), check_exact=True)


def test_the_changes_for_a_better_class_give_that_class(home: Path) -> None:
    scored = rows(home)
    listed = pd.concat([scored.nlargest(60, "margin"), scored.nsmallest(5, "margin")])
    explained = explain(Lake(home), PROFILE, made.DAY, listed)
    better = explained.listed[explained.listed["better_class"].notna()]
    assert len(explained.listed) == 65
    assert 0 < len(better) < 65, "for the best there is none"
    assert (better["better_class"] < better["risk_class"]).all()
    assert all(json.loads(changes)["changes"] for changes in better["better_changes"])
    rest = explained.listed[explained.listed["better_class"].isna() & (explained.listed["risk_class"] != "A")]
    assert all(json.loads(changes) == {"is_best": False, "most": MOST, "changes": []} for changes in rest["better_changes"])
    assert explained.reasons.schema == arrow_schema(scoring.REASONS)
    assert explained.reasons["rests_on"].null_count == 0
    assert explained.reasons["peer_count"].is_null().equals(explained.reasons["peer_median"].is_null())
    assert CLIP == 20
