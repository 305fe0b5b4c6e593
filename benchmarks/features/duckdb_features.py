"""Compute a day's features with DuckDB, written by hand from the definitions of the indicators."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.features.request import COLUMNS, PEER_INDICATORS, SCRIPTS, FeatureRequest
from jobs.transforms.conform import FULL_WIDTH, HALF_WIDTH, NOISE

SCRIPTS_AFTER_RETURNS = ("complaints", "visits", "shared_identifiers", "indicators", "peer_groups")
MINIMUM_VALUES = 5
"""Minimum number of values for a peer group's median."""
AT_ONCE = 1_250_000
"""Maximum number of entities whose returns are summed at once: each thread keeps over forty sums per entity."""


def write_features(request: FeatureRequest, out: Path, *, threads: int, memory: str, spill: Path, at_once: int = AT_ONCE) -> int:
    """Write the day's features to a Parquet file and return the number of entities.

    Args:
        threads: worker threads.
        memory: memory limit of DuckDB, such as ``8GiB``.
        spill: folder for data that do not fit in memory.
        at_once: with more entities, returns are summed in parts by entity, and peers computed in as many parts by indicator.
    """
    with duckdb.connect(config={"threads": threads, "memory_limit": memory, "temp_directory": str(spill)}) as connection:
        connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        _create_inputs(connection, request)
        connection.execute(_script("entities"))
        parts = _parts(connection, at_once)
        _sum_returns(connection, parts)
        for step in SCRIPTS_AFTER_RETURNS:
            connection.execute(_script(step))
        _compute_peers(connection, min(parts, len(PEER_INDICATORS)))
        rows = connection.execute(f"COPY ({_features()}) TO '{out}' (FORMAT parquet, COMPRESSION snappy)").fetchone()
        return int(rows[0]) if rows else 0


def _create_inputs(connection: duckdb.DuckDBPyConnection, request: FeatureRequest) -> None:
    """Create views of the tables, and variables and macros of the request."""
    for table, files in request.files.items():
        partitions = "{'as_of': DATE}" if table == "link" else "{'source': VARCHAR, 'delivered_on': DATE}"
        listed = ", ".join(f"'{file}'" for file in files)
        scan = f"read_parquet([{listed}], hive_partitioning = true, hive_types = {partitions})"
        connection.execute(f"CREATE TEMP VIEW silver_{table} AS FROM {scan}")
    variables = {
        "as_of": f"DATE '{request.coverage.as_of}'",
        "cutoff": f"TIMESTAMPTZ '{request.cutoff}+00'",
        "wide": _text(FULL_WIDTH),
        "narrow": _text(HALF_WIDTH),
        "noise": _text(NOISE),
        "sales_floor": str(request.sales_floor),
        "per_million": str(request.per_million),
        "minimum": str(request.minimum),
        "size_bands": f"{list(request.size_bands)}::BIGINT[]",
        "age_bands": f"{list(request.age_bands)}::DOUBLE[]",
    }
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = {value}")
    for name, sql in request.days_of_sources.items():
        connection.execute(f"CREATE TEMP MACRO {name}(source) AS {sql}")


def _script(step: str) -> str:
    return (SCRIPTS / f"{step}.sql").read_text(encoding="utf-8")


def _text(literal: str) -> str:
    return "'" + literal.replace("'", "''") + "'"


def _parts(connection: duckdb.DuckDBPyConnection, at_once: int) -> int:
    counted = connection.execute("SELECT greatest(1, ceil(count(*) / ?))::INT FROM entity", [at_once]).fetchone()
    return int(counted[0]) if counted else 1


def _sum_returns(connection: duckdb.DuckDBPyConnection, parts: int) -> None:
    """Sum returns into ``tax``, one part of the entities after the other.

    Returns are stored by delivery, so the returns of an entity are far apart, and sums that exceed the memory would be spilled
    again and again. The part is taken from the high bits of the hash, since DuckDB's hash table uses the low ones.
    """
    for part in range(parts):
        of_part = f" WHERE (hash(entity_id) >> 32) % {parts} = {part}" if parts > 1 else ""
        connection.execute(f"CREATE OR REPLACE TEMP VIEW filing AS FROM silver_filing{of_part}")
        connection.execute(_script("returns"))
        connection.execute(f"{'INSERT INTO tax' if part else 'CREATE TEMP TABLE tax AS'} FROM returns_added_up")


def _compute_peers(connection: duckdb.DuckDBPyConnection, parts: int) -> None:
    """Create ``spread`` and ``high``, one part of the indicators after the other, since a median keeps all values in memory."""
    for table, query in (("spread", _spread), ("high", _high_deviation)):
        names = [f"{table}_{part}" for part in range(parts)]
        for part, name in enumerate(names):
            connection.execute(f"CREATE TEMP TABLE {name} AS {query(PEER_INDICATORS[part::parts])}")
        joined = names[0] + "".join(f" JOIN {name} USING (peer_group)" for name in names[1:])
        connection.execute(f"CREATE TEMP VIEW {table} AS FROM {joined}")


def _spread(indicators: Sequence[str]) -> str:
    """Median and median absolute deviation of indicators by group, ``m_`` and ``s_``; null with too few values."""
    measured = [
        f"CASE WHEN count({name}) >= {MINIMUM_VALUES} THEN {measure}({name}::DOUBLE) END AS {mark}_{name}"
        for name in indicators
        for mark, measure in (("m", "median"), ("s", "mad"))
    ]
    joined = "member JOIN rated USING (cell)"
    return f"SELECT peer_group, {', '.join(measured)} FROM {joined} WHERE is_active GROUP BY ALL"


def _high_deviation(indicators: Sequence[str]) -> str:
    """90th percentile of deviations by group and nearest rank, ``h_``, where the median deviation is zero."""
    measured = [f"quantile_disc(abs({name} - m_{name}), 0.9) FILTER (s_{name} = 0) AS h_{name}" for name in indicators]
    joined = "member JOIN rated USING (cell) JOIN spread USING (peer_group)"
    return f"SELECT peer_group, {', '.join(measured)} FROM {joined} WHERE is_active GROUP BY ALL"


def _features() -> str:
    """Every entity with its group, its indicators, and their deviations from the group's medians."""
    own = [
        f"coalesce(nullif(s_{name}, 0) * 1.4826::DOUBLE, nullif(h_{name}, 0) / 1.6449::DOUBLE) AS own_{name}"
        for name in PEER_INDICATORS
    ]
    scales = [f"coalesce(own.own_{name}, every.own_{name}) AS scale_{name}" for name in PEER_INDICATORS]
    deviations = [_deviation(name) for name in PEER_INDICATORS]
    types = {"entity_id": "VARCHAR", "as_of": "DATE", "peer_group": "VARCHAR", "peer_level": "INTEGER", "peer_size": "BIGINT"}
    columns = [f"{name}::{types.get(name, 'DOUBLE')} AS {name}" for name in COLUMNS]
    return f"""
        WITH own AS (
            SELECT peer_group, {", ".join(f"m_{name}" for name in PEER_INDICATORS)}, {", ".join(own)}
            FROM spread JOIN high USING (peer_group)
        ),
        scale AS (SELECT own.*, {", ".join(scales)} FROM own LEFT JOIN own every ON every.peer_group = 'all'),
        placed AS (
            SELECT rated.*, peer_group, peer_level, peer_size, {", ".join(deviations)}
            FROM rated JOIN placement USING (cell) LEFT JOIN scale USING (peer_group)
        )
        SELECT {", ".join(columns)} FROM (SELECT *, getvariable('as_of') AS as_of FROM placed)
    """


def _deviation(name: str) -> str:
    off = f"({name} - m_{name})"
    return (
        f"CASE WHEN {off} = 0 THEN 0 WHEN scale_{name} IS NULL THEN 20 * sign({off}) "
        f"WHEN {off} IS NOT NULL THEN greatest(-20, least(20, {off} / scale_{name})) END AS {name}_vs_peers"
    )
