"""A day's features by DuckDB: written by hand from the definitions of the indicators, to hold Steelyard's own against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from benchmarks.features.request import COLUMNS, PEER_INDICATORS, Asked
from jobs.transforms.conform import FULL_WIDTH, HALF_WIDTH, NOISE

SCRIPTS = Path(__file__).parent / "duckdb"
AFTER_RETURNS = ("complaints", "visits", "ties", "indicators", "peer_groups")
MINIMUM_VALUES = 5
"""Fewer peers with a value make no median."""
AT_ONCE = 1_250_000
"""The most entities whose returns are added up at once: each thread keeps over forty sums of each."""


def write_features(asked: Asked, out: Path, *, threads: int, memory: str, spill: Path, at_once: int = AT_ONCE) -> int:
    """Write the day's features to a Parquet file; give the number of entities.

    Args:
        threads: worker threads.
        memory: the most that DuckDB may hold, such as ``8GiB``.
        spill: a folder for what does not fit.
        at_once: of more entities than this, returns are added up by parts of the entities, and peers measured by as many parts
            of the indicators.
    """
    with duckdb.connect(config={"threads": threads, "memory_limit": memory, "temp_directory": str(spill)}) as connection:
        connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        _ask(connection, asked)
        connection.execute(_script("entities"))
        parts = _parts(connection, at_once)
        _add_up_returns(connection, parts)
        for step in AFTER_RETURNS:
            connection.execute(_script(step))
        _measure_peers(connection, min(parts, len(PEER_INDICATORS)))
        rows = connection.execute(f"COPY ({_features()}) TO '{out}' (FORMAT parquet, COMPRESSION snappy)").fetchone()
        return int(rows[0]) if rows else 0


def _ask(connection: duckdb.DuckDBPyConnection, asked: Asked) -> None:
    """The tables as views, and what they are asked for as variables."""
    for table, files in asked.files.items():
        partitions = "{'as_of': DATE}" if table == "link" else "{'source': VARCHAR, 'delivered_on': DATE}"
        listed = ", ".join(f"'{file}'" for file in files)
        scan = f"read_parquet([{listed}], hive_partitioning = true, hive_types = {partitions})"
        connection.execute(f"CREATE TEMP VIEW silver_{table} AS FROM {scan}")
    variables = {
        "as_of": f"DATE '{asked.as_of}'",
        "cutoff": f"TIMESTAMPTZ '{asked.cutoff}+00'",
        "wide": _text(FULL_WIDTH),
        "narrow": _text(HALF_WIDTH),
        "noise": _text(NOISE),
        "settled": f"DATE '{asked.settled}'",
        "history_from": f"DATE '{asked.history_from}'",
        "sales_floor": str(asked.sales_floor),
        "per_million": str(asked.per_million),
        "minimum": str(asked.minimum),
        "size_bands": f"{list(asked.size_bands)}::BIGINT[]",
        "age_bands": f"{list(asked.age_bands)}::DOUBLE[]",
    }
    for name, value in variables.items():
        connection.execute(f"SET VARIABLE {name} = {value}")


def _script(step: str) -> str:
    return (SCRIPTS / f"{step}.sql").read_text(encoding="utf-8")


def _text(literal: str) -> str:
    return "'" + literal.replace("'", "''") + "'"


def _parts(connection: duckdb.DuckDBPyConnection, at_once: int) -> int:
    counted = connection.execute("SELECT greatest(1, ceil(count(*) / ?))::INT FROM entity", [at_once]).fetchone()
    return int(counted[0]) if counted else 1


def _add_up_returns(connection: duckdb.DuckDBPyConnection, parts: int) -> None:
    """Add up returns into ``tax``, those of one part of the entities after those of another.

    Returns lie by delivery, so those of an entity are far apart. Sums that do not fit into memory are written out before many
    returns are in them, time and again. Entities are dealt out by high bits of their hash, since DuckDB's own table places
    rows by the low ones.
    """
    for part in range(parts):
        of_part = f" WHERE (hash(entity_id) >> 32) % {parts} = {part}" if parts > 1 else ""
        connection.execute(f"CREATE OR REPLACE TEMP VIEW filing AS FROM silver_filing{of_part}")
        connection.execute(_script("returns"))
        connection.execute(f"{'INSERT INTO tax' if part else 'CREATE TEMP TABLE tax AS'} FROM returns_added_up")


def _measure_peers(connection: duckdb.DuckDBPyConnection, parts: int) -> None:
    """Make ``spread`` and ``high``, one part of the indicators after another: a median keeps all values until it is known."""
    for table, measure in (("spread", _spread), ("high", _high_deviation)):
        names = [f"{table}_{part}" for part in range(parts)]
        for part, name in enumerate(names):
            connection.execute(f"CREATE TEMP TABLE {name} AS {measure(PEER_INDICATORS[part::parts])}")
        side_by_side = names[0] + "".join(f" JOIN {name} USING (peer_group)" for name in names[1:])
        connection.execute(f"CREATE TEMP VIEW {table} AS FROM {side_by_side}")


def _spread(indicators: Sequence[str]) -> str:
    """Each group's median and median absolute deviation of indicators, ``m_`` and ``s_``: null where values are few."""
    measured = [
        f"CASE WHEN count({name}) >= {MINIMUM_VALUES} THEN {measure}({name}::DOUBLE) END AS {mark}_{name}"
        for name in indicators
        for mark, measure in (("m", "median"), ("s", "mad"))
    ]
    joined = "member JOIN rated USING (cell)"
    return f"SELECT peer_group, {', '.join(measured)} FROM {joined} WHERE is_active GROUP BY ALL"


def _high_deviation(indicators: Sequence[str]) -> str:
    """Each group's 90th percentile of the deviations, ``h_``, by nearest rank, where the median one is zero."""
    measured = [f"quantile_disc(abs({name} - m_{name}), 0.9) FILTER (s_{name} = 0) AS h_{name}" for name in indicators]
    joined = "member JOIN rated USING (cell) JOIN spread USING (peer_group)"
    return f"SELECT peer_group, {', '.join(measured)} FROM {joined} WHERE is_active GROUP BY ALL"


def _features() -> str:
    """Every entity with its group, its indicators, and how far each stands from the group's median."""
    own = [
        f"coalesce(nullif(s_{name}, 0) * 1.4826::DOUBLE, nullif(h_{name}, 0) / 1.6449::DOUBLE) AS own_{name}"
        for name in PEER_INDICATORS
    ]
    scales = [f"coalesce(own.own_{name}, every.own_{name}) AS scale_{name}" for name in PEER_INDICATORS]
    standing = [_standing(name) for name in PEER_INDICATORS]
    types = {"entity_id": "VARCHAR", "as_of": "DATE", "peer_group": "VARCHAR", "peer_level": "INTEGER", "peer_size": "BIGINT"}
    columns = [f"{name}::{types.get(name, 'DOUBLE')} AS {name}" for name in COLUMNS]
    return f"""
        WITH own AS (
            SELECT peer_group, {", ".join(f"m_{name}" for name in PEER_INDICATORS)}, {", ".join(own)}
            FROM spread JOIN high USING (peer_group)
        ),
        scale AS (SELECT own.*, {", ".join(scales)} FROM own LEFT JOIN own every ON every.peer_group = 'all'),
        placed AS (
            SELECT rated.*, peer_group, peer_level, peer_size, {", ".join(standing)}
            FROM rated JOIN placement USING (cell) LEFT JOIN scale USING (peer_group)
        )
        SELECT {", ".join(columns)} FROM (SELECT *, getvariable('as_of') AS as_of FROM placed)
    """


def _standing(name: str) -> str:
    off = f"({name} - m_{name})"
    return (
        f"CASE WHEN {off} = 0 THEN 0 WHEN scale_{name} IS NULL THEN 20 * sign({off}) "
        f"WHEN {off} IS NOT NULL THEN greatest(-20, least(20, {off} / scale_{name})) END AS {name}_vs_peers"
    )
