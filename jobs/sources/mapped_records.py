"""Landed records as a frame of their contract: join lookups, apply the mapping's expressions, add lineage.

If an expression fails, its column is found here, since an engine's message seldom names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.contract import Sensitivity
from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, IS_REVISION, KNOWN_AT, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import INTO_FILE, INTO_ROW
from expectations.contracts.registry import BRONZE
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.formats.raw_records import RAW, ROW
from jobs.foundation.errors import ConfigError, first_line
from jobs.profile.lookup_schema import Lookup, RowNumber
from jobs.profile.mapping import SourceMapping, known_at_expression, newest_by_expression, select_expressions
from jobs.profile.mapping_sql import quoted
from jobs.profile.profile import Profile
from jobs.sources.landing import DELIVERED, FILE, Landed
from jobs.sources.lookups import one_row_a_key
from jobs.transforms.combined import NEWEST_BY, add_newest, add_sums
from jobs.transforms.mapped import IN_SCOPE, UNREADABLE_COLUMN, UNREADABLE_REASON, UNREADABLE_VALUE, add_mapped
from jobs.transforms.versions import add_content_hash

_SAID = (UNREADABLE_COLUMN, UNREADABLE_VALUE, UNREADABLE_REASON, RAW)
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
        if by_types := self._raw(days):
            # No day is in two frames, and records of different days are neither combined nor numbered together.
            return reduce(DataFrame.unionByName, [self._mapped(raw) for raw, _ in by_types])
        marks = f"{IN_SCOPE} boolean, {', '.join(f'{name} string' for name in [*_SAID, INTO_FILE])}, {INTO_ROW} bigint"
        return self.lake.session.createDataFrame([], f"{BRONZE[self.mapping.contract.name].ddl()}, {marks}")

    def _mapped(self, raw: DataFrame) -> DataFrame:
        mapping, table = self.mapping, BRONZE[self.mapping.contract.name]
        expressions = self._expressions()
        may_be_null = {*mapping.optional, NEWEST_BY}
        named = {name: mapping.raw_inputs(name) for name in expressions if name not in may_be_null}
        named[str(KNOWN_AT)] = mapping.names_in(mapping.known_at) if mapping.known_at else ()
        inputs = {name: [mapping.quote(part) for part in raw_names] for name, raw_names in named.items()}
        mapped = add_mapped(
            raw,
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
        combined = self._combined(rows, [*map(str, lineage), str(KNOWN_AT), IN_SCOPE, *_SAID])
        hashed = combined.transform(add_content_hash, mapping.contract.columns)
        return hashed.select(*map(str, table.columns), IN_SCOPE, *_SAID, INTO_FILE, INTO_ROW)

    def _combined(self, rows: DataFrame, others: list[str]) -> DataFrame:
        """The rows with the mapping's sums, or its newest of several; ``others`` are the columns besides the contract's."""
        columns, key, grouped = self.mapping.contract.columns, self.mapping.contract.key, self.mapping.group_by
        if grouped:
            sums = [column for column in columns if column in grouped.sums]
            return rows.transform(add_sums, others, key, sums, columns)
        if self.mapping.newest_by:
            return rows.transform(add_newest, key, NEWEST_BY)
        return rows.withColumns({str(INTO_FILE): F.lit(None).cast("string"), str(INTO_ROW): F.lit(None).cast("bigint")})

    def unmapped_days(self, days: Sequence[date]) -> dict[date, str]:
        """Of the days that the mapping cannot be applied to, each with why: the types of their columns do not fit it."""
        found: dict[date, str] = {}
        for raw, of_types in self._raw(days):
            if failing := self._failing(raw):
                column, error = failing
                found |= dict.fromkeys(of_types, f"the mapping of {column} cannot be applied to its types: {first_line(error)}")
        return found

    def failing_expression(self, days: Sequence[date], error: PySparkException) -> ConfigError:
        """The error to raise when the mapping cannot be applied to the records of ``days``; it names the first column that fails.

        Args:
            error: the engine's error for all expressions together.
        """
        found = next(filter(None, (self._failing(raw) for raw, _ in self._raw(days))), None)
        name, why = found or ("", error)
        return ConfigError(
            what=f"the mapping {f'of {name} ' if name else ''}cannot be applied to the delivered records: {first_line(why)}",
            where=f"{self.mapping.path.name}, deliveries from {min(days)} to {max(days)}",
            next_step="compare the files' types with the mapping: `steelyard config check --sources DIR`; or declare [raw.types]",
        )

    def _failing(self, raw: DataFrame) -> tuple[str, PySparkException] | None:
        expressions = {**self._expressions(), "keep": self._keep()}
        return _first_failing(raw.limit(FEW_ROWS), expressions) or _first_failing(raw, expressions)

    def _raw(self, days: Sequence[date]) -> list[tuple[DataFrame, list[date]]]:
        """The records in the mapping's raw columns, with each lookup's record: a frame for days of the same types, and its days."""
        by_types: dict[Path, list[date]] = {}
        for day in days:
            if day in self.landed.rows:
                by_types.setdefault(self.landed.rows[day], []).append(day)
        return [(self._raw_in(folder, of_types), of_types) for folder, of_types in by_types.items()]

    def _raw_in(self, folder: Path, days: list[date]) -> DataFrame:
        raw = self.lake.session.read.parquet(str(folder)).where(F.col(DELIVERED).isin(days))
        for lookup in self.mapping.lookups:
            raw = self._join_lookup(raw, lookup)
        return add_row_number(raw, self.mapping.row_number) if self.mapping.row_number else raw

    def _expressions(self) -> dict[str, str]:
        """Each contract column, including ``known_at``, as SQL over raw records."""
        known_at = known_at_expression(self.mapping, self.profile.time_zone, DELIVERED)
        newest_by = newest_by_expression(self.mapping)
        found = {**select_expressions(self.mapping), str(KNOWN_AT): known_at}
        return {**found, NEWEST_BY: newest_by} if newest_by else found

    def _keep(self) -> str:
        return self.mapping.safe(self.mapping.keep) if self.mapping.keep else "true"

    def _join_lookup(self, raw: DataFrame, lookup: Lookup) -> DataFrame:
        """Left join a lookup on its key; its record becomes a struct with the lookup's name."""
        path = self.scratch.folder / f"lookup-{lookup.name}.parquet"
        if not path.is_file():
            read = one_row_a_key(lookup, self.sources, path.with_suffix(".file"), self.profile.reading)
            self.landed.warnings.extend(read.warnings)
            self.landed.lookups[lookup.name] = read.files
            pq.write_table(read.rows, path)
        found = self.lake.session.read.parquet(str(path))
        record = F.struct(*[F.col(quoted(name)) for name in found.columns]).alias(lookup.name)
        keys = {f"__key_{place}": F.col(quoted(name)) for place, name in enumerate(lookup.key)}
        keyed = found.select(*[column.alias(name) for name, column in keys.items()], record)
        return raw.join(keyed, on=[column == F.col(name) for name, column in keys.items()], how="left").drop(*keys)


def add_row_number(raw: DataFrame, settings: RowNumber) -> DataFrame:
    """Number the records of a delivery that are equal in some columns; the same records get the same numbers in any order."""
    alike = [F.col(DELIVERED), *[F.col(quoted(name)) for name in settings.within]]
    order = [*[F.col(quoted(name)).asc_nulls_last() for name in settings.order_by], F.col(FILE), F.col(ROW)]
    return raw.withColumn(settings.name, F.row_number().over(Window.partitionBy(*alike).orderBy(*order)))


def _made_of_personal_values(mapping: SourceMapping, named: Mapping[str, Sequence[str]]) -> set[str]:
    """The columns that are personal, or that use a raw column that a personal column uses."""
    columns = [column for column in mapping.contract.columns if column.sensitivity is Sensitivity.PERSONAL]
    raw = {name for column in columns for name in mapping.raw_inputs(column)}
    return {str(column) for column in columns} | {name for name, parts in named.items() if raw & set(parts)}


def _first_failing(rows: DataFrame, expressions: dict[str, str]) -> tuple[str, PySparkException] | None:
    for name, sql in expressions.items():
        try:
            # max() computes every value; count() computes none of an expression that is never NULL.
            rows.selectExpr(f"max(cast({sql} AS string))").collect()
        except PySparkException as error:
            return name, error
    return None
