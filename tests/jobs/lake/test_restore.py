"""What a restore brings back, what it takes back, and that the next run puts all in order again."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from expectations.contracts import scoring, silver
from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.foundation.files import write_json
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.maintenance.restore import plan_day, plan_table, restore
from jobs.lake.manifests import find_run, lake_of_finished_day, note_path, run_manifest_path
from jobs.profile.profile import Retention
from tests.day.command import steelyard
from tests.day.town import TODAY, YESTERDAY, Town, gold, listed
from tests.jobs.lake.homes import ENTITIES, FEATURES, close, entities_of, home_of, put, put_day

D = date(2026, 6, 30)
BEFORE = D - timedelta(days=1)


def lake_after_a_bad_rerun(folder: Path) -> Lake:
    """Two finished days, and a run of the second that died after it changed the tables."""
    lake = home_of(folder, [BEFORE, D])
    put_day(lake, D, entities=["E9"], listed=["E9"])
    return lake


def test_a_table_goes_back_by_a_new_version_and_the_versions_between_stay(tmp_path: Path) -> None:
    lake = lake_after_a_bad_rerun(tmp_path)
    assert lake.version(FEATURES) == 3

    restore(lake, plan_table(lake, "gold.features", 2))

    assert lake.version(FEATURES) == 4
    assert entities_of(lake, D) == list(ENTITIES)
    assert entities_of(lake.at({"gold.features": 3}), D) == ["E9"]


def test_a_day_goes_back_to_what_its_own_run_left_and_stays_finished(tmp_path: Path) -> None:
    lake = lake_after_a_bad_rerun(tmp_path)

    plan = plan_day(lake, D)
    restore(lake, plan)

    assert plan.withdrawn == ()
    assert entities_of(lake, D) == list(ENTITIES)
    assert lake.arrow(scoring.RISK_LIST, where=f"as_of = '{D}'").num_rows == 2
    assert plan_day(lake, D).tables == ()


def test_a_later_day_is_withdrawn_with_its_notes_and_stays_on_record(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [BEFORE, D])
    for day in (BEFORE, D):
        write_json(note_path(tmp_path, "features", day), {"rests_on": "x"})

    plan = plan_day(lake, BEFORE)
    restore(lake, plan)

    assert plan.withdrawn == (D,)
    assert [run_manifest_path(tmp_path, day).exists() for day in (BEFORE, D)] == [True, False]
    assert [note_path(tmp_path, "features", day).exists() for day in (BEFORE, D)] == [True, False]
    assert (tmp_path / "manifests" / "withdrawn" / f"{D}-run.json").exists()


def test_a_day_that_a_restore_undid_is_not_finished_whatever_its_runs_were(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [BEFORE, D])
    put_day(lake, D, listed=["E1"])
    close(lake, D, "again")
    restore(lake, plan_day(lake, BEFORE))
    with pytest.raises(InputMissing):
        find_run(tmp_path, D)


def test_peers_that_go_back_take_their_features_note_with_them(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    for day, median in ((BEFORE, 1.0), (D, 2.0)):
        put(lake, scoring.PEERS, day, [{"peer_group": "all", "indicator": "age_days", "peer_median": median}])
        close(lake, day, tables=[scoring.PEERS])
        write_json(note_path(tmp_path, "features", day), {"rests_on": "x"})

    plan = plan_day(lake, BEFORE)
    restore(lake, plan)

    assert plan.withdrawn == (D,)
    assert [note_path(tmp_path, "features", day).exists() for day in (BEFORE, D)] == [True, False]


def test_files_that_were_only_joined_take_no_day_away(tmp_path: Path) -> None:
    from deltalake import write_deltalake

    lake = home_of(tmp_path, [BEFORE])
    put_day(lake, D, entities=["E1"])
    extra = lake.arrow(FEATURES, where=f"as_of = '{D}'")
    write_deltalake(str(lake.path(FEATURES)), extra.set_column(0, "entity_id", [["E2"]]), mode="append")
    close(lake, D)
    maintain(lake, Retention(100, 100), D)
    joined = lake.version(FEATURES)
    put_day(lake, BEFORE, entities=["E9"])

    plan = plan_table(lake, "gold.features", joined or 0)

    assert [dict(part)["as_of"] for part in plan.tables[0].changed] == [BEFORE]
    assert plan.withdrawn == ()


@pytest.mark.parametrize(("version", "why"), [(99, "the newest is"), (1, "what it was made of is gone")])
def test_a_version_that_cannot_be_read_is_refused(tmp_path: Path, version: int, why: str) -> None:
    lake = home_of(tmp_path, [D] * 4)
    maintain(lake, Retention(1, 1), D)
    before = lake.version(FEATURES)

    with pytest.raises(ConfigError, match=why) as refused:
        plan_table(lake, "gold.features", version)

    assert "steelyard lake history gold.features" in refused.value.next_step
    assert lake.version(FEATURES) == before


def test_a_day_that_was_never_finished_is_refused_with_those_that_were(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [BEFORE])

    with pytest.raises(InputMissing) as refused:
        plan_day(lake, D)

    assert refused.value.next_step == f"name one of {BEFORE}"


def test_a_crash_between_two_tables_is_finished_by_the_same_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deltalake import DeltaTable

    lake = home_of(tmp_path, [BEFORE, D])
    done: list[int] = []
    real = DeltaTable.restore

    def dies_second_time(table: DeltaTable, target: int) -> object:
        if done:
            raise KeyboardInterrupt
        done.append(target)
        return real(table, target)

    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, "restore", dies_second_time)
        with pytest.raises(KeyboardInterrupt):
            restore(lake, plan_day(lake, BEFORE))
    assert not run_manifest_path(tmp_path, D).exists(), "no reader may meet a day without one of its tables"
    restore(lake, plan_day(lake, BEFORE))

    assert entities_of(lake, D) == []
    assert lake.arrow(scoring.RISK_LIST, where=f"as_of = '{D}'").num_rows == 0
    assert entities_of(lake_of_finished_day(lake, BEFORE), BEFORE) == list(ENTITIES)


def test_after_a_restore_the_next_run_makes_the_same_day_again(town: Town) -> None:
    before, list_before = gold(town), listed(town)
    silver_before = town.lake.arrow(silver.ENTITY).num_rows

    restore(town.lake, plan_day(town.lake, YESTERDAY))
    assert town.lake.arrow(silver.ENTITY).num_rows < silver_before
    town.run(TODAY)

    assert town.lake.arrow(silver.ENTITY).num_rows == silver_before
    assert gold(town) == before
    assert listed(town) == list_before


@pytest.mark.slow
def test_bronze_gone_back_is_taken_in_again(town: Town) -> None:
    before = gold(town)

    for name in ("bronze.complaint", "bronze.tax_filing"):
        restore(town.lake, plan_table(town.lake, name, 1))
    town.run(TODAY)

    assert gold(town) == before


def test_the_command_asks_first_and_says_what_it_would_do(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake = lake_after_a_bad_rerun(tmp_path)

    asked = steelyard(capfd, "lake", "restore", "gold.features", "--version", 2, "--home", tmp_path)

    assert asked.code == 2
    assert "gold.features: version 3 to the rows of version 2; partitions that change: 1" in asked.out
    assert "--yes" in asked.err
    assert lake.version(FEATURES) == 3

    done = steelyard(capfd, "lake", "restore", "gold.features", "--version", 2, "--home", tmp_path, "--yes")

    assert done.code == 0
    assert entities_of(lake, D) == list(ENTITIES)


@pytest.mark.parametrize(
    "given", [["--version", "2"], ["gold.features"], ["gold.features", "--version", "1", "--as-of-run", "2026-06-30"]]
)
def test_the_command_needs_to_know_what_to_restore(tmp_path: Path, capfd: pytest.CaptureFixture[str], given: list[str]) -> None:
    home_of(tmp_path, [D])

    said = steelyard(capfd, "lake", "restore", *given, "--home", tmp_path)

    assert said.code == 2
    assert "the version to restore is not named" in said.err
