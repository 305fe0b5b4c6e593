"""Landed records as a frame of their contract: join lookups, apply the mapping's expressions, add lineage.

If an expression fails, its column is found here, since an engine's message seldom names it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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

FEW_ROWS = 1_000
"""Rows on which each expression is tried first: most failures concern a type or a name, and so every row."""


@dataclass(frozen=True)
class LandedRecords:
    """The landed records of one source, as its mapping maps them."""

    lake: Lake
    profile: Profile
    mapping: SourceMapping
    sources: Path
    landed: Landed
    scratch: Scratch

    def mapped(self, days: Sequence[date]) -> DataFrame:
        """The records of ``days`` as bronze rows, with ``is_in_scope`` and the first unreadable column, its value and why."""
        mapping, table = self.mapping, BRONZE[self.mapping.contract.name]
        said = [UNREADABLE_COLUMN, UNREADABLE_VALUE, UNREADABLE_REASON, RAW]
        if self.landed.rows is None or not days:
            marks = f"{IN_SCOPE} boolean, {', '.join(f'{name} string' for name in said)}"
            return self.lake.session.createDataFrame([], f"{table.ddl()}, {marks}")
        expressions = self._expressions()
        named = {name: mapping.raw_inputs(name) for name in expressions if name not in mapping.optional}
        named[str(KNOWN_AT)] = mapping.names_in(mapping.known_at) if mapping.known_at else ()
        inputs = {name: [mapping.quote(part) for part in raw_names] for name, raw_names in named.items()}
        mapped = add_mapped(
            self._raw(days),
            expressions,
            inputs,
            keep=self._keep(),
            passed=(FILE, ROW, RAW, DELIVERED),
            personal=_made_of_personal_values(mapping, named),
            required={str(KNOWN_AT)},
        )
        lineage = {
            SOURCE: F.lit(mapping.name),
            SOURCE_FILE: F.col(FILE),
            SOURCE_ROW: F.col(ROW),
            DELIVERED_ON: F.col(DELIVERED),
            IS_ABSENT: F.lit(False),
            IS_REVISION: F.lit(False),
        }
        rows = mapped.withColumns({str(name): value for name, value in lineage.items()})
        return rows.transform(add_content_hash, mapping.contract.columns).select(*map(str, table.columns), IN_SCOPE, *said)

    def failing_expression(self, days: Sequence[date], error: PySparkException) -> ConfigError:
        """The error to raise when the mapping cannot be applied to the records of ``days``; it names the first column that fails.

        Args:
            error: the engine's error for all expressions together.
        """
        expressions, raw = {**self._expressions(), "keep": self._keep()}, self._raw(days)
        found = _first_failing(raw.limit(FEW_ROWS), expressions) or _first_failing(raw, expressions)
        name, why = found or ("", error)
        return ConfigError(
            what=f"the mapping {f'of {name} ' if name else ''}cannot be applied to the delivered records: {first_line(why)}",
            where=f"{self.mapping.path.name}, deliveries from {min(days)} to {max(days)}",
            next_step="compare the files' types with the mapping: `steelyard config check --sources DIR`; or declare [raw.types]",
        )

    def _raw(self, days: Sequence[date]) -> DataFrame:
        """The records in the mapping's raw columns, with each lookup's record; there must be at least one."""
        raw = self.lake.session.read.parquet(str(self.landed.rows)).where(F.col(DELIVERED).isin(list(days)))
        for lookup in self.mapping.lookups:
            raw = self._join_lookup(raw, lookup)
        return raw

    def _expressions(self) -> dict[str, str]:
        """Each contract column, including ``known_at``, as SQL over raw records."""
        known_at = known_at_expression(self.mapping, self.profile.time_zone, DELIVERED)
        return {**select_expressions(self.mapping), str(KNOWN_AT): known_at}

    def _keep(self) -> str:
        return self.mapping.safe(self.mapping.keep) if self.mapping.keep else "true"

    def _join_lookup(self, raw: DataFrame, lookup: Lookup) -> DataFrame:
        """Left join a lookup on its key; its record becomes a struct with the lookup's name."""
        path = self.scratch.folder / f"lookup-{lookup.name}.parquet"
        if not path.is_file():
            pq.write_table(_first_of_each_key(lookup, self.sources), path)
        found = self.lake.session.read.parquet(str(path))
        record = F.struct(*[F.col(quoted(name)) for name in found.columns]).alias(lookup.name)
        keyed = found.select(F.col(quoted(lookup.key)).alias("__key"), record)
        return raw.join(keyed, on=F.col(quoted(lookup.key)) == F.col("__key"), how="left").drop("__key")


def _made_of_personal_values(mapping: SourceMapping, named: Mapping[str, Sequence[str]]) -> set[str]:
    """The columns that are personal, or that use a raw column that a personal column uses."""
    columns = [column for column in mapping.contract.columns if column.sensitivity is Sensitivity.PERSONAL]
    raw = {name for column in columns for name in mapping.raw_inputs(column)}
    return {str(column) for column in columns} | {name for name, parts in named.items() if raw & set(parts)}


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
