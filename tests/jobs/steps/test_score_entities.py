"""Scoring a day: results do not depend on batches, contributions must add up, and a bad class needs two families."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from benchmarks.scoring import made_up as made
from expectations.contracts import scoring
from expectations.contracts.indicators import FAMILIES, catalogue, features_contract
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing, SteelyardError
from jobs.lake.manifests import note_path
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from jobs.profile.load_profile import load_profile
from jobs.steps import score_entities
from jobs.steps.explain_listed import explain
from jobs.steps.score_entities import bounds_of, score_day
from jobs.transforms.coverage import Coverage, Delivered
from jobs.transforms.features.peers import CLIP
from models.evidence.availability import Availability
from models.explanation.counterfactual import MOST
from models.risk.credit import credit_points
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


def class_of(points: int, lowest: dict[str, int]) -> str:
    return max((name for name in lowest if points >= lowest[name]), key="DCBA".index)


def model_of(home: Path) -> RiskModel:
    store = ModelStore(home)
    return store.get(str(store.newest(made.DAY)))


def lowest_points(home: Path) -> dict[str, int]:
    bounds = bounds_of(model_of(home), PROFILE)
    assert bounds is not None
    return dict(bounds.lowest)


def test_each_score_has_its_interval_and_its_class_by_its_points(home: Path) -> None:
    scores = rows(home)
    assert list(scores["entity_id"]) == sorted(scores["entity_id"])
    assert (scores["probability_low"] <= scores["probability"]).all()
    assert (scores["probability"] <= scores["probability_high"]).all()
    assert scores["evidence"].between(1 / 16, 1).all()
    lowest = lowest_points(home)
    by_points = [class_of(points, lowest) for points in scores["credit_points"]]
    unfavourable = credit_points(scores["margin"].to_numpy(), scores["probability_high"].to_numpy())
    high = [class_of(points, lowest) for points in unfavourable]
    in_doubt = [now == "A" and worst > "B" for now, worst in zip(by_points, high, strict=True)]
    assert list(scores["held_class"].fillna(scores["risk_class"])) == list(np.where(in_doubt, "B", by_points))
    assert set(by_points) == {*"ABCD"}


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
    moved = rows(home).loc[lambda scores: scores["risk_class"] > "B", "entity_id"].iloc[0]
    contributions = RiskModel.contributions

    def a_little_off(self: RiskModel, X: pd.DataFrame, *lacking: Availability) -> pd.DataFrame:
        added = contributions(self, X, *lacking)
        added.loc[X["entity_id"] == moved, "arrears_ratio"] += 2e-6
        return added

    monkeypatch.setattr(RiskModel, "contributions", a_little_off)
    with pytest.raises(SteelyardError, match=moved):
        score_day(again, PROFILE, made.DAY)
    assert not again.exists(scoring.SCORES)


def test_contributions_are_computed_only_for_entities_that_enter_a_worse_class(home: Path, again: Lake, asked: list[str]) -> None:
    scores = rows(home)
    today = scores["held_class"].fillna(scores["risk_class"])
    score_day(again, PROFILE, made.DAY)
    assert sorted(asked) == sorted(scores.loc[today > "B", "entity_id"])
    before = again.arrow(scoring.SCORES).to_pandas().assign(as_of=BEFORE, risk_class=today.where(scores.index % 7 != 0, "B"))
    again.replace_arrow(pa.Table.from_pandas(before, arrow_schema(scoring.SCORES)), scoring.SCORES, f"as_of = '{BEFORE}'")
    asked.clear()
    score_day(again, PROFILE, made.DAY)
    assert sorted(asked) == sorted(scores.loc[(scores.index % 7 == 0) & (today > "B"), "entity_id"])
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


def test_a_class_is_entered_only_as_far_as_without_any_one_family(home: Path) -> None:
    scores, features, lowest = rows(home), sorted_features(home), lowest_points(home)
    model = model_of(home)
    scored, added = model.explain(features)
    verified = {one.column: one.clears or one.direction < 0 for one in catalogue() if one.verified}
    worst_allowed = np.full(len(features), "D", dtype=object)
    for family in FAMILIES:
        word = np.zeros(len(features))
        for one in catalogue():
            if family in one.families and one.column in added:
                value = features[one.column]
                is_verified = (value >= 0) if verified.get(one.column) else value > 0
                word += np.where((one.column in verified) & is_verified, 0.0, added[one.column])
        without = model.of_margin((scored["margin"] - word).to_numpy(), scored["evidence"].to_numpy())
        letters = [class_of(points, lowest) for points in credit_points(without["margin"], without["probability"])]
        worst_allowed = np.minimum(worst_allowed, np.array(["BCDD"["ABCD".index(letter)] for letter in letters], dtype=object))
    today = scores["held_class"].fillna(scores["risk_class"])
    assert list(scores["risk_class"]) == list(np.where(today > "B", np.maximum(np.minimum(today, worst_allowed), "B"), today))
    held = scores["held_class"].notna()
    assert 0 < held.sum() < (today > "B").sum()
    assert set(scores["held_source"][held]) <= {*FAMILIES}


def test_a_model_of_an_earlier_version_leaves_every_class_as_it_was(
    home: Path, again: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = rows(home).assign(as_of=BEFORE, risk_class=lambda scores: np.where(scores.index % 3, "C", "A"))
    put(again, pa.Table.from_pandas(before, arrow_schema(scoring.SCORES)), BEFORE)
    read = ModelStore.get
    monkeypatch.setattr(ModelStore, "get", lambda store, model_id: replace(read(store, model_id), class_scale=None))
    score_day(again, PROFILE, made.DAY)
    assert list(rows(again.home)["risk_class"]) == list(before["risk_class"])


def test_the_moves_between_classes_are_counted(home: Path, again: Lake) -> None:
    now = rows(home)
    before = now.assign(as_of=BEFORE, risk_class=now["risk_class"].where(now.index >= 5, "D"))
    put(again, pa.Table.from_pandas(before.iloc[:-3], arrow_schema(scoring.SCORES)), BEFORE)
    score_day(again, PROFILE, made.DAY)
    noted = json.loads(note_path(again.home, "scores", made.DAY).read_text(encoding="utf-8"))["class_moves"]
    after = rows(again.home).set_index("entity_id")["risk_class"]
    pairs = [(was, after[name]) for name, was in zip(before["entity_id"][:-3], before["risk_class"][:-3], strict=True)]
    assert noted["since"] == str(BEFORE)
    assert {(one["from"], one["to"]): one["entities"] for one in noted["moves"]} == Counter(p for p in pairs if p[0] != p[1])
    assert noted["moves"]


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
