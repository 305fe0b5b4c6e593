"""Columns, rules and contracts.

A column *is* its name (a ``str``), so a transform writes ``F.col(ENTITY_ID)``, and a misspelt column is an import error. Its type,
unit and sensitivity are attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType


class Zone(StrEnum):
    """The zones of the lake, in the order that data passes through them."""

    BRONZE = "bronze"
    QUARANTINE = "quarantine"
    SILVER = "silver"
    STATE = "state"
    GOLD = "gold"


class Type(StrEnum):
    """Column types, as Spark SQL spells them. Money is BIGINT in minor units, never a float."""

    STRING = "string"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"
    INT = "int"
    BIGINT = "bigint"
    DOUBLE = "double"

    @property
    def is_number(self) -> bool:
        """Whether its values can be added up."""
        return self in (Type.INT, Type.BIGINT, Type.DOUBLE)


class Sensitivity(StrEnum):
    """Who may see a value: anyone, staff, or nobody unless it is masked (personal data)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"


class Severity(StrEnum):
    """CRITICAL quarantines the row or stops the batch; WARNING is reported."""

    CRITICAL = "critical"
    WARNING = "warning"


class Column(str):
    """A column: its name, with type, meaning and sensitivity as attributes.

    Args:
        name: the name in every table of the lake.
        type: one of :class:`Type`.
        about: one sentence for the data dictionary.
        unit: the unit of a number, else empty.
        required: whether a row without a value is unusable.
        sensitivity: who may see it.
    """

    type: Type
    about: str
    unit: str
    required: bool
    sensitivity: Sensitivity

    def __new__(
        cls,
        name: str,
        type: Type,
        about: str,
        *,
        unit: str = "",
        required: bool = False,
        sensitivity: Sensitivity = Sensitivity.INTERNAL,
    ) -> Column:
        column = str.__new__(cls, name)
        column.type = type
        column.about = about
        column.unit = unit
        column.required = required
        column.sensitivity = sensitivity
        return column

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """A copy of a column, or a column in another process, is only its name."""
        return str, (str(self),)


@dataclass(frozen=True)
class RowRule:
    """A rule for each row.

    ``predicate`` is Spark SQL over the contract's columns, true for a sound row. NULL counts as true, so a missing optional
    value breaks only rules that require it.
    """

    id: str
    predicate: str
    severity: Severity
    about: str
    column: str = ""

    def holds(self) -> str:
        """The predicate as SQL that is true or false, never NULL."""
        return f"coalesce(({self.predicate}), true)"


class BatchCheck(StrEnum):
    """What a batch rule checks."""

    MIN_ROWS = "min_rows"
    """At least ``limit`` rows."""
    VOLUME = "volume"
    """Rows at least ``limit`` times the median of the source's earlier batches."""
    LOWEST = "lowest"
    """Rows at least ``limit`` times the fewest of the source's earlier batches."""
    FRESH = "fresh"
    """The newest event of the batch is at most ``limit`` days before the delivery; for ten rows or more."""
    QUARANTINED_SHARE = "quarantined_share"
    """At most this share of the rows is in quarantine."""
    CONFLICT_SHARE = "conflict_share"
    """At most this share of the rows has the key and the ``known_at`` of another row of the delivery that differs."""
    UNKNOWN_ENTITY_SHARE = "unknown_entity_share"
    """At most this share of the rows with an ``entity_id`` names an entity that no registration has."""
    OUT_OF_SCOPE_SHARE = "out_of_scope_share"
    """At most this share of all records delivered so far is left out by the mapping."""
    SCOPE_SHIFT = "scope_shift"
    """The share of records left out differs by at most this from earlier batches, beyond chance."""
    ABSENT_SHARE = "absent_share"
    """At most this share of the known keys is missing in a snapshot."""
    GARBLED_SHARE = "garbled_share"
    """At most this share of the rows with characters beyond ASCII looks as if read with a wrong encoding."""
    LABEL_SHIFT = "label_shift"
    """The share of visits with a violation differs by at most this from earlier batches, beyond chance."""
    BREACHES_GAP = "breaches_gap"
    """Visits with a violation have at least ``limit`` more breaches than the others, on average."""


@dataclass(frozen=True)
class BatchRule:
    """A rule for a whole batch; a mapping may set another ``limit`` for its source."""

    id: str
    check: BatchCheck
    limit: float
    severity: Severity
    about: str


@dataclass(frozen=True)
class Contract:
    """A table: its grain, key, columns, and rules.

    ``event_on`` is the date of a row's event; a feature for ``as_of`` uses only rows with
    ``event_on <= as_of`` and ``known_at`` before the end of ``as_of``. Each change of the columns
    increases ``version`` by one, and :mod:`expectations.contracts.migrations` migrates tables of the version before.
    ``texts`` are the columns of free text; a wrong encoding shows in them.
    """

    name: str
    zone: Zone
    about: str
    grain: str
    key: tuple[Column, ...]
    columns: tuple[Column, ...]
    owner: str
    event_on: Column | None = None
    row_rules: tuple[RowRule, ...] = ()
    batch_rules: tuple[BatchRule, ...] = ()
    partition_by: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    texts: tuple[Column, ...] = ()
    version: int = 1

    def __post_init__(self) -> None:
        names = [str(column) for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"contract {self.name}: a column is named twice: {sorted(names)}")
        missing = [str(part) for part in self.key if part not in names]
        if missing:
            raise ValueError(f"contract {self.name}: key columns {missing} are not among its columns")
        rules = [rule.id for rule in self.row_rules] + [rule.id for rule in self.batch_rules]
        if len(set(rules)) != len(rules):
            raise ValueError(f"contract {self.name}: a rule id is used twice: {sorted(rules)}")

    @property
    def full_name(self) -> str:
        """The table with its zone, such as ``gold.features``, for manifests and messages."""
        return f"{self.zone.value}.{self.name}"

    @property
    def required(self) -> tuple[Column, ...]:
        """The columns without which a row is unusable."""
        return tuple(column for column in self.columns if column.required)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: when the contract has no such column.
        """
        for column in self.columns:
            if column == name:
                return column
        raise KeyError(f"contract {self.name} has no column {name!r}")

    def ddl(self) -> str:
        """The columns as a Spark DDL schema string."""
        return ", ".join(f"`{column}` {column.type.value}" for column in self.columns)

    def extended(
        self, *, zone: Zone, columns: Iterable[Column], partition_by: tuple[str, ...], name: str | None = None, version: int = 1
    ) -> Contract:
        """The same table in another zone with more columns, without rules, and with its own version."""
        return replace(
            self,
            name=name or self.name,
            zone=zone,
            columns=(*self.columns, *columns),
            row_rules=(),
            batch_rules=(),
            partition_by=partition_by,
            version=version,
        )


def required_rules(columns: Iterable[Column]) -> tuple[RowRule, ...]:
    """One critical rule for each required column: it has a value that is not blank."""

    def is_given(column: Column) -> str:
        return f"{column} IS NOT NULL" + (f" AND trim({column}) <> ''" if column.type is Type.STRING else "")

    required = (column for column in columns if column.required)
    return tuple(RowRule(f"{one}_present", is_given(one), Severity.CRITICAL, f"{one} is given", one) for one in required)


def sql_literal(value: str | int | float | bool) -> str:
    """A value as a Spark SQL literal; text in single quotes, since other engines use double quotes for identifiers."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def standard_literal(value: object) -> str:
    """A value's text as a literal of standard SQL, as DataFusion and PostgreSQL read it: quotes are doubled."""
    doubled = str(value).replace("'", "''")
    return f"'{doubled}'"


def value_rules(values: Mapping[str, tuple[str, ...]]) -> tuple[RowRule, ...]:
    """One critical rule for each column with a closed list of values."""

    def rule(name: str, allowed: tuple[str, ...]) -> RowRule:
        is_known = f"{name} IN ({', '.join(map(sql_literal, allowed))})"
        return RowRule(f"{name}_known", is_known, Severity.CRITICAL, f"{name} is one of {', '.join(allowed)}", name)

    return tuple(rule(name, allowed) for name, allowed in values.items())


def not_negative(*columns: Column, severity: Severity = Severity.CRITICAL) -> tuple[RowRule, ...]:
    """One rule for each column: zero or more."""
    return tuple(
        RowRule(f"{column}_not_negative", f"{column} >= 0", severity, f"{column} is zero or more", column) for column in columns
    )


def in_order(earlier: Column, later: Column, severity: Severity = Severity.CRITICAL) -> RowRule:
    """A rule: ``earlier`` is not after ``later``."""
    return RowRule(f"{earlier}_before_{later}", f"{earlier} <= {later}", severity, f"{earlier} is not after {later}", earlier)


LARGEST_EXACT = 2**53
"""The largest whole number up to which a double holds every one: 90 trillion in currencies of two decimal places."""


def exact_rules(columns: Iterable[Column]) -> tuple[RowRule, ...]:
    """One critical rule for each BIGINT column: small enough that sums do not overflow and ratios stay exact."""
    within = f"BETWEEN -{LARGEST_EXACT} AND {LARGEST_EXACT}"
    return tuple(
        RowRule(f"{column}_exact", f"{column} {within}", Severity.CRITICAL, f"{column} is within ±2^53", column)
        for column in columns
        if column.type is Type.BIGINT
    )


def plausible(*columns: Column) -> tuple[RowRule, ...]:
    """One critical rule for each date or timestamp: within 1900 to 2199. Some systems write year 1 or 9999 for "none"."""

    def rule(column: Column, kind: str) -> RowRule:
        is_within = f"{column} >= {kind}'1900-01-01' AND {column} < {kind}'2200-01-01'"
        return RowRule(f"{column}_plausible", is_within, Severity.CRITICAL, f"{column} is within the years 1900 to 2199", column)

    return tuple(rule(column, column.type.value) for column in columns)
