"""Small silver tables for tests: rows as dicts, what a test leaves out is filled in."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from expectations.contracts import silver
from expectations.contracts.contract import Contract
from expectations.contracts.registry import SILVER
from jobs.engine.scratch import Scratch
from jobs.transforms.coverage import Coverage
from jobs.transforms.features.build_features import Known, build_features
from jobs.transforms.features.peers import PeerPolicy
from jobs.transforms.features.unmapped import Unmapped
from jobs.transforms.register_state import register_as_of
from jobs.transforms.tax_sums import returns_as_of, sum_returns

Row = dict[str, Any]
AS_OF = date(2026, 1, 31)
CUTOFF = datetime(2026, 1, 31, 16)
COVERED = Coverage(AS_OF)
LONG_AGO = datetime(2020, 1, 1)

_FILLED: dict[str, Row] = {
    "entity": {"id_scheme": "cn.uscc", "name": "店", "status": "active", "region_code": "310101", "region_middle": "310100"},
    "filing": {"tax_type": "vat"},
    "complaint": {"severity": 1},
    "inspection": {"selected_by": "targeted", "visit_status": "inspected"},
    "link": {"link_confidence": 0.9, "link_method": "name", "as_of": date(2020, 1, 1)},
}
_LINEAGE = {
    "source": "s", "source_file": "f.csv", "content_hash": "h", "delivered_on": date(2020, 1, 1), "known_at": LONG_AGO,
    "is_absent": False, "is_revision": False,
}  # fmt: skip
CONTRACTS: dict[str, Contract] = {table.name: table for table in (*SILVER.values(), silver.LINK)}


def fill(table: str, rows: list[Row]) -> list[Row]:
    """The rows with every column of the table's contract; rows of a file are numbered in their order."""
    names = [str(column) for column in CONTRACTS[table].columns]
    filled = []
    for number, row in enumerate(rows, start=1):
        unknown = set(row) - set(names)
        assert not unknown, f"{table} has no columns {sorted(unknown)}"
        whole = {**_LINEAGE, "source_row": number, **_FILLED.get(table, {}), **row}
        filled.append({name: whole.get(name) for name in names})
    return filled


def frame(spark: SparkSession, table: str, rows: list[Row]) -> DataFrame:
    """A silver table of filled rows; of a key's rows all but the first are revisions, as ingest would have marked them."""
    contract = CONTRACTS[table]
    filled, seen = fill(table, rows), set()
    for row in filled:
        key = tuple(row[str(part)] for part in contract.key)
        if "is_revision" in row:
            row["is_revision"] = key in seen
        seen.add(key)
    return spark.createDataFrame([tuple(row.values()) for row in filled], contract.ddl())


def silver_of(spark: SparkSession, tables: dict[str, list[Row]]) -> dict[str, DataFrame]:
    """The silver tables; those not given are empty."""
    return {name: frame(spark, name, tables.get(name, [])) for name in CONTRACTS}


POLICY = PeerPolicy(minimum=5, size_bands_minor=(0, 10_000_000, 100_000_000), age_bands_years=(1.0, 3.0))


def compute(
    spark: SparkSession, tables: dict[str, list[Row]], policy: PeerPolicy = POLICY, unmapped: Unmapped | None = None
) -> tuple[dict[str, Row], list[Row]]:
    """The day's features by entity, and its peer medians, of small tables."""
    return compute_frames(silver_of(spark, tables), policy, unmapped)


def compute_frames(
    tables: dict[str, DataFrame],
    policy: PeerPolicy = POLICY,
    unmapped: Unmapped | None = None,
    coverage: Coverage = COVERED,
) -> tuple[dict[str, Row], list[Row]]:
    """As :func:`compute`, of frames."""
    with tempfile.TemporaryDirectory() as home, Scratch(Path(home), "features", is_packed=False) as scratch:
        sums = sum_returns(returns_as_of(tables["filing"], as_of=AS_OF, cutoff=CUTOFF), coverage=coverage)
        register = scratch.materialise(register_as_of(tables["entity"], coverage, CUTOFF).where("is_there"))
        known = Known(register=register, tax_sums=sums, link=tables["link"], silver=tables, unmapped=unmapped or {})
        made = build_features(known, coverage=coverage, cutoff=CUTOFF, peers=policy, minor_units=2, materialise=scratch.materialise)
        rows = [row.asDict() for row in made.features.collect()]
        assert len({row["entity_id"] for row in rows}) == len(rows), "an entity has two rows"
        return {row["entity_id"]: row for row in rows}, [row.asDict() for row in made.peers.collect()]
