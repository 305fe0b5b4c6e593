"""Landed records as a frame of their contract: join lookups, apply the mapping's expressions, add lineage.

If an expression fails, its column is found here, since an engine's message seldom names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.contract import Sensitivity
from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, IS_REVISION, KNOWN_AT, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.registry import BRONZE
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.formats.raw_records import RAW, ROW, RawChunk, RawFile
from jobs.formats.registry import read_file
from jobs.foundation.errors import ConfigError, first_line
from jobs.profile.mapping import SourceMapping, known_at_expression, select_expressions
from jobs.profile.mapping_schema import Lookup
from jobs.profile.mapping_sql import quoted
from jobs.profile.profile import Profile
from jobs.sources.deliveries import find_lookup_files
from jobs.sources.landing import DELIVERED, FILE, Landed
from jobs.transforms.mapped import IN_SCOPE, UNREADABLE_COLUMN, UNREADABLE_REASON, UNREADABLE_VALUE, add_mapped
from jobs.transforms.versions import add_content_hash


def read_landed(
    lake: Lake, profile: Profile, mapping: SourceMapping, sources: Path, landed: Landed, days: Sequence[date], scratch: Scratch
) -> DataFrame:
    """The landed records of ``days`` as bronze rows, with ``is_in_scope`` and the first unreadable column, its value and why."""
    columns = [str(column) for column in BRONZE[mapping.contract.name].columns]
    said = [UNREADABLE_COLUMN, UNREADABLE_VALUE, UNREADABLE_REASON, RAW]
    extra = [IN_SCOPE, *said]
    if landed.rows is None or not days:
        marks = f"{IN_SCOPE} boolean, {', '.join(f'{name} string' for name in said)}"
        return lake.session.createDataFrame([], f"{BRONZE[mapping.contract.name].ddl()}, {marks}")
    raw = raw_records(lake, mapping, sources, landed, days, scratch)
    expressions = mapped_by(profile, mapping)
    named = {name: mapping.raw_inputs(name) for name in expressions if name not in mapping.optional}
    named[str(KNOWN_AT)] = mapping.names_in(mapping.known_at) if mapping.known_at else ()
    inputs = {name: [mapping.quote(part) for part in raw_names] for name, raw_names in named.items()}
    keep = mapping.safe(mapping.keep) if mapping.keep else "true"
    personal = _made_of_personal_values(mapping, named)
    mapped = add_mapped(raw, expressions, inputs, keep=keep, passed=(FILE, ROW, RAW, DELIVERED), personal=personal)
    lineage = {
        SOURCE: F.lit(mapping.name),
        SOURCE_FILE: F.col(FILE),
        SOURCE_ROW: F.col(ROW),
        DELIVERED_ON: F.col(DELIVERED),
        IS_ABSENT: F.lit(False),
        IS_REVISION: F.lit(False),
    }
    rows = mapped.withColumns({str(name): value for name, value in lineage.items()})
    return rows.transform(add_content_hash, mapping.contract.columns).select(*columns, *extra)


def raw_records(
    lake: Lake, mapping: SourceMapping, sources: Path, landed: Landed, days: Sequence[date], scratch: Scratch
) -> DataFrame:
    """The landed records of ``days`` in the mapping's raw columns, with each lookup's record; there must be at least one."""
    raw = lake.session.read.parquet(str(landed.rows)).where(F.col(DELIVERED).isin(list(days)))
    for lookup in mapping.lookups:
        raw = _join_lookup(lake, raw, lookup, sources, scratch)
    return raw


def mapped_by(profile: Profile, mapping: SourceMapping) -> dict[str, str]:
    """Each contract column, including ``known_at``, as SQL over raw records."""
    return {**select_expressions(mapping), str(KNOWN_AT): known_at_expression(mapping, profile.time_zone, DELIVERED)}


def _made_of_personal_values(mapping: SourceMapping, named: Mapping[str, Sequence[str]]) -> set[str]:
    """The columns that are personal, or that use a raw column that a personal column uses."""
    columns = [column for column in mapping.contract.columns if column.sensitivity is Sensitivity.PERSONAL]
    raw = {name for column in columns for name in mapping.raw_inputs(column)}
    return {str(column) for column in columns} | {name for name, parts in named.items() if raw & set(parts)}


def _join_lookup(lake: Lake, raw: DataFrame, lookup: Lookup, sources: Path, scratch: Scratch) -> DataFrame:
    """Left join a lookup on its key; its record becomes a struct with the lookup's name."""
    path = scratch.folder / f"lookup-{lookup.name}.parquet"
    if not path.is_file():
        pq.write_table(_first_of_each_key(lookup, sources), path)
    found = lake.session.read.parquet(str(path))
    record = F.struct(*[F.col(quoted(name)) for name in found.columns]).alias(lookup.name)
    keyed = found.select(F.col(quoted(lookup.key)).alias("__key"), record)
    return raw.join(keyed, on=F.col(quoted(lookup.key)) == F.col("__key"), how="left").drop("__key")


def _first_of_each_key(lookup: Lookup, sources: Path) -> pa.Table:
    """The lookup's first record of each key, so that the join duplicates no record."""
    pieces = [
        piece.rows for path in find_lookup_files(lookup, sources) for piece in read_lookup(path, lookup) if piece.rows.num_rows
    ]
    if not pieces:
        raise ConfigError(
            what=f"the lookup {lookup.name} has no records in {lookup.files}",
            where=str(sources),
            next_step="deliver the file, or remove the lookup from the mapping",
        )
    table = pa.concat_tables(pieces, promote_options="permissive").drop_columns([ROW, RAW])
    numbered = table.append_column("__at", pa.array(range(table.num_rows), pa.int64()))
    firsts = numbered.group_by(lookup.key).aggregate([("__at", "min")])["__at_min"]
    return table.take(firsts)


FEW_ROWS = 1_000
"""Rows on which each expression is tried first: most failures concern a type or a name, and so every row."""


def failing_expression(
    lake: Lake,
    profile: Profile,
    mapping: SourceMapping,
    sources: Path,
    landed: Landed,
    days: Sequence[date],
    scratch: Scratch,
    error: PySparkException,
) -> ConfigError:
    """The error to raise when a mapping cannot be applied to landed records; it names the first column that fails by itself.

    Args:
        lake, profile, mapping, sources, landed, days, scratch: as in :func:`read_landed`.
        error: the engine's error for all expressions together.
    """
    expressions = {**mapped_by(profile, mapping), "keep": mapping.safe(mapping.keep) if mapping.keep else "true"}
    raw = raw_records(lake, mapping, sources, landed, days, scratch)
    found = _first_failing(raw.limit(FEW_ROWS), expressions) or _first_failing(raw, expressions)
    name, why = found or ("", error)
    return ConfigError(
        what=f"the mapping {f'of {name} ' if name else ''}cannot be applied to what was delivered: {first_line(why)}",
        where=f"{mapping.path.name}, deliveries from {min(days)} to {max(days)}",
        next_step="compare the files' types with the mapping: `steelyard config check --sources DIR`; or declare [raw.types]",
    )


def _first_failing(rows: DataFrame, expressions: dict[str, str]) -> tuple[str, PySparkException] | None:
    for name, sql in expressions.items():
        try:
            # max() computes every value; count() computes none of an expression that is never NULL.
            rows.selectExpr(f"max(cast({sql} AS string))").collect()
        except PySparkException as error:
            return name, error
    return None


def read_lookup(path: Path, lookup: Lookup) -> Iterator[RawChunk]:
    """The records of a lookup's file, with the columns that the lookup lists, else all of the file."""
    return read_file(lookup.format, RawFile(path, lookup.encoding, lookup.delimiter, lookup.columns or None))
