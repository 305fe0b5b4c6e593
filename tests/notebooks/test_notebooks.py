"""Every notebook runs on a finished day, shows pictures, tells of no person and writes nothing."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.analysis.execute_notebook import execute_notebook
from jobs.analysis.open_lake import open_lake
from jobs.close_day import close_day
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.profile.load_profile import load_profile
from jobs.steps.score_entities import score_day
from jobs.steps.target_list import target_day
from jobs.training.train_model import train_day
from tests.conftest import ROOT, FinishedDay, change_policy

pytestmark = pytest.mark.timeout(900)

SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))
FIRST = "tour_of_the_data"
"""The notebook that every test run executes; the others take some ten seconds of a processor each, and are among the slow."""
PERSONAL = {
    "silver.entity": ("legal_rep_id", "owner_id", "phone_hash"),
    "silver.complaint": ("complainant_hash",),
    "silver.inspection": ("inspector_id",),
}


@dataclass(frozen=True)
class Shown:
    """What a notebook showed: all its text, how many pictures, what it complained of, and whether it changed the home."""

    text: str
    pictures: int
    complaints: list[str]
    has_written: bool


@pytest.fixture(scope="module")
def learnt_day(finished_day: FinishedDay, tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> FinishedDay:
    """The same day under a profile that learns from few visits, so that there is a probability to show."""
    folder = tmp_path_factory.mktemp("learnt_day")
    config, home = folder / "profile", folder / "home"
    shutil.copytree(finished_day.profile, config)
    shutil.copytree(finished_day.home, home)
    change_policy(config, ("minimum_labels = 300", "minimum_labels = 60"), ("minimum_positives = 30", "minimum_positives = 5"))
    lake, profile, as_of = Lake(home, spark), load_profile(str(config)), finished_day.as_of
    train_day(lake, profile, as_of)
    score_day(lake, profile, as_of)
    target_day(lake, profile, as_of)
    close_day(lake, profile, as_of)
    return FinishedDay(finished_day.world, home, as_of, str(config))


def run(script: Path, day: FinishedDay) -> Shown:
    before = fingerprint(day.home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEELYARD_HOME", str(day.home))
        patch.setenv("STEELYARD_AS_OF", str(day.as_of))
        patch.setenv("STEELYARD_PROFILE", day.profile)
        outputs: list[Any] = [output for cell in execute_notebook(script).cells for output in cell.get("outputs", [])]
    data = [output["data"] for output in outputs if "data" in output]
    streams = [output for output in outputs if output["output_type"] == "stream"]
    texts = [str(shown.get(kind, "")) for shown in data for kind in ("text/plain", "text/html")]
    return Shown(
        text="\n".join([*texts, *(stream["text"] for stream in streams)]),
        pictures=sum("image/png" in shown for shown in data),
        complaints=[stream["text"] for stream in streams if stream["name"] == "stderr"],
        has_written=fingerprint(day.home) != before,
    )


@pytest.fixture(scope="module")
def shown_of(finished_day: FinishedDay) -> Callable[[Path], Shown]:
    """What a notebook shows of the finished day; each is run once."""
    return cache(lambda script: run(script, finished_day))


def fingerprint(folder: Path) -> dict[str, str]:
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def persons(home: Path) -> set[str]:
    """Every value of a column that tells of a person."""
    lake = open_lake(home, personal=True)
    frames = [lake.pandas(table, columns=columns) for table, columns in PERSONAL.items()]
    return {str(value) for frame in frames for column in frame for value in frame[column].dropna()}


@pytest.mark.parametrize(
    "script", [pytest.param(path, id=path.stem, marks=() if path.stem == FIRST else pytest.mark.slow) for path in SCRIPTS]
)
def test_a_notebook_runs_shows_pictures_and_leaves_the_home_as_it_was(
    script: Path, finished_day: FinishedDay, shown_of: Callable[[Path], Shown]
) -> None:
    shown = shown_of(script)

    assert shown.pictures >= 2
    assert shown.complaints == []
    shown_persons = sorted(value for value in persons(finished_day.home) if value in shown.text)
    assert shown_persons == []
    assert not shown.has_written


def test_there_are_persons_whose_names_could_appear(finished_day: FinishedDay) -> None:
    assert len(persons(finished_day.home)) > 100


@pytest.mark.slow
def test_what_the_model_sees_checks_the_probability_where_there_is_one(
    learnt_day: FinishedDay, shown_of: Callable[[Path], Shown]
) -> None:
    script = ROOT / "notebooks" / "what_the_model_sees.py"

    by_rule, learnt = shown_of(script), run(script, learnt_day)

    assert "no probability to check" in by_rule.text
    assert "fitted on visits" in learnt.text
    assert "no probability to check" not in learnt.text
    assert learnt.pictures == by_rule.pictures + 1


def test_a_notebook_without_visits_says_so_in_a_sentence(tmp_path: Path) -> None:
    script = tmp_path / "without_visits.py"
    script.write_text(
        "# %%\nfrom jobs.foundation.errors import InputMissing\n"
        "raise InputMissing(what='no visit is known', where='the home', next_step='open a later day')\n"
    )

    with pytest.raises(InputMissing) as raised:
        execute_notebook(script)

    assert raised.value.what == "no visit is known (the home); open a later day"
