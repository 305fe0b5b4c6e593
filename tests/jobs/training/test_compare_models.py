"""``steelyard model``: the models of a home are listed, shown, and compared on a day."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.profile.load_profile import load_profile
from jobs.training.compare_models import compare_models
from tests.conftest import FinishedDay
from tests.day.command import steelyard


@pytest.fixture(scope="module")
def home(finished_day: FinishedDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished day's home with a second model, for which how strange somebody is counts for much more."""
    copied = tmp_path_factory.mktemp("models") / "home"
    shutil.copytree(finished_day.home, copied)
    store = ModelStore(copied)
    first = store.newest(finished_day.as_of)
    assert first is not None
    other = store.put(
        replace(store.get(first), anomaly_weight=5.0), date(2026, 6, 1), {"kind": "learnt", "as_of": "2026-06-01"}, {}
    )
    # An older model: its card is Markdown.
    (copied / "models" / other / "card.json").unlink()
    (copied / "models" / other / "card.md").write_text(f"# Model {other}\n", encoding="utf-8")
    return copied


def ids(home: Path) -> list[str]:
    return [one.model_id for one in ModelStore(home).kept()]


def test_models_are_listed_newest_first_with_their_training_data(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    said = steelyard(capfd, "model", "list", "--home", home, "--json")
    found = json.loads(said.out)
    assert [one["trained_for"] for one in found] == ["2026-06-30", "2026-06-01"]
    assert found[0]["visits"] > found[0]["found"] > 0
    assert 0 < found[0]["held_out_auc"] < 1
    assert [one["in_use_for"] for one in found] == [["2026-06-30"], ["2026-06-01"]]


def test_a_model_is_put_in_use_by_hand(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    newest, other = ids(home)
    said = steelyard(capfd, "model", "use", other, "--home", home, "--as-of", "2026-07-02")
    assert said.out == f"{other} is in use from 2026-07-02 on\n"
    assert [ModelStore(home).newest(date(2026, 7, day)) for day in (1, 2)] == [newest, other]
    assert steelyard(capfd, "model", "use", "nobody", "--home", home, "--as-of", "2026-07-02").code == 4


def test_the_card_of_the_newest_or_the_named_model_is_shown(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    newest, other = ids(home)
    assert steelyard(capfd, "model", "show", "--home", home).out.startswith(f"# Model {newest}\n")
    assert steelyard(capfd, "model", "show", other, "--home", home).out == f"# Model {other}\n"
    assert steelyard(capfd, "model", "show", "nobody", "--home", home).code == 4


def test_a_model_agrees_with_itself(home: Path, finished_day: FinishedDay) -> None:
    newest = ids(home)[0]
    found = compare_models(Lake(home), load_profile(finished_day.profile), finished_day.as_of, newest, newest)
    assert found.movers == []
    assert all(one.first == one.second for one in (*found.standings, *found.weights))
    assert {one.measure: one.first for one in found.standings}["correlation of ranks"] == 1.0


def test_two_models_differ_where_one_has_a_larger_weight(
    home: Path, finished_day: FinishedDay, capfd: pytest.CaptureFixture[str]
) -> None:
    newest, other = ids(home)
    found = compare_models(Lake(home), load_profile(finished_day.profile), finished_day.as_of, newest, other)
    standing = {one.measure: one for one in found.standings}
    assert 0 < standing["correlation of ranks"].first < 1
    assert found.movers
    assert all(one.first_place != one.second_place for one in found.movers)
    assert sum(one.second for one in found.weights) > sum(one.first for one in found.weights)
    said = steelyard(capfd, "model", "compare", newest, other, "--home", home, "--as-of", "2026-06-30")
    assert said.code == 0
    assert found.movers[0].entity_id in said.out


def test_a_day_without_a_list_is_explained(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    newest, other = ids(home)
    said = steelyard(capfd, "model", "compare", newest, other, "--home", home, "--as-of", "2026-06-20", "--profile", "cn")
    assert said.code == 4
    assert "next:" in said.err
