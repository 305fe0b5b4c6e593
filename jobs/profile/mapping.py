"""Source mappings: how the raw columns of a source become the columns of a contract, read from TOML."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from expectations.contracts import lineage
from expectations.contracts.contract import Type, sql_literal
from expectations.contracts.registry import SOURCES
from jobs.foundation.errors import ConfigError
from jobs.foundation.files import read_toml
from jobs.profile.mapping_schema import MappingSettings, name_problems, shape_problems
from jobs.profile.mapping_sql import names_in, qualified, quoted, with_try
from jobs.profile.profile import CONFIG_ROOT
from jobs.profile.validation import SETTINGS, refuse

DEFAULTS = CONFIG_ROOT / "console" / "sources"
"""The mappings that come with Steelyard."""
_CALENDAR = {
    Type.DATE: ("0001-01-01", "9999-12-31"),
    Type.TIMESTAMP: ("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"),
}
"""The first and the last date and instant that a column may hold."""


@dataclass(frozen=True, config=SETTINGS, kw_only=True)
class SourceMapping(MappingSettings):
    """One source: the settings of its mapping, and the expressions that they give. ``name`` is the file's stem."""

    name: str
    path: Path

    @property
    def notices_absence(self) -> bool:
        """Whether a key that a snapshot no longer holds is gone."""
        return self.delivery == "snapshot" and self.absence == "removed"

    @property
    def raw_names(self) -> tuple[str, ...]:
        """The raw columns that an expression may name: those of the files, and the row number."""
        return (*self.raw.columns, self.row_number.name) if self.row_number else self.raw.columns

    @property
    def combines(self) -> bool:
        """Whether several records of a delivery may become one."""
        return self.group_by is not None or self.newest_by is not None

    def quote(self, name: str) -> str:
        """A name that :meth:`raw_inputs` gives, as SQL."""
        return quoted(name, self._lookup_names)

    def expression(self, column: str) -> str | None:
        """The SQL of a contract column, translations compiled; calls that raise on bad input give NULL instead."""
        if column in self.translate:
            table = self.translate[column]
            raw = quoted(table.raw_column, self._lookup_names)
            cases = " ".join(f"WHEN {sql_literal(key)} THEN {sql_literal(value)}" for key, value in table.values.items())
            return f"CASE trim(cast({raw} as string)) {cases} END" if cases else "NULL"
        if column in self.columns:
            return self.safe(self.columns[column])
        return None

    def safe(self, sql: str) -> str:
        """An expression as it runs: lookup columns quoted, and ``cast`` and ``to_timestamp`` give NULL instead of raising."""
        return with_try(qualified(sql, self._lookup_names))

    def raw_inputs(self, column: str) -> tuple[str, ...]:
        """The raw columns, and lookup columns as ``name.column``, that a contract column's expression names."""
        if column in self.translate:
            return (self.translate[column].raw_column,)
        return self.names_in(self.columns.get(column, ""))

    def names_in(self, sql: str) -> tuple[str, ...]:
        """The raw columns, and lookup columns as ``name.column``, that a SQL expression names, in order, each once."""
        return names_in(sql, self.raw_names, self._lookup_names)

    @property
    def _lookup_names(self) -> tuple[str, ...]:
        return tuple(lookup.name for lookup in self.lookups)


def newest_by_expression(mapping: SourceMapping) -> str | None:
    """The SQL, over the raw columns, of the value whose greatest is the newest record; None when the mapping names none."""
    if mapping.newest_by is None:
        return None
    name = mapping.newest_by.strip().strip("`")
    return select_expressions(mapping).get(name) or mapping.safe(mapping.newest_by)


def select_expressions(mapping: SourceMapping) -> dict[str, str]:
    """Each contract column as SQL over the raw columns, of the contract's type; a column that is not mapped is NULL.

    A date or an instant outside the years 1 to 9999 is NULL, so the record is quarantined as unreadable.
    A lookup's column is two quoted names, `` `<name>`.`<column>` ``, for an aliased join or a struct column.
    """
    found: dict[str, str] = {}
    for column in mapping.contract.columns:
        sql = mapping.expression(column)
        found[str(column)] = f"cast(NULL as {column.type.value})" if sql is None else _as_type(sql, column.type)
    return found


def _as_type(sql: str, kind: Type) -> str:
    """SQL of a value in a column's type: NULL if it does not fit, and for a date or an instant outside the years 1 to 9999.

    Python has no other years, and Sail raises when it compares an instant after the year 262142 with a date.
    """
    value = f"try_cast(({sql}) as {kind.value})"
    if kind not in _CALENDAR:
        return value
    first, last = (f"{kind.value}'{end}'" for end in _CALENDAR[kind])
    return f"CASE WHEN {value} BETWEEN {first} AND {last} THEN {value} END"


def known_at_expression(mapping: SourceMapping, time_zone: ZoneInfo, delivered_on: str = lineage.DELIVERED_ON) -> str:
    """The instant (UTC) from which a record is known, as SQL.

    It is the mapping's expression, else the start of the day ``delivered_on`` in ``time_zone``. NULL means that the record's time
    cannot be read, so the record must go to quarantine.
    """
    if mapping.known_at is not None:
        return _as_type(mapping.safe(mapping.known_at), Type.TIMESTAMP)
    return f"to_utc_timestamp(cast(`{delivered_on}` as timestamp), '{time_zone.key}')"


def load_mapping(path: Path) -> SourceMapping:
    """Read one mapping.

    Raises:
        ConfigError: when it cannot be used; the message names every problem.
    """
    raw = read_toml(path, "mapping")
    refuse([*name_problems(path.stem), *shape_problems(raw)], path)
    return build_mapping(raw, path)


def build_mapping(raw: Mapping[str, Any], path: Path) -> SourceMapping:
    """A mapping from settings without problems."""
    return TypeAdapter(SourceMapping).validate_python({**raw, "name": path.stem, "path": path})


def load_mappings(profile_folder: Path) -> dict[str, SourceMapping]:
    """All mappings of a profile by name, in the order of their names.

    Raises:
        ConfigError: when one cannot be used.
    """
    return {path.stem: load_mapping(path) for path in mapping_paths(profile_folder)}


def load_usable_mappings(profile_folder: Path) -> tuple[dict[str, SourceMapping], dict[str, ConfigError]]:
    """The usable mappings of a profile, and the error of each other; both by name, in order of name."""
    usable: dict[str, SourceMapping] = {}
    unusable: dict[str, ConfigError] = {}
    for path in mapping_paths(profile_folder):
        try:
            usable[path.stem] = load_mapping(path)
        except ConfigError as error:
            unusable[path.stem] = error
    return usable, unusable


def every_path(profile_folder: Path) -> dict[str, Path]:
    """The mapping file of each source that a command can name, by the source's name."""
    paths = {path.stem: path for path in (*sorted(DEFAULTS.glob("*.toml")), *mapping_paths(profile_folder))}
    return dict(sorted(paths.items()))


def unmapped_columns(profile_folder: Path) -> Mapping[str, Mapping[str, frozenset[str]]]:
    """The columns that the mapping of each source leaves out, by contract and source.

    They depend on the profile alone, so a replay finds the same. A changed mapping makes all deliveries of its source stale, so the
    rows of all days are made by the current one. Of a mapping with an error, the parts that can be read are used.
    """
    found: dict[str, dict[str, frozenset[str]]] = {name: {} for name in SOURCES}
    for source, path in every_path(profile_folder).items():
        try:
            raw = read_toml(path, "mapping")
        except ConfigError:
            continue
        contract = SOURCES.get(str(raw.get("contract")))
        if contract is not None:
            parts = [part for part in (raw.get("columns"), raw.get("translate")) if isinstance(part, dict)]
            found[contract.name][source] = frozenset(map(str, contract.columns)).difference(*parts)
    return found


def expected_deliveries(profile_folder: Path) -> dict[str, tuple[str, int | None]]:
    """For each source its contract, and how often a delivery is expected: every so many days, or None where all come once.

    Of a mapping with an error, the parts that can be read are used: its source has stopped, and its records stay.
    """
    found = {}
    for source, path in every_path(profile_folder).items():
        try:
            raw = read_toml(path, "mapping")
        except ConfigError:
            raw = {}
        every_days = raw.get("every_days", 1)
        is_once = "delivered_on" in raw
        found[source] = (str(raw.get("contract", "")), None if is_once else every_days if type(every_days) is int else 1)
    return found


def mapped_sources(profile_folder: Path) -> list[str]:
    """The sources that a profile maps, in order, including those with an unusable mapping."""
    return [path.stem for path in mapping_paths(profile_folder)]


def mapping_paths(profile_folder: Path) -> list[Path]:
    """The mapping files of a profile, in the order of their names."""
    return sorted((profile_folder / "sources").glob("*.toml"))
