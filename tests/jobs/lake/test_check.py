"""A sound home passes every check, and each kind of damage fails the one that is there for it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from expectations.contracts import scoring
from expectations.contracts.contract import Contract
from expectations.contracts.registry import BRONZE
from jobs.engine.lake import Lake
from jobs.foundation.errors import Damaged
from jobs.foundation.files import read_json, write_json
from jobs.foundation.findings import Verdict
from jobs.lake.batches import BatchBook
from jobs.lake.maintenance.check import check
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.maintenance.restore import plan_day, restore
from jobs.lake.maintenance.table_files import open_table, sizes_of
from jobs.lake.manifests import run_manifest_path, run_manifest_path_by_id, withdrawn_path
from jobs.lake.table_version import VERSION
from jobs.lake.write_intents import WriteIntent
from jobs.profile.profile import Retention
from tests.day.command import steelyard
from tests.day.town import TODAY, YESTERDAY, Town

FILING = BRONZE["tax_filing"]


def file_of(lake: Lake, contract: Contract) -> Path:
    return lake.path(contract) / sorted(sizes_of(open_table(lake, contract)))[-1]


def spoil(path: Path) -> None:
    """Other bytes, in a file of the same size."""
    path.write_bytes(bytes(path.stat().st_size))


def append(lake: Lake, contract: Contract, rows: pa.Table) -> None:
    write_deltalake(str(lake.path(contract)), rows, mode="append")


def lose_a_file(lake: Lake) -> None:
    file_of(lake, scoring.SCORES).unlink()


def cut_a_file_short(lake: Lake) -> None:
    path = file_of(lake, scoring.SCORES)
    path.write_bytes(path.read_bytes()[:-100])


def spoil_a_file(lake: Lake) -> None:
    spoil(file_of(lake, scoring.SCORES))


def spoil_a_log(lake: Lake) -> None:
    sorted((lake.path(scoring.SCORES) / "_delta_log").glob("*.json"))[-1].write_text("{", encoding="utf-8")


def double_a_score(lake: Lake) -> None:
    append(lake, scoring.SCORES, lake.arrow(scoring.SCORES).slice(0, 1))


def lose_a_key(lake: Lake) -> None:
    rows = lake.arrow(scoring.SCORES).slice(0, 1)
    append(lake, scoring.SCORES, rows.set_column(0, "entity_id", pa.nulls(1, pa.string())))


def double_a_record(lake: Lake) -> None:
    append(lake, FILING, lake.arrow(FILING).slice(0, 1))


def change_a_type(lake: Lake) -> None:
    rows = lake.arrow(scoring.SCORES)
    wide = rows.set_column(rows.schema.get_field_index("credit_points"), "credit_points", rows["credit_points"].cast(pa.int64()))
    write_deltalake(str(lake.path(scoring.SCORES)), wide, mode="overwrite", schema_mode="overwrite", partition_by=["as_of"])


def lose_a_file_that_only_an_old_day_needs(lake: Lake) -> None:
    path = file_of(lake, scoring.SCORES)
    lake.replace_arrow(lake.arrow(scoring.SCORES, where=f"as_of = '{TODAY}'"), scoring.SCORES, f"as_of = '{TODAY}'")
    path.unlink()


def name_a_version_that_never_was(lake: Lake) -> None:
    path = run_manifest_path(lake.home, YESTERDAY)
    said = read_json(path)
    write_json(path, {**said, "tables": {**said["tables"], "gold.scores": 77}})


def miscount(lake: Lake) -> None:
    book = BatchBook(lake.home, "returns")
    book.batches[TODAY].set_aside += 1
    book.save()


def forget_a_delivery(lake: Lake) -> None:
    book = BatchBook(lake.home, "returns")
    book.drop([TODAY])
    book.save()


def lose_a_record(lake: Lake) -> None:
    rows = lake.arrow(FILING, where=f"delivered_on = '{TODAY}'")
    lake.replace_arrow(rows.slice(1), FILING, f"source = 'returns' AND delivered_on = '{TODAY}'")


def strike_from_the_list(lake: Lake) -> None:
    open_table(lake, scoring.RISK_LIST).delete(f"as_of = '{TODAY}' AND list_rank = 1")


def put_another_rank(lake: Lake) -> None:
    open_table(lake, scoring.RISK_LIST).update({"list_rank": "list_rank + 1"}, predicate=f"as_of = '{YESTERDAY}'")


def change_the_list_and_spoil_what_it_was(lake: Lake) -> None:
    path = file_of(lake, scoring.RISK_LIST)
    strike_from_the_list(lake)
    spoil(path)


def change_the_list_and_spoil_it(lake: Lake) -> None:
    strike_from_the_list(lake)
    spoil(file_of(lake, scoring.RISK_LIST))


def lose_a_days_reasons(lake: Lake) -> None:
    open_table(lake, scoring.REASONS).delete(f"as_of = '{TODAY}'")


def note_version(lake: Lake, version: int) -> None:
    open_table(lake, scoring.RISK_LIST).alter.set_table_properties({VERSION: str(version)}, raise_if_not_exists=False)


DAMAGES: tuple[tuple[Callable[[Lake], None], str, str], ...] = (
    (lose_a_file, "gold.scores", "files"),
    (cut_a_file_short, "gold.scores", "files"),
    (spoil_a_file, "gold.scores", "files"),
    (spoil_a_log, "gold.scores", "log"),
    (double_a_score, "gold.scores", "keys"),
    (lose_a_key, "gold.scores", "keys"),
    (double_a_record, "bronze.tax_filing", "keys"),
    (change_a_type, "gold.scores", "columns"),
    (lose_a_file_that_only_an_old_day_needs, f"run {TODAY}", "versions"),
    (name_a_version_that_never_was, f"run {YESTERDAY}", "versions"),
    (strike_from_the_list, f"day {TODAY}", "risk_list"),
    (put_another_rank, f"day {YESTERDAY}", "risk_list"),
    (lose_a_days_reasons, f"day {TODAY}", "reasons"),
    (change_the_list_and_spoil_what_it_was, f"day {TODAY}", "risk_list"),
    (change_the_list_and_spoil_it, "gold.risk_list", "files"),
    (miscount, "source returns", "counts"),
    (forget_a_delivery, "source returns", "counts"),
    (lose_a_record, "source returns", "counts"),
)


def found(lake: Lake, verdict: Verdict) -> set[tuple[str, str]]:
    return {(without_id(finding.subject), finding.check) for finding in check(lake) if finding.verdict is verdict}


def without_id(subject: str) -> str:
    return re.sub("-[0-9a-f]{12}$", "", subject)


def test_a_home_as_runs_leave_it_is_sound_and_every_source_is_accounted_for(two_days: Town) -> None:
    findings = list(check(two_days.lake))

    assert [finding for finding in findings if finding.verdict is not Verdict.OK] == []
    assert {finding.subject for finding in findings if finding.check == "counts"} == {
        "source complaints", "source returns", "source shops", "source visits",
    }  # fmt: skip
    assert {without_id(finding.subject) for finding in findings if finding.check == "versions"} == {
        f"run {YESTERDAY}",
        f"run {TODAY}",
    }
    assert [finding.subject for finding in findings if finding.check == "risk_list"] == [f"day {YESTERDAY}", f"day {TODAY}"]


@pytest.mark.parametrize(("change", "day"), [(strike_from_the_list, TODAY), (put_another_rank, YESTERDAY)])
def test_only_the_day_with_the_changed_list_is_reported_and_the_newest_version_repairs_it(
    town: Town, change: Callable[[Lake], None], day: date
) -> None:
    change(town.lake)
    assert found(town.lake, Verdict.FAIL) == {(f"day {day}", "risk_list")}

    plan = plan_day(town.lake, TODAY)
    restore(town.lake, plan)

    assert plan.withdrawn == ()
    assert found(town.lake, Verdict.FAIL) == set()


def test_a_list_is_not_held_against_rows_of_before_a_migration(town: Town) -> None:
    note_version(town.lake, 1)
    said = read_json(run_manifest_path(town.home, TODAY))
    write_json(
        run_manifest_path(town.home, TODAY),
        {**said, "tables": {**said["tables"], "gold.risk_list": town.lake.version(scoring.RISK_LIST), "gold.reasons": None}},
    )
    strike_from_the_list(town.lake)
    note_version(town.lake, scoring.RISK_LIST.version)

    assert [line.subject for line in check(town.lake) if line.check == "risk_list"] == [f"day {YESTERDAY}"]


def test_a_maintained_home_is_sound(town: Town) -> None:
    maintain(town.lake, Retention(1, 1), TODAY)

    assert [finding for finding in check(town.lake) if finding.verdict is not Verdict.OK] == []


@pytest.mark.parametrize(("damage", "subject", "asked"), DAMAGES, ids=[damage.__name__ for damage, _, _ in DAMAGES])
def test_damage_fails_its_check(town: Town, damage: Callable[[Lake], None], subject: str, asked: str) -> None:
    damage(town.lake)

    failed = {(without_id(line.subject), line.check): line for line in check(town.lake) if line.verdict is Verdict.FAIL}

    assert failed[subject, asked].next_step


def test_what_a_dead_writer_left_and_what_nobody_knows_is_worth_a_word(town: Town) -> None:
    (town.lake.path(scoring.SCORES) / "as_of=2026-06-30" / "part-half.parquet").write_bytes(b"PAR1")
    (town.home / "lake" / "gold" / "old_idea" / "_delta_log").mkdir(parents=True)
    with pytest.raises(KeyboardInterrupt), WriteIntent(town.home, "returns", "conform").writing(TODAY, TODAY):
        raise KeyboardInterrupt

    assert found(town.lake, Verdict.WARN) == {("gold.scores", "room"), ("gold.old_idea", "contract"), ("source returns", "counts")}
    assert found(town.lake, Verdict.FAIL) == set()


def delete_run(town: Town, *places: str) -> None:
    """Delete a run's manifests: by its ``day``, by its ``id``."""
    by_day = run_manifest_path(town.home, YESTERDAY)
    by_id = run_manifest_path_by_id(town.home, read_json(by_day)["run_id"])
    for place in places:
        {"day": by_day, "id": by_id}[place].unlink()


@pytest.mark.parametrize(
    ("places", "verdict", "says"),
    [
        (["day"], Verdict.FAIL, "its run manifest is missing, although that of its run 2026-06-29-"),
        (["id"], Verdict.FAIL, "manifests/runs/by_id/2026-06-29-"),
        (["day", "id"], Verdict.WARN, "it has no run manifest, and gold.risk_list has its list"),
    ],
)
def test_a_deleted_run_manifest_is_reported(town: Town, places: list[str], verdict: Verdict, says: str) -> None:
    delete_run(town, *places)

    (line,) = [line for line in check(town.lake) if line.check == "manifests"]

    assert (line.subject, line.verdict) == (f"day {YESTERDAY}", verdict)
    assert says in line.found
    assert line.next_step


def test_a_run_that_was_deleted_with_its_list_is_shown_by_the_next_run_or_the_note_of_its_scores(town: Town) -> None:
    delete_run(town, "day", "id")
    open_table(town.lake, scoring.RISK_LIST).delete(f"as_of = '{YESTERDAY}'")

    assert [line.found for line in check(town.lake) if line.check == "manifests"] == [
        f"it has no run manifest, and the run of {TODAY} read its classes"
    ]
    run = read_json(run_manifest_path(town.home, TODAY))
    write_json(run_manifest_path(town.home, TODAY), {**run, "classes_before": {"as_of": None}})
    assert [line.found for line in check(town.lake) if line.check == "manifests"] == [
        "it has no run manifest, and the note of its scores exists"
    ]


def test_a_day_that_a_restore_undid_lacks_no_manifest(town: Town) -> None:
    put_another_rank(town.lake)
    write_json(withdrawn_path(town.home, read_json(run_manifest_path(town.home, YESTERDAY))["run_id"]), {})
    delete_run(town, "day")

    assert [line.verdict for line in check(town.lake) if line.check == "manifests"] == [Verdict.OK]


def test_a_checkpoint_that_hides_a_kept_day_from_the_engine_is_reported_and_repaired_by_maintenance(town: Town) -> None:
    open_table(town.lake, scoring.SCORES).create_checkpoint()

    assert found(town.lake, Verdict.WARN) == {("gold.scores", "log")}
    maintain(town.lake, Retention(35, 35), TODAY)
    assert found(town.lake, Verdict.WARN) == set()


def test_the_command_tells_and_its_exit_code_says_whether_the_home_is_sound(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    sound = steelyard(capfd, "lake", "check", "--home", town.home)
    lose_a_file(town.lake)
    unsound = steelyard(capfd, "lake", "check", "--home", town.home)
    as_json = steelyard(capfd, "lake", "check", "--home", town.home, "--json")

    assert (sound.code, sound.out.splitlines()[-1]) == (0, "this home is sound")
    assert (unsound.code, unsound.out.splitlines()[-1]) == (Damaged.exit_code, "this home is not sound")
    assert "-> restore it: `steelyard lake restore`" in unsound.out
    assert as_json.code == 9
    said = json.loads(as_json.out)
    assert said["sound"] is False
    assert {row["subject"] for row in said["findings"] if row["verdict"] == "fail"} >= {"gold.scores"}
