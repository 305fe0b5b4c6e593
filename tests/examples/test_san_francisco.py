"""San Francisco's raw files: what the mappings read equals what pandas reads, and nothing is known before its day."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from expectations.contracts.registry import BRONZE, SILVER
from jobs.engine.lake import Lake
from jobs.lake.manifests import SourceManifest
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import CONFIG_ROOT, Profile
from jobs.steps.build_features import ensure_features
from jobs.steps.score_entities import read_features
from jobs.take_in_source import take_in_sources
from jobs.training.evaluate_profile import Window, evaluate_days

LAST, EVALUATED, EARLY = date(2017, 8, 31), date(2017, 6, 30), date(2015, 3, 31)


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The profile as it is, but learning from two cohorts, so that the test takes less time."""
    folder = tmp_path_factory.mktemp("san_francisco") / "profile"
    shutil.copytree(CONFIG_ROOT / "san_francisco", folder)
    path = folder / "profile.toml"
    path.write_text(re.sub(r"(?m)^cohorts = \d+", "cohorts = 2", path.read_text(encoding="utf-8")), encoding="utf-8")
    return load_profile(str(folder))


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Lake:
    return Lake(tmp_path_factory.mktemp("home"), spark)


@pytest.fixture(scope="module")
def sources(lake: Lake, profile: Profile, real_data: Path) -> dict[str, SourceManifest]:
    manifests = take_in_sources(lake, profile, real_data / "san_francisco", LAST)
    return {manifest.source: manifest for manifest in manifests}


@pytest.fixture(scope="module")
def raw(real_data: Path) -> dict[str, pd.DataFrame]:
    encodings = {"businesses": "cp1252", "inspections": "utf-8", "violations": "utf-8"}
    folder = real_data / "san_francisco"
    return {name: pd.read_csv(folder / f"{name}.csv", dtype=str, encoding=encoding) for name, encoding in encodings.items()}


def rows(lake: Lake, contract: str) -> pd.DataFrame:
    return lake.read(BRONZE[contract]).toPandas()


def test_every_source_passes_and_every_record_is_kept_or_out_of_scope(
    sources: dict[str, SourceManifest], raw: dict[str, pd.DataFrame]
) -> None:
    kinds, businesses = raw["inspections"]["type"], raw["businesses"]
    visited = businesses["business_id"].isin(raw["inspections"]["business_id"])
    kept = {
        "business": visited.sum(),
        "complaint": kinds.isin(["Complaint", "Foodborne Illness Investigation"]).sum(),
        "follow_up": kinds.str.endswith("Reinspection/Followup").sum(),
        "routine": kinds.str.startswith("Routine").sum(),
    }
    assert {name: manifest.verdict.value for name, manifest in sources.items()} == dict.fromkeys(kept, "passed")
    batches = {name: manifest.batches[0] for name, manifest in sources.items()}
    assert {name: (batch["kept"], batch["duplicates"], batch["quarantined"]) for name, batch in batches.items()} == {
        name: (count, 0, 0) for name, count in kept.items()
    }
    assert {name: batch["out_of_scope"] for name, batch in batches.items()} == {
        name: (len(businesses) if name == "business" else len(kinds)) - count for name, count in kept.items()
    }


@pytest.mark.usefixtures("sources")
def test_the_violations_of_a_visit_are_those_of_its_business_and_day(lake: Lake, raw: dict[str, pd.DataFrame]) -> None:
    found = rows(lake, "inspection").query("selected_by == 'other'")
    found["date"] = pd.to_datetime(found["inspected_on"]).dt.strftime("%Y%m%d")
    risks = raw["violations"].assign(high=raw["violations"]["risk_category"] == "High Risk")
    counts = risks.groupby(["business_id", "date"])["high"].agg(["size", "any"]).reset_index()
    wanted = found[["entity_id", "date"]].merge(
        counts, how="left", left_on=["entity_id", "date"], right_on=["business_id", "date"], validate="many_to_one"
    )
    assert list(found["breaches"]) == list(wanted["size"].fillna(0).astype(int))
    assert list(found["found_violation"]) == list(wanted["any"].fillna(False).astype(bool))
    assert 0.2 < found["found_violation"].mean() < 0.4


@pytest.mark.usefixtures("sources")
def test_visits_that_are_alike_are_visits_of_their_own(lake: Lake, raw: dict[str, pd.DataFrame]) -> None:
    ids = [*rows(lake, "inspection")["inspection_id"], *rows(lake, "complaint")["complaint_id"]]
    assert len(ids) == len(set(ids))
    key = ["business_id", "date", "type"]
    assert raw["inspections"].duplicated(key).sum() == 174
    kept = pd.Series(ids).str.rpartition("/")[0]
    assert kept.duplicated().sum() == sum(
        raw["inspections"].duplicated(key) & raw["inspections"]["type"].str.contains("Routine|Followup|Complaint|Foodborne")
    )


@pytest.mark.usefixtures("sources")
def test_a_business_is_known_from_the_day_of_its_first_visit_on(lake: Lake, profile: Profile, raw: dict[str, pd.DataFrame]) -> None:
    ensure_features(lake, profile, EARLY)
    by_then = raw["inspections"][raw["inspections"]["date"] <= f"{EARLY:%Y%m%d}"]
    features = read_features(lake, EARLY).set_index("entity_id")
    assert set(features.index) == set(by_then["business_id"])
    visits = by_then[by_then["type"].str.startswith("Routine")]
    assert (features["visits_36m"] > 0).sum() == visits["business_id"].nunique()
    assert features["complaints_12m"].sum() == by_then["type"].isin(["Complaint", "Foodborne Illness Investigation"]).sum()


@pytest.mark.usefixtures("sources")
def test_a_name_in_windows_1252_is_read_as_it_is(lake: Lake) -> None:
    names = lake.read(SILVER["registration"]).toPandas()["name"]
    assert names.str.contains("CAFÉ").any()
    assert not names.str.contains("Ã|�").any()


@pytest.mark.usefixtures("sources")
def test_the_model_is_better_than_chance_on_later_visits(lake: Lake, profile: Profile) -> None:
    windows: list[Window] = evaluate_days(lake, profile, [EVALUATED])
    (window,) = windows
    assert window.kind == "learnt"
    assert window.visited > 300
    assert (pd.to_datetime(window.visits["day"]) > pd.Timestamp(EVALUATED)).all()
    ranks = window.visits["model"].rank()
    found = window.visits["found"] == 1
    auc = (ranks[found].sum() - found.sum() * (found.sum() + 1) / 2) / (found.sum() * (~found).sum())
    assert 0.62 < auc < 0.8
