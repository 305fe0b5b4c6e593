"""What a source delivered that is mapped no more is named, and can be taken out."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.contracts.contract import Contract
from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE
from expectations.contracts.silver import COMPLAINT
from jobs.close_day import close_day
from jobs.commands.doctor import check_sources
from jobs.engine.lake import Lake
from jobs.foundation.findings import Verdict
from jobs.incremental.consistency import consistent_deliveries
from jobs.lake.batches import Batch, BatchBook, in_use_digest
from jobs.lake.maintenance.orphaned_sources import count_orphaned_rows, forget_source
from jobs.lake.manifests import find_run, run_manifest_path
from jobs.lake.tables import arrow_schema
from jobs.profile.load_profile import load_profile
from tests.day.command import steelyard
from tests.day.town import TODAY, Town

D = date(2026, 6, 30)
GIVEN_UP, MAPPED = "hotline", "complaint"


def put(lake: Lake, contract: Contract, source: str, rows: int) -> None:
    schema = arrow_schema(contract)
    row = dict.fromkeys(schema.names) | {"source": source, "delivered_on": D} | dict.fromkeys({"stage"} & {*schema.names}, "read")
    lake.replace_arrow(pa.Table.from_pylist([row] * rows, schema=schema), contract, f"source = '{source}'")


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A home with complaints of two sources."""
    made = Lake(tmp_path)
    for source, rows in ((GIVEN_UP, 3), (MAPPED, 2)):
        for contract in (BRONZE["complaint"], COMPLAINT, quarantine_of(source)):
            put(made, contract, source, rows)
        book = BatchBook(tmp_path, source)
        book.put([Batch(D, "chain", [], gated="g", conformed="g:usable:")])
        book.save()
    return made


def sources(lake: Lake, contract: Contract) -> list[str]:
    return lake.arrow(contract, columns=["source"])["source"].to_pylist()


def test_rows_of_a_source_that_is_mapped_no_more_are_counted(lake: Lake) -> None:
    assert count_orphaned_rows(lake, [MAPPED]) == {GIVEN_UP: 3}
    assert count_orphaned_rows(lake, [MAPPED, GIVEN_UP]) == {}


def test_a_day_that_rests_on_such_a_source_says_so_and_doctor_does(town: Town, tmp_path: Path) -> None:
    assert check_sources(town.home).verdict is Verdict.OK
    before = find_run(town.home, TODAY)
    folder = tmp_path / "without"
    shutil.copytree(town.profile_folder, folder)
    (folder / "sources" / "complaints.toml").unlink()
    manifest = close_day(town.lake, load_profile(str(folder)), TODAY)
    rows = Lake(town.home).arrow(COMPLAINT).num_rows
    assert manifest["unmapped"] == {"complaints": rows}
    assert manifest["sources"]["complaints"] == "not mapped"
    assert manifest["deliveries"] == before["deliveries"] == in_use_digest(town.home, TODAY), "its rows are still in the list"
    BatchBook(town.home, "complaints").path.unlink()
    assert in_use_digest(town.home, TODAY) != before["deliveries"]
    finding = check_sources(town.home)
    assert finding.verdict is Verdict.WARN
    assert f"{rows} rows of complaints" in finding.found
    assert "steelyard lake forget complaints" in finding.next_step
    path = run_manifest_path(town.home, TODAY)
    path.write_text(path.read_text(encoding="utf-8")[:-20], encoding="utf-8")
    assert check_sources(town.home).verdict is Verdict.WARN


def test_they_are_counted_as_the_day_read_them(lake: Lake) -> None:
    version = lake.version(COMPLAINT)
    forget_source(lake, GIVEN_UP)
    assert count_orphaned_rows(lake, [MAPPED]) == {}
    assert count_orphaned_rows(lake.at({"silver.complaint": version}), [MAPPED]) == {GIVEN_UP: 3}


def test_a_source_that_is_forgotten_leaves_no_row_and_no_book_and_the_others_stay(lake: Lake) -> None:
    forget_source(lake, GIVEN_UP)
    assert sources(lake, COMPLAINT) == sources(lake, BRONZE["complaint"]) == sources(lake, quarantine_of(MAPPED)) == [MAPPED] * 2
    assert sources(lake, quarantine_of(GIVEN_UP)) == []
    assert BatchBook(lake.home, GIVEN_UP).batches == {}
    assert consistent_deliveries(lake, [MAPPED]) is not None


@pytest.mark.parametrize("left", ["bronze", "book"])
def test_a_source_that_never_came_as_far_as_silver_is_forgotten_too(
    lake: Lake, left: str, capfd: pytest.CaptureFixture[str]
) -> None:
    options = ("--profile", "cn", "--home", lake.home, "--yes")
    if left == "bronze":
        put(lake, BRONZE["tax_filing"], "stopped", 2)
        put(lake, quarantine_of("stopped"), "stopped", 1)
    else:
        book = BatchBook(lake.home, "stopped")
        book.put([Batch(D, "chain", [], stopped=["too few"])])
        book.save()
    assert steelyard(capfd, "lake", "forget", "stopped", *options).code == 0
    tables = [table for table in (BRONZE["tax_filing"], quarantine_of("stopped")) if lake.exists(table)]
    assert [sources(lake, table) for table in tables] == [[]] * len(tables)
    assert BatchBook(lake.home, "stopped").batches == {}
    assert steelyard(capfd, "lake", "forget", "stopped", *options).code == 4


def test_after_a_crash_nothing_builds_on_the_rows_and_the_same_command_goes_on(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "replace_arrow", dies)
        with pytest.raises(KeyboardInterrupt):
            forget_source(lake, GIVEN_UP)
    assert consistent_deliveries(lake, [MAPPED]) is None
    forget_source(lake, GIVEN_UP)
    assert consistent_deliveries(lake, [MAPPED]) is not None


def test_the_command_refuses_a_source_that_is_mapped_or_has_no_row(lake: Lake, capfd: pytest.CaptureFixture[str]) -> None:
    assert MAPPED in {path.stem for path in (load_profile("cn").folder / "sources").glob("*.toml")}
    options = ("--profile", "cn", "--home", lake.home, "--yes")
    assert steelyard(capfd, "lake", "forget", MAPPED, *options).code == 2
    for name in ("nobody", "", "../silver/complaint", "../batches/hotline"):
        assert steelyard(capfd, "lake", "forget", name, *options).code == 4
    assert steelyard(capfd, "lake", "forget", GIVEN_UP, *options).code == 0
    assert count_orphaned_rows(lake, [MAPPED]) == {}
