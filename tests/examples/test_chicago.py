"""Chicago's real files: a ranked list with reasons, and nothing used before it was known."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from expectations.contracts import registration, scoring
from expectations.contracts.registry import BRONZE
from expectations.contracts.silver import ENTITY
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.profile.mapping import load_mappings
from jobs.profile.profile import Profile
from jobs.run_day import Day, run_day
from jobs.steps.build_features import ensure_features
from jobs.steps.score_entities import read_features
from jobs.training.evaluate_profile import month_ends

AS_OF = date(2014, 8, 31)
CONFIG = Path(__file__).resolve().parents[2] / "config" / "chicago"


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The profile as it is, but learning from two cohorts, so that the test takes less time."""
    folder = tmp_path_factory.mktemp("chicago") / "profile"
    shutil.copytree(CONFIG, folder)
    path = folder / "profile.toml"
    path.write_text(re.sub(r"(?m)^cohorts = \d+", "cohorts = 2", path.read_text(encoding="utf-8")), encoding="utf-8")
    return load_profile(str(folder))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Lake:
    return Lake(tmp_path_factory.mktemp("home"), spark)


@pytest.fixture(scope="module")
def day(lake: Lake, profile: Profile, real_data: Path) -> Day:
    return run_day(lake, profile, real_data / "chicago", AS_OF)


def test_every_source_passes_and_its_counts_add_up(day: Day) -> None:
    assert {manifest.source: manifest.verdict.value for manifest in day.sources} == dict.fromkeys(
        ("business_complaint", "canvass", "first_licence", "follow_up", "licence", "sanitation_complaint"), "passed"
    )
    for manifest in day.sources:
        for batch in manifest.batches:
            parts = ("kept", "combined", "duplicates", "quarantined", "out_of_scope")
            assert batch["read"] == sum(batch[part] for part in parts)


def test_the_list_ranks_known_businesses_with_reasons(day: Day, lake: Lake) -> None:
    listed = lake.arrow(scoring.RISK_LIST, where=f"as_of = '{AS_OF}'").to_pandas().sort_values("list_rank")
    reasons = lake.arrow(scoring.REASONS, where=f"as_of = '{AS_OF}'").to_pandas()
    assert len(listed) == day.manifest["listed"] > 100
    assert list(listed["list_rank"]) == list(range(1, len(listed) + 1))
    assert listed["margin"].is_monotonic_decreasing
    assert set(listed["entity_id"]) == set(reasons["entity_id"])
    assert reasons.groupby("entity_id").size().between(1, 5).all()
    assert (reasons["contribution"] > 0).all()


@pytest.mark.usefixtures("day")
def test_before_its_inspection_only_number_name_address_and_first_date_of_a_licence_count(lake: Lake) -> None:
    early = lake.read(ENTITY).where(F.col("source") == "first_licence").toPandas()
    assert len(early) > 10_000
    sure = {"entity_id", "id_scheme", "name", "trading_name", "status", "region_code", "address", "established_on"}
    filled = {str(column) for column in registration.COLUMNS if early[column].notna().any()}
    assert filled <= sure
    assert (pd.to_datetime(early["known_at"]).dt.date >= early["established_on"]).all()


@pytest.mark.usefixtures("day")
def test_inspectors_and_later_licence_states_reach_no_feature(lake: Lake, profile: Profile) -> None:
    rows = lake.read(BRONZE["registration"]).select("status").distinct().collect()
    assert [row["status"] for row in rows] == ["active"]
    columns = [item for mapping in load_mappings(profile.folder).values() for item in mapping.columns.items()]
    used = {name for name, sql in columns if "sanitarian" in sql}
    assert used == {"inspector_id"}
    assert not [name for name in read_features(lake, AS_OF).columns if "inspector" in name]


@pytest.mark.usefixtures("day")
def test_a_day_before_all_inspections_knows_businesses_and_no_record_of_them(lake: Lake, profile: Profile) -> None:
    early = date(2010, 12, 31)
    ensure_features(lake, profile, early)
    features = read_features(lake, early)
    assert len(features) > 5_000
    assert features["violations_36m"].fillna(0).eq(0).all()
    assert features["breach_rate"].isna().all()


def test_month_ends_cover_the_months_asked_for() -> None:
    assert month_ends(date(2014, 1, 31), date(2014, 3, 31)) == [date(2014, 1, 31), date(2014, 2, 28), date(2014, 3, 31)]
    assert month_ends(date(2014, 1, 1), date(2014, 2, 15)) == [date(2014, 1, 31), date(2014, 2, 28)]
