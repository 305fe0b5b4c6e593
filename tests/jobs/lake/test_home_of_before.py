"""A home made by an earlier Steelyard is sound, shows its day's list, and goes on with the next day.

The homes are in ``homes_before``; ``make.py`` there says how they were made. Expected lists are beside them.
"""

from __future__ import annotations

import csv
import json
import os
import re
import tarfile
from datetime import date
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from deltalake import DeltaTable

from expectations.contracts.contract import Sensitivity
from expectations.contracts.scoring import REASONS, RISK_LIST
from jobs.lake.finished_run import FinishedRun
from jobs.lake.manifests import run_manifest_path
from jobs.lake.tables import LakeTables
from jobs.profile.load_profile import load_profile
from jobs.texts.reasons import better_texts, reason_texts
from tests.day.command import Outcome, steelyard

HOMES = Path(__file__).resolve().parent / "homes_before"
NAMES = ("rule", "learnt")
DAY, NEXT_DAY = "2026-06-29", "2026-06-30"
RULE = pytest.mark.parametrize("before", ["rule", pytest.param("learnt", marks=pytest.mark.slow)], indirect=True)
"""With one home as usual; with the other as a slow test, because each run of a day takes seconds."""
COLUMNS = ("list_rank", "capacity_region", "region_rank", "entity_id", "risk_class", "credit_points")
MEASURES = ("probability", "anomaly", "margin", "objective")


class Before:
    """A home made by earlier code, with its profile and sources, unpacked in ``folder``."""

    def __init__(self, name: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.name, self.folder, self.capfd = name, folder, capfd
        with tarfile.open(HOMES / f"{name}.tar.xz") as archive:
            archive.extractall(folder, filter="data")
        # Two changes of one shop in one delivery: the earlier code kept both, and now a mapping must say so.
        shops = folder / "profile" / "sources" / "shops.toml"
        text = 'same_key = "versions"\n' + shops.read_text(encoding="utf-8")
        # The earlier code read a column that no source maps as "none"; now a mapping must say so.
        empty = "".join(f'{name} = "cast(null as string)"\n' for name in ("owner_id", "agent_id", "phone_hash"))
        shops.write_text(text.replace("[columns]\n", f"[columns]\n{empty}"), encoding="utf-8")
        # The earlier code read bounds of classes in credit points; now a profile names shares or multiples.
        policy = folder / "profile" / "profile.toml"
        bounds = '[classes]\nby = "shares"\nD = 0.015\nC = 0.08\nB = 0.25\n\n'
        policy.write_text(re.sub(r"\[classes\].*?\n\n", bounds, policy.read_text(encoding="utf-8"), flags=re.S), encoding="utf-8")
        visits = shops.with_name("visits.toml")
        of_visits = visits.read_text(encoding="utf-8")
        visits.write_text(of_visits.replace("[columns]\n", '[columns]\npenalty_minor = "0L"\n'), encoding="utf-8")

    def command(self, verb: str, *options: object) -> Outcome:
        """Run a verb on the home; fail the test when it fails."""
        done = steelyard(self.capfd, *verb.split(), "--home", self.folder / "home", *options)
        assert done.code == 0, done.out + done.err
        return done

    def run(self, day: str) -> None:
        """Run a whole day."""
        self.command("run", "--profile", self.folder / "profile", "--sources", self.folder / "sources", "--as-of", day)

    def models(self) -> list[str]:
        """The identifiers of the stored models."""
        return sorted(path.name for path in (self.folder / "home" / "models").iterdir() if path.name != "in_use")

    def listed(self, day: str) -> str:
        """The day's list as CSV: place, entity, class, points, and measures with six decimals."""
        out = self.folder / f"{day}.csv"
        self.command("export risk_list", "--profile", self.folder / "profile", "--as-of", day, "--format", "csv", "--out", out)
        lines = [",".join((*COLUMNS, *MEASURES))]
        with out.open(encoding="utf-8-sig", newline="") as file:
            for row in csv.DictReader(file):
                measures = [f"{float(row[name]):.6f}" if row[name] else "" for name in MEASURES]
                lines.append(",".join([*(row[name] for name in COLUMNS), *measures]))
        return "\n".join(lines) + "\n"


@pytest.fixture(params=NAMES)
def before(request: pytest.FixtureRequest, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Before:
    """A home of before, migrated."""
    home = Before(request.param, tmp_path, capfd)
    home.command("lake migrate")
    return home


def assert_expected(text: str, name: str) -> None:
    path = HOMES / name
    if os.environ.get("STEELYARD_WRITE_EXPECTED"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_home_is_sound_and_shows_its_list(before: Before) -> None:
    before.command("lake check")
    assert_expected(before.listed(DAY), f"{before.name}_{DAY}.csv")


def figures(text: str) -> list[str]:
    """The numbers in a text, sorted: words may be written in another way since, but they say the same of the same figures."""
    return sorted(re.findall(r"[+-]?\d[\d.,]*\d|\d", text))


@pytest.mark.parametrize("name", NAMES)
def test_stored_texts_of_reasons_are_rendered_again_from_data(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    before = Before(name, tmp_path, capfd)
    gold, profile = tmp_path / "home" / "lake" / "gold", load_profile(tmp_path / "profile")
    reasons, listed = (DeltaTable(gold / table).to_pyarrow_table().to_pylist() for table in ("reasons", "risk_list"))
    before.command("lake migrate")

    assert len(reasons) > len(listed) > 0
    for table, key, stored, texts in (
        (REASONS, ("entity_id", "as_of", "reason_rank"), reasons, reason_texts),
        (RISK_LIST, ("entity_id", "as_of"), listed, better_texts),
    ):
        rows = {tuple(row[part] for part in key): row for row in LakeTables(tmp_path / "home").arrow(table).to_pylist()}
        assert len(rows) == len(stored)
        for row in stored:
            rendered = texts(rows[tuple(row[part] for part in key)], profile)
            assert {column: figures(text) for column, text in rendered.items()} == {
                column: figures(row[column]) for column in rendered
            }


@pytest.mark.parametrize("before", NAMES, indirect=True)
def test_the_next_day_trains_again_as_the_stored_model_has_another_format(before: Before) -> None:
    models = before.models()
    before.run(NEXT_DAY)
    assert len(before.models()) == len(models) + 1
    assert before.listed(NEXT_DAY).count("\n") == before.listed(DAY).count("\n")
    before.command("lake check")


@RULE
def test_scoring_with_a_model_of_another_format_says_to_train_again(before: Before) -> None:
    folders = ("--profile", before.folder / "profile", "--home", before.folder / "home")
    refused = steelyard(before.capfd, "score", *folders, "--as-of", DAY)
    assert refused.code == 4
    assert "has format 3" in refused.err
    assert "train again with `steelyard train`" in refused.err


@RULE
def test_a_days_tables_are_read_as_its_run_left_them_in_todays_columns(before: Before) -> None:
    home, day = before.folder / "home", date.fromisoformat(DAY)
    run = FinishedRun(home, day, json.loads(run_manifest_path(home, day).read_text(encoding="utf-8")), {})
    for contract in (REASONS, RISK_LIST):
        columns = [str(column) for column in contract.columns if column.sensitivity is not Sensitivity.PERSONAL]
        read = run.day(contract, columns)
        migrated = LakeTables(home).arrow(contract, columns=columns, where=f"as_of = '{DAY}'")
        assert read.num_rows > 0
        assert sorted(map(str, read.to_pylist())) == sorted(map(str, migrated.to_pylist()))
        assert list(run.batches(contract, columns, where=ds.field("as_of") == day)) == read.to_pylist()


@RULE
def test_a_restore_of_earlier_columns_says_that_they_must_be_migrated_again(before: Before) -> None:
    assert "run `steelyard lake migrate` afterwards" in before.command("lake restore", "--as-of-run", DAY, "--yes").out
    before.command("lake migrate")
    before.command("lake check")


def test_a_day_does_not_begin_in_a_home_that_is_not_migrated(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Before("rule", tmp_path, capfd)
    books = {path: path.read_bytes() for path in (tmp_path / "home" / "manifests").rglob("*.json")}
    folders = ("--profile", tmp_path / "profile", "--sources", tmp_path / "sources", "--home", tmp_path / "home")
    refused = steelyard(capfd, "run", *folders, "--as-of", NEXT_DAY)
    assert refused.code == 2
    assert "steelyard lake migrate" in refused.err
    assert {path: path.read_bytes() for path in (tmp_path / "home" / "manifests").rglob("*.json")} == books
