"""The hand-written program gives the same features as Steelyard, on random edge cases and on a simulated world."""

from __future__ import annotations

import shutil
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from benchmarks import steps
from benchmarks.features import duckdb_features
from benchmarks.features import request as request_of_programs
from benchmarks.features.compare import FeaturesDiffer, assert_same, differences
from benchmarks.features.request import COLUMNS, TABLES, FeatureRequest, feature_request
from jobs.engine.lake import Lake
from jobs.lake.tables import arrow_schema
from jobs.profile.load_profile import load_profile
from jobs.steps.build_features import rebuild_features
from jobs.transforms.coverage import Coverage, Delivered
from tests.conftest import FinishedDay
from tests.jobs.transforms.random_tables import draw_tables
from tests.jobs.transforms.tables import AS_OF, COVERED, CUTOFF, POLICY, Row, compute_frames, silver_of

Program = Callable[[FeatureRequest, Path], int]
LATE = Coverage(AS_OF, {"s": Delivered("tax_filing", AS_OF - timedelta(days=40), 31, is_stopped=True)})
NOT_COMPUTED = ("base_rate",)
"""The indicators that the hand-written program does not compute, by decision."""


def by_duckdb(wanted: FeatureRequest, out: Path) -> int:
    return duckdb_features.write_features(wanted, out, threads=2, memory="2GB", spill=out.parent / "spill")


def by_duckdb_in_parts(wanted: FeatureRequest, out: Path) -> int:
    return duckdb_features.write_features(wanted, out, threads=2, memory="2GB", spill=out.parent / "spill", at_once=20)


PROGRAMS = [
    pytest.param(by_duckdb, id="duckdb"),
    pytest.param(by_duckdb_in_parts, id="duckdb-in-parts"),
]


def differing(ours: pd.DataFrame, file: Path) -> dict[str, list[tuple[object, object]]]:
    table = pa.Table.from_pandas(ours.astype({"as_of": "string"}), preserve_index=False)
    columns = [name for name in COLUMNS if name not in ("entity_id", "as_of")]
    return differences(ds.dataset(table), ds.dataset(file, format="parquet"), columns)


@pytest.fixture(
    scope="module", params=[(1, COVERED), (4, LATE), *(pytest.param((seed, LATE), marks=pytest.mark.slow) for seed in (2, 3))]
)
def edge_cases(
    request: pytest.FixtureRequest, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> tuple[FeatureRequest, pd.DataFrame]:
    """Random silver rows in files partitioned as in Delta, and their features by Steelyard."""
    seed, coverage = request.param
    tables = draw_tables(seed)
    frames = silver_of(spark, tables)
    features, _ = compute_frames(frames, coverage=coverage)
    folder = tmp_path_factory.mktemp("edge_cases")
    wanted = FeatureRequest(
        files={table.name: write_parts(folder / table.name, table, frames[table.name]) for table in TABLES},
        coverage=coverage,
        cutoff=CUTOFF,
        sales_floor=1_000_000,
        per_million=100_000_000,
        minimum=POLICY.minimum,
        size_bands=POLICY.size_bands_minor,
        age_bands=POLICY.age_bands_years,
    )
    return wanted, pd.DataFrame(features.values())


def write_parts(folder: Path, table, frame) -> list[str]:
    rows: list[Row] = [row.asDict() for row in frame.collect()]
    if table.name == "link":  # a day reads only its own links
        rows = [{**row, "as_of": AS_OF} for row in rows]
    arrow = pa.Table.from_pylist(rows, schema=arrow_schema(table))
    parts = ds.partitioning(pa.schema([arrow.schema.field(str(c)) for c in table.partition_by]), flavor="hive")
    ds.write_dataset(arrow, folder, format="parquet", partitioning=parts)
    return sorted(str(path) for path in folder.rglob("*.parquet"))


@pytest.mark.parametrize("program", PROGRAMS)
def test_edge_cases_give_the_same_features(edge_cases: tuple[FeatureRequest, pd.DataFrame], program: Program, tmp_path: Path):
    wanted, ours = edge_cases
    assert program(wanted, tmp_path / "features.parquet") == len(ours)
    assert pq.read_schema(tmp_path / "features.parquet").names == list(COLUMNS)
    assert differing(ours, tmp_path / "features.parquet") == {}


def test_the_comparison_names_the_indicators_that_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert request_of_programs.LEFT_OUT == NOT_COMPUTED
    monkeypatch.setattr(request_of_programs, "LEFT_OUT", ("sales_12m",))
    monkeypatch.setattr("benchmarks.features.compare.assert_same", lambda *_: None)
    steps.compare(Namespace(home=Path(), as_of=AS_OF, out=Path()))
    assert "compared without sales_12m" in capsys.readouterr().err


def test_many_entities_are_processed_in_parts(
    edge_cases: tuple[FeatureRequest, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    wanted, _ = edge_cases
    read, script = [], duckdb_features._script
    monkeypatch.setattr(duckdb_features, "_script", lambda step: read.append(step) or script(step))
    by_duckdb_in_parts(wanted, tmp_path / "features.parquet")
    assert read.count("returns") > 1


@pytest.fixture(scope="module")
def world_home(spark: SparkSession, finished_day: FinishedDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a simulated world with rebuilt features."""
    home = tmp_path_factory.mktemp("same") / "home"
    shutil.copytree(finished_day.home, home)
    rebuild_features(Lake(home, spark), load_profile(finished_day.profile), finished_day.as_of)
    return home


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_simulated_world_gives_the_same_features(world_home: Path, finished_day: FinishedDay, program: Program, tmp_path: Path):
    wanted = feature_request(world_home, load_profile(finished_day.profile), finished_day.as_of)
    assert program(wanted, tmp_path / "features.parquet") == 1500
    assert_same(world_home, finished_day.as_of, tmp_path / "features.parquet")


def pair(rate: float | None, level: int, entity: str = "B") -> ds.Dataset:
    return ds.dataset(pa.table({"entity_id": ["A", entity], "level": [1, level], "rate": pa.array([0.5, rate], pa.float64())}))


def test_differences_are_found():
    ours = pair(0.25, 2)
    assert differences(ours, pair(0.25, 2), ["level", "rate"]) == {}
    assert differences(ours, pair(0.25 * (1 + 1e-10), 2), ["level", "rate"]) == {}
    assert differences(ours, pair(0.25 * (1 + 1e-8), 2), ["level", "rate"]).keys() == {"rate"}
    assert differences(ours, pair(None, 3), ["level", "rate"]) == {"level": [(2, 3)], "rate": [(0.25, None)]}
    with pytest.raises(FeaturesDiffer, match="not the same"):
        differences(ours, pair(0.25, 2, entity="C"), ["level"])
