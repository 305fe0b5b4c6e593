"""Maintenance frees room and never takes what a kept day needs."""

from __future__ import annotations

import json
import random
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.contracts import scoring
from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError
from jobs.foundation.files import write_json
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.maintenance.table_files import checkpoints, files_on_disk, is_whole, open_table, readable_versions, sizes_of
from jobs.lake.manifests import find_run, lake_of_finished_day, note_path, time_travel_since
from jobs.profile.profile import CONFIG_ROOT, Retention
from tests.day.command import steelyard
from tests.jobs.lake.homes import ENTITIES, FEATURES, LISTED, close, data_files, entities_of, home_of, log_files, put_day

D = date(2026, 6, 30)
POLICY = Retention(feature_days=3, time_travel_days=2)


def days(*back: int) -> list[date]:
    return [D - timedelta(days=number) for number in back]


def test_old_features_keep_the_listed_and_month_ends_and_young_days_stay_whole(tmp_path: Path) -> None:
    month_end = date(2026, 5, 31)
    lake = home_of(tmp_path, [month_end, *days(5, 3, 2, 0)])

    done = maintain(lake, POLICY, D)

    assert {str(day): entities_of(lake, day) for day in (month_end, *days(5, 3, 2, 0))} == {
        "2026-05-31": list(ENTITIES),
        "2026-06-25": list(LISTED),
        "2026-06-27": list(LISTED),
        "2026-06-28": list(ENTITIES),
        "2026-06-30": list(ENTITIES),
    }
    assert done.trimmed == tuple(days(5, 3))


def test_a_trimmed_day_is_no_longer_noted_as_current_so_that_training_builds_it_again(tmp_path: Path) -> None:
    lake = home_of(tmp_path, days(5, 0))
    for day in days(5, 0):
        write_json(note_path(tmp_path, "features", day), {"rests_on": "x"})

    maintain(lake, POLICY, D)

    assert [note_path(tmp_path, "features", day).exists() for day in days(5, 0)] == [False, True]


def test_a_day_within_time_travel_is_read_as_its_run_left_it_and_an_older_day_from_the_newest(tmp_path: Path) -> None:
    lake = home_of(tmp_path, days(2, 1, 0))
    for day in days(2, 1):  # done again by a run that died: newer versions, no manifest
        put_day(lake, day, entities=["E9"], listed=["E9"])

    maintain(lake, POLICY, D)

    assert time_travel_since(tmp_path) == D - timedelta(days=1)
    assert entities_of(lake_of_finished_day(lake, days(1)[0]), days(1)[0]) == list(ENTITIES)
    assert entities_of(lake_of_finished_day(lake, days(2)[0]), days(2)[0]) == ["E9"]


def test_a_run_whose_day_was_done_again_keeps_its_versions_within_time_travel_and_no_longer(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    found = {}
    for day in days(2, 1):
        put_day(lake, day)
        found[day] = find_run(tmp_path, close(lake, day, "first"))["tables"]
        put_day(lake, day, entities=["E9"])
        close(lake, day, "second")

    maintain(lake, POLICY, D - timedelta(days=1))

    assert entities_of(lake.at(found[days(1)[0]]), days(1)[0]) == list(ENTITIES)
    maintain(lake, POLICY, D)
    put_day(lake, D)
    close(lake, D)
    maintain(lake, Retention(feature_days=3, time_travel_days=1), D)
    assert not is_whole(lake, FEATURES, found[days(1)[0]]["gold.features"])


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 6))])
def test_every_version_that_a_kept_day_names_can_be_read_whole_after_any_history(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    lake = Lake(tmp_path)
    read_before: dict[date, list[str]] = {}
    for _ in range(25):
        day = D - timedelta(days=chance.randrange(6))
        put_day(lake, day, entities=chance.sample(["E1", "E2", "E3", "E4", "E5"], 3), value=chance.random())
        if chance.random() < 0.6:
            close(lake, day)
            read_before[day] = entities_of(lake_of_finished_day(lake, day), day)
        if chance.random() < 0.2:
            maintain(lake, Retention(feature_days=30, time_travel_days=4), D)
    maintain(lake, Retention(feature_days=30, time_travel_days=4), D)

    kept = {day: rows for day, rows in read_before.items() if day > D - timedelta(days=4)}
    assert kept
    assert {day: entities_of(lake_of_finished_day(lake, day), day) for day in kept} == kept


def test_what_no_kept_version_needs_goes_with_its_log(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [D] * 4)
    stray = lake.path(FEATURES) / "as_of=2026-06-30" / "part-of-a-writer-that-died.parquet"
    stray.write_bytes(b"half a file")
    before = data_files(lake)

    done = maintain(lake, POLICY, D)

    assert len(before) == 9
    assert len(data_files(lake)) == 2
    assert done.freed > 0
    assert readable_versions(lake.path(FEATURES)) == set(range(4, (lake.version(FEATURES) or 0) + 1))
    assert checkpoints(lake.path(FEATURES)) == {4}


def test_checksums_that_hadoop_keeps_beside_files_are_nothing_to_remove_but_those_of_files_that_went_are(tmp_path: Path) -> None:
    lake = home_of(tmp_path, [D])
    for path in data_files(lake):
        Path(path).with_name(f".{Path(path).name}.crc").write_bytes(b"crc")
    versions = {contract.name: lake.version(contract) for contract in (FEATURES, scoring.RISK_LIST)}

    assert all("crc" not in path for contract in (FEATURES, scoring.RISK_LIST) for path in files_on_disk(lake, contract))
    assert maintain(lake, POLICY, D).freed == 0
    assert {contract.name: lake.version(contract) for contract in (FEATURES, scoring.RISK_LIST)} == versions
    checksum = lake.path(FEATURES) / "as_of=2026-06-30" / ".gone.parquet.crc"
    checksum.write_bytes(b"crc")
    maintain(lake, POLICY, D)
    assert not checksum.exists()


def test_doing_it_again_changes_nothing(tmp_path: Path) -> None:
    lake = home_of(tmp_path, days(5, 3, 1, 0, 1, 0))
    maintain(lake, POLICY, D)
    maintain(lake, POLICY, D)
    before = {path: Path(path).read_bytes() for path in data_files(lake) | log_files(lake)}

    again = maintain(lake, POLICY, D)

    assert (again.trimmed, again.joined, again.freed, again.log_files) == ((), 0, 0, 0)
    assert {path: Path(path).read_bytes() for path in data_files(lake) | log_files(lake)} == before


def test_an_earlier_day_given_later_brings_no_lost_version_back(tmp_path: Path) -> None:
    lake = home_of(tmp_path, days(3, 2, 1, 0))
    maintain(lake, POLICY, D)

    maintain(lake, POLICY, D - timedelta(days=3))

    assert time_travel_since(tmp_path) == D - timedelta(days=1)


def test_days_after_the_one_given_keep_their_versions(tmp_path: Path) -> None:
    lake = home_of(tmp_path, days(1, 0))
    put_day(lake, D, entities=["E9"], listed=[])

    maintain(lake, POLICY, D - timedelta(days=10))

    assert entities_of(lake_of_finished_day(lake, D), D) == list(ENTITIES)


def test_small_files_of_a_partition_are_joined(tmp_path: Path) -> None:
    from deltalake import write_deltalake

    lake = home_of(tmp_path, [D])
    rows = lake.arrow(FEATURES)
    for _ in range(4):
        write_deltalake(str(lake.path(FEATURES)), rows, mode="append")

    done = maintain(lake, POLICY, D)

    assert done.joined == 5
    assert len(sizes_of(open_table(lake, FEATURES))) == 1
    assert len(entities_of(lake, D)) == 5 * len(ENTITIES)


def test_a_crash_at_any_step_loses_nothing_and_the_next_time_finishes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is made to fail in turn, before and after it did its work."""
    from jobs.lake.maintenance import maintain as module

    steps = ("trim_to_listed", "keep_time_travel_since", "_set_properties", "_join_small_files", "vacuum", "shorten_log")
    for at, (step, is_after) in enumerate((step, is_after) for step in steps for is_after in (False, True)):
        lake = home_of(tmp_path / str(at), days(5, 1, 0, 0))
        put_day(lake, D, entities=["E9"], listed=["E9"])
        real = getattr(module, step)

        def dies(*given: object, real: object = real, is_after: bool = is_after) -> None:
            if is_after:
                real(*given)  # type: ignore[operator]
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(module, step, dies)
            with pytest.raises(KeyboardInterrupt):
                maintain(lake, POLICY, D)
        for day in days(1, 0):
            assert entities_of(lake_of_finished_day(lake, day), day) == list(ENTITIES), step
        maintain(lake, POLICY, D)
        for day in days(1, 0):
            assert entities_of(lake_of_finished_day(lake, day), day) == list(ENTITIES), step
        assert entities_of(lake, days(5)[0]) == list(LISTED)
        assert lake.arrow(scoring.RISK_LIST, columns=["entity_id"], where=f"as_of = '{D}'")["entity_id"].to_pylist() == ["E9"]


def test_the_engine_reads_every_kept_day_of_a_home_whose_log_had_checkpoints(tmp_path: Path, spark: SparkSession) -> None:
    """Sail reads no version before the newest checkpoint; homes made before had one every ten commits."""
    lake = home_of(tmp_path, days(3, 2, 1, 0))
    for contract in (FEATURES, scoring.RISK_LIST):
        open_table(lake, contract).create_checkpoint()

    maintain(lake, Retention(feature_days=30, time_travel_days=3), D)

    of_day = {
        day: lake_of_finished_day(Lake(tmp_path, spark), day).read(FEATURES).where(f"as_of = '{day}'").count()
        for day in days(2, 1, 0)
    }
    assert of_day == dict.fromkeys(days(2, 1, 0), len(ENTITIES))


def test_a_day_to_come_takes_nothing_away_that_the_last_runs_left(tmp_path: Path) -> None:
    lake = home_of(tmp_path, days(1, 0))

    maintain(lake, POLICY, date(2062, 6, 30))

    assert time_travel_since(tmp_path) == D - timedelta(days=1)
    assert {day: entities_of(lake_of_finished_day(lake, day), day) for day in days(1, 0)} == {
        day: list(ENTITIES) for day in days(1, 0)
    }


def test_the_command_goes_by_the_policy_of_the_run_and_says_what_it_did(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The profile cn keeps 35 days."""
    lake = home_of(tmp_path, days(50, 0, 0))

    done = steelyard(capfd, "lake", "maintain", "--home", tmp_path, "--as-of", "2026-07-01")
    event = json.loads(done.err.splitlines()[-1])

    assert done.code == 0
    assert (event["since"], event["trimmed_days"]) == ("2026-05-27", 1)
    assert event["freed"] > 0
    assert entities_of(lake, days(50)[0]) == list(LISTED)


@pytest.mark.parametrize("as_of", [D - timedelta(days=1), D + timedelta(days=9)])
def test_a_day_without_a_run_goes_by_the_profile_of_the_newest_run_before_it(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], as_of: date
) -> None:
    """Another profile, in this home's own folder, keeps 400 days."""
    profile = tmp_path / "profile"
    shutil.copytree(CONFIG_ROOT / "chicago", profile)
    text = re.sub(r"time_travel_days = \d+", "time_travel_days = 400", (profile / "profile.toml").read_text(encoding="utf-8"))
    (profile / "profile.toml").write_text(text, encoding="utf-8")
    lake = Lake(tmp_path / "home")
    for day in days(50, 2, 0):
        put_day(lake, day)
        close(lake, day, profile=str(profile))

    done = steelyard(capfd, "lake", "maintain", "--home", lake.home, "--as-of", as_of)

    assert done.code == 0
    assert json.loads(done.err.splitlines()[-1])["since"] == str(min(as_of, D) - timedelta(days=399))


def test_where_no_run_says_which_policy_holds_nothing_is_dropped(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake = home_of(tmp_path, [D, D])
    before = data_files(lake)

    refused = steelyard(capfd, "lake", "maintain", "--home", tmp_path, "--as-of", D - timedelta(days=1))

    assert refused.code == ConfigError.exit_code
    assert "--profile" in refused.err
    assert data_files(lake) == before
