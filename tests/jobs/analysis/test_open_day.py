"""The day that a notebook speaks of."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.contracts import scoring
from jobs.analysis import open_day as module
from jobs.analysis.open_day import open_day
from jobs.analysis.open_lake import open_lake
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.lake.tables import arrow_schema
from jobs.profile.profile import CONFIG_ROOT


@pytest.fixture
def home(tmp_path: Path) -> Path:
    Lake(tmp_path).create(scoring.SCORES)
    folder = tmp_path / "manifests" / "runs"
    folder.mkdir(parents=True)
    for day in ("2026-05-31", "2026-06-30"):
        (folder / f"{day}.json").write_text(json.dumps({"profile": "cn", "as_of": day}), encoding="utf-8")
    return tmp_path


def test_the_newest_finished_day_is_the_default(home: Path) -> None:
    day = open_day({"STEELYARD_HOME": str(home)})

    assert (day.as_of, day.only, day.profile.name) == (date(2026, 6, 30), "as_of = '2026-06-30'", "cn")


def test_another_day_and_profile_can_be_named(home: Path) -> None:
    day = open_day({"STEELYARD_HOME": str(home), "STEELYARD_AS_OF": "2026-05-31", "STEELYARD_PROFILE": "chicago"})

    assert (day.as_of, day.profile.name, day.run["as_of"]) == (date(2026, 5, 31), "chicago", "2026-05-31")


def test_the_profile_of_a_run_may_be_outside_the_project(home: Path) -> None:
    folder = home / "ours"
    shutil.copytree(CONFIG_ROOT / "cn", folder)
    run = {"profile": "ours", "profile_folder": str(folder), "as_of": "2026-06-30"}
    (home / "manifests" / "runs" / "2026-06-30.json").write_text(json.dumps(run), encoding="utf-8")

    assert open_day({"STEELYARD_HOME": str(home)}).profile.folder == folder


def test_a_day_is_read_as_its_run_left_it(home: Path) -> None:
    lake = Lake(home)
    row = {
        "entity_id": "E", "as_of": date(2026, 6, 30), "model_id": "m", "margin": 0.5, "probability": 0.5, "anomaly": 0.5,
        "credit_points": 500, "risk_class": "C",
    }  # fmt: skip
    schema = arrow_schema(scoring.SCORES)
    for margin in (0.5, 0.9):
        table = pa.Table.from_pylist([{**dict.fromkeys(schema.names), **row, "margin": margin}], schema)
        lake.replace_arrow(table, scoring.SCORES, "as_of = '2026-06-30'")
        if margin == 0.5:
            run = {"profile": "cn", "as_of": "2026-06-30", "tables": {"gold.scores": lake.version(scoring.SCORES)}}
            (home / "manifests" / "runs" / "2026-06-30.json").write_text(json.dumps(run), encoding="utf-8")

    day = open_day({"STEELYARD_HOME": str(home)})

    assert day.lake.pandas("gold.scores")["margin"].tolist() == [0.5]
    assert day.lake.contents()["rows"].tolist() == [1]
    assert open_lake(home).pandas("gold.scores")["margin"].tolist() == [0.9]
    assert day.lake.duckdb().sql("SELECT margin FROM gold.scores").fetchall() == [(0.5,)]


def test_a_relative_home_may_be_meant_from_the_projects_folder(
    home: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROOT", home.parent)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))

    assert open_day({"STEELYARD_HOME": home.name}).lake.home == home


@pytest.mark.parametrize("wanted", ["2026-06-29", "yesterday"])
def test_a_day_that_was_not_finished_is_explained_with_those_that_were(home: Path, wanted: str) -> None:
    with pytest.raises(InputMissing, match=rf"{wanted} was not finished .* one of 2026-05-31, 2026-06-30"):
        open_day({"STEELYARD_HOME": str(home), "STEELYARD_AS_OF": wanted})


def test_a_home_without_a_finished_day_is_explained(tmp_path: Path) -> None:
    Lake(tmp_path).create(scoring.SCORES)

    with pytest.raises(InputMissing, match="no day was finished yet"):
        open_day({"STEELYARD_HOME": str(tmp_path)})


def test_without_a_demo_and_a_home_what_to_do_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEMO_HOME", tmp_path / "none")

    with pytest.raises(InputMissing, match="set STEELYARD_HOME, or make the demo with `make demo`"):
        open_day({})


@pytest.mark.parametrize(("code", "label"), [("330100", "Zhejiang 330100"), ("330000", "Zhejiang"), ("x9", "x9")])
def test_regions_are_labelled_in_latin_letters(home: Path, code: str, label: str) -> None:
    assert open_day({"STEELYARD_HOME": str(home)}).region_label(code) == label
