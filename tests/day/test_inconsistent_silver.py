"""Silver that does not match the batch books: the day uses what is there, and no later day builds on it.

Yesterday was run. Today something goes wrong between the steps of the returns; tomorrow all is well.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from expectations.contracts import silver
from expectations.contracts.lineage import ENTITY_ID
from jobs import take_in_source
from jobs.foundation.errors import CountMismatch, EngineUnavailable
from jobs.foundation.files import read_json
from jobs.incremental.consistency import consistent_deliveries
from jobs.incremental.entity_state import REGISTER_STATE, TAX_STATE, compute_state, read_state
from jobs.lake.maintenance.restore import plan_table, restore
from jobs.lake.manifests import note_path
from jobs.lake.write_intents import WriteIntent
from jobs.profile.mapping import load_mappings
from jobs.sources.sources_of_day import in_order
from jobs.steps import conform_source
from jobs.steps.build_features import ensure_features, rebuild_features
from jobs.take_in_source import take_in
from jobs.transforms.tax_sums import SUMS
from tests.day.news import register
from tests.day.test_corrections import all_rows
from tests.day.town import TODAY, Town

TOMORROW = TODAY + timedelta(days=1)
MAY, LATE = "2026-06-20/2026-05.csv", "2026-06-30/late.csv"


@pytest.fixture
def town(yesterday: Town, tmp_path: Path) -> Town:
    """The town on the morning of today."""
    return yesterday.copy(tmp_path)


def settle_all(town: Town, as_of: date) -> None:
    for mapping in in_order(load_mappings(town.profile.folder)):
        take_in(town.lake, town.profile, mapping, town.sources, as_of)


def sums(frame) -> dict[str, tuple]:
    return {row[ENTITY_ID]: tuple(row[name] for name in SUMS if name != "changes_on") for row in frame.collect()}


def stored(town: Town, as_of: date) -> dict[str, tuple]:
    return sums(read_state(TAX_STATE, town.lake, as_of))


def of_silver(town: Town, as_of: date) -> dict[str, tuple]:
    return sums(compute_state(TAX_STATE, town.lake, town.profile, as_of))


def assert_register_is_of_silver(town: Town, as_of: date) -> None:
    kept, whole = read_state(REGISTER_STATE, town.lake, as_of), compute_state(REGISTER_STATE, town.lake, town.profile, as_of)
    assert register(kept) == register(whole) != []


def is_consistent(town: Town, as_of: date) -> bool:
    """Whether a later day may take the day's links, features and sums for current."""
    noted = [read_json(note_path(town.home, what, as_of)) for what in ("links", "features", "state/tax_sums", "state/register")]
    found = {note["rests_on"] is not None for note in noted[:2]} | {note["deliveries"] is not None for note in noted[2:]}
    assert len(found) == 1, noted
    return found.pop()


def correct(town: Town, file: str, change: Callable[[str], str]) -> None:
    path = town.sources / "returns" / file
    was = path.read_text(encoding="utf-8")
    assert change(was) != was
    path.write_text(change(was), encoding="utf-8")


def moved(text: str) -> str:
    """The May return of S03 was one of S22."""
    return text.replace("S03;2026-05", "S22;2026-05")


def fail(town: Town, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settle today while a step of each source fails."""

    def away(*_: object) -> None:
        raise EngineUnavailable(what="the engine does not answer", where="here", next_step="try again")

    with monkeypatch.context() as patch:
        patch.setattr(take_in_source, step, away)
        settle_all(town, TODAY)


def check_today_and_tomorrow(town: Town) -> None:
    """Today is made of silver as it is, tomorrow of what was delivered."""
    rebuild_features(town.lake, town.profile, TODAY)
    assert not is_consistent(town, TODAY)
    assert stored(town, TODAY) == of_silver(town, TODAY)
    assert_register_is_of_silver(town, TODAY)
    settle_all(town, TOMORROW)
    rebuild_features(town.lake, town.profile, TOMORROW)
    assert stored(town, TOMORROW) == of_silver(town, TOMORROW)
    assert_register_is_of_silver(town, TOMORROW)
    assert is_consistent(town, TOMORROW)


@pytest.mark.slow
def test_a_delivery_is_corrected_and_the_gate_fails(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    correct(town, MAY, moved)
    fail(town, "gate_new_days", monkeypatch)
    check_today_and_tomorrow(town)


@pytest.mark.slow
@pytest.mark.parametrize(("file", "step"), [(MAY, "gate_new_days"), (LATE, "gate_new_days"), (LATE, "conform_source")])
def test_a_delivery_is_withdrawn_and_a_step_after_it_fails(
    file: str, step: str, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle_all(town, TODAY)
    shutil.rmtree((town.sources / "returns" / file).parent)
    fail(town, step, monkeypatch)
    check_today_and_tomorrow(town)


def test_a_gate_dies_and_its_delivery_is_withdrawn(town: Town) -> None:
    WriteIntent(town.home, "returns", "gate").mark(TODAY, TODAY)
    shutil.rmtree((town.sources / "returns" / LATE).parent)
    settle_all(town, TODAY)
    assert consistent_deliveries(town.lake, ["returns"]) is not None


@pytest.mark.slow
def test_todays_delivery_is_corrected_and_the_gate_fails(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    settle_all(town, TODAY)
    rebuild_features(town.lake, town.profile, TODAY)
    before = stored(town, TODAY)
    correct(town, LATE, lambda text: text.replace("S16;2026-05", "S22;2026-05"))
    fail(town, "gate_new_days", monkeypatch)
    rebuild_features(town.lake, town.profile, TODAY)
    assert stored(town, TODAY) == before, "the data before it stays in use, all of it"
    check_today_and_tomorrow(town)


@pytest.mark.slow
def test_a_step_dies_between_silver_and_its_book_and_the_delivery_is_put_back(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    was = (town.sources / "returns" / MAY).read_text(encoding="utf-8")
    correct(town, MAY, moved)
    fail(town, "conform_source", monkeypatch)
    book = town.home / "manifests" / "batches" / "returns.json"
    before = book.read_bytes()
    town.settle("returns")
    # As a process leaves it that is killed after the rows and before the book.
    book.write_bytes(before)
    WriteIntent(town.home, "returns", "conform").mark(date(2026, 6, 20), TODAY)
    rebuild_features(town.lake, town.profile, TODAY)
    (town.sources / "returns" / MAY).write_text(was, encoding="utf-8")
    check_today_and_tomorrow(town)


@pytest.mark.slow
def test_silver_is_restored_and_features_are_built_before_it_is_conformed(town: Town) -> None:
    restored = town.lake.version(silver.FILING)
    settle_all(town, TODAY)
    rebuild_features(town.lake, town.profile, TODAY)
    restore(town.lake, plan_table(town.lake, "silver.filing", restored))
    check_today_and_tomorrow(town)
    assert ensure_features(town.lake, town.profile, TODAY), "training did not take today's features for current"
    assert stored(town, TODAY) == of_silver(town, TODAY)


@pytest.mark.slow
def test_rows_with_a_wrong_count_do_not_stay_in_silver(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_some(rows, *args, **kwargs):
        return conform(rows, *args, **kwargs).where(f"{ENTITY_ID} <> 'S16'")

    conform = conform_source.conform
    before = all_rows(town, silver.FILING)
    correct(town, MAY, moved)
    with monkeypatch.context() as patch:
        patch.setattr(conform_source, "conform", lose_some)
        with pytest.raises(CountMismatch, match="silver was put back"):
            town.settle("returns")
    assert all_rows(town, silver.FILING).equals(before)
    check_today_and_tomorrow(town)


@pytest.mark.slow
def test_a_mapping_is_removed_and_restored_with_a_corrected_delivery(town: Town, tmp_path: Path) -> None:
    shutil.copytree(town.profile_folder, tmp_path / "profile")
    without = Town(town.home, town.sources, town.session, tmp_path / "profile")
    mapping = without.profile_folder / "sources" / "returns.toml"
    text = mapping.read_text(encoding="utf-8")
    settle_all(town, TODAY)
    mapping.unlink()
    settle_all(without, TODAY)
    rebuild_features(without.lake, without.profile, TODAY)
    assert stored(without, TODAY) == of_silver(without, TODAY)
    mapping.write_text(text, encoding="utf-8")
    for file in ("2026-04-20/2026-03.csv", "2026-05-20/2026-04.csv", MAY):
        correct(town, file, lambda text: text.replace("S03;", "S22;"))
    settle_all(without, TOMORROW)
    rebuild_features(without.lake, without.profile, TOMORROW)
    assert stored(without, TOMORROW) == of_silver(without, TOMORROW)
    assert "S03" not in stored(without, TOMORROW)


@pytest.mark.slow
def test_a_stopped_delivery_without_rows_does_not_make_silver_inconsistent(town: Town) -> None:
    correct(town, LATE, lambda text: text.replace("2026-05", "someday"))
    assert town.settle("returns").verdict == "stopped"
    assert consistent_deliveries(town.lake, load_mappings(town.profile.folder)) is not None
