"""Running a day again changes nothing, neither in it nor in the days around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE, SILVER
from jobs.foundation.files import read_json
from jobs.lake.manifests import run_manifest_path
from jobs.lake.model_store import ModelStore
from tests.day import damage
from tests.day.made_towns import town_after
from tests.day.town import TODAY, YESTERDAY, Town, gold, gold_files, listed, manifests, record_tables

SOURCES = ("shops", "returns", "complaints", "visits")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with yesterday run, then today; for copying, not for changing."""
    return town_after(YESTERDAY, TODAY, session=spark, tmp_path_factory=tmp_path_factory)


def silver_versions(town: Town) -> dict[str, int | None]:
    """The versions of the tables that sources write."""
    tables = (*BRONZE.values(), *SILVER.values(), *map(quarantine_of, SOURCES))
    return {table.full_name: town.lake.version(table) for table in tables}


def run_ids(town: Town) -> dict[str, str]:
    return {str(day): read_json(run_manifest_path(town.home, day))["run_id"] for day in (YESTERDAY, TODAY)}


def test_running_today_again_gives_the_same_rows_ids_and_source_manifests(both: Town, tmp_path: Path) -> None:
    again = both.copy(tmp_path)
    again.run(TODAY)
    assert gold(again) == gold(both)
    assert run_ids(again) == run_ids(both)
    assert ModelStore(again.home).newest(TODAY) == ModelStore(both.home).newest(TODAY)
    before = {name: content for name, content in manifests(both, TODAY).items() if name.startswith("sources/")}
    assert {name: content for name, content in manifests(again, TODAY).items() if name.startswith("sources/")} == before
    # What has not changed is not written again.
    assert silver_versions(again) == silver_versions(both)


def test_running_yesterday_again_leaves_todays_rows_and_manifests_unchanged(both: Town, tmp_path: Path) -> None:
    again = both.copy(tmp_path)
    files, written = gold_files(again, TODAY), manifests(again, TODAY)
    again.run(YESTERDAY)
    assert (gold_files(again, TODAY), manifests(again, TODAY)) == (files, written)
    assert gold(again, YESTERDAY) == gold(both, YESTERDAY)
    assert run_ids(again) == run_ids(both)
    assert silver_versions(again) == silver_versions(both)


def test_today_leaves_yesterdays_files_and_manifests_as_they_were(yesterday: Town, both: Town) -> None:
    assert gold_files(both, YESTERDAY) == gold_files(yesterday, YESTERDAY)
    assert manifests(both, YESTERDAY) == manifests(yesterday, YESTERDAY)


def test_days_in_one_home_and_a_day_alone_take_in_the_same_rows(both: Town, golden: Town) -> None:
    for table in record_tables(golden.lake):
        one, other = (town.lake.arrow(table).to_pandas().astype(str) for town in (both, golden))
        order = ["source_file", "source_row"]
        assert one.sort_values(order, ignore_index=True).equals(other.sort_values(order, ignore_index=True))


@pytest.mark.slow
def test_a_corrected_delivery_gives_the_list_of_an_undamaged_day(yesterday: Town, both: Town, tmp_path: Path) -> None:
    corrected = yesterday.copy(tmp_path)
    sound = {}
    for source in SOURCES:
        (path,) = damage.today(corrected.sources, source)
        sound[path] = path.read_bytes()
        damage.swap_columns(path)
    corrected.run(TODAY)
    assert listed(corrected) != listed(both)
    for path, content in sound.items():
        path.write_bytes(content)
    corrected.run(TODAY)
    assert gold(corrected) == gold(both)
    assert run_ids(corrected) == run_ids(both)
    assert [corrected.quarantined(source) for source in SOURCES] == [[]] * len(SOURCES)
