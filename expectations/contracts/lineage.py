"""What every kind of source has: columns of a record's origin and when it was known, and the rules for records and deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.contracts.contract import (
    BatchCheck,
    BatchRule,
    Column,
    RowRule,
    Severity,
    Type,
    exact_rules,
    plausible,
    required_rules,
    value_rules,
)

ENTITY_ID = Column("entity_id", Type.STRING, "The market entity, by the profile's id scheme", required=True)
AS_OF = Column("as_of", Type.DATE, "The day, in the profile's time zone, that the row describes", required=True)

SOURCE = Column("source", Type.STRING, "The source mapping that the record came through", required=True)
SOURCE_FILE = Column(
    "source_file", Type.STRING, "The file, relative to the sources folder; of a database the table and the day", required=True
)
SOURCE_ROW = Column(
    "source_row",
    Type.BIGINT,
    "The record's line (text files), row (Parquet) or row key (database) in it; 0 where it has none",
    required=True,
)
CONTENT_HASH = Column("content_hash", Type.STRING, "SHA-256 of the contract's columns, for telling duplicates", required=True)
DELIVERED_ON = Column("delivered_on", Type.DATE, "The day the delivery was made", required=True)
KNOWN_AT = Column("known_at", Type.TIMESTAMP, "The instant (UTC) from which the record could be known", required=True)
IS_ABSENT = Column("is_absent", Type.BOOLEAN, "True for a record that a snapshot no longer held", required=True)
IS_REVISION = Column(
    "is_revision", Type.BOOLEAN, "True when another record of its key was there when this one was taken in", required=True
)

VERSION_ORDER: tuple[str, ...] = (KNOWN_AT, DELIVERED_ON, SOURCE, SOURCE_FILE, SOURCE_ROW)
"""The order of a key's versions, oldest first. It is total: no two records share source, file and row."""
LINEAGE = (SOURCE, SOURCE_FILE, SOURCE_ROW, CONTENT_HASH, DELIVERED_ON, KNOWN_AT, IS_ABSENT, IS_REVISION)

_KNOWN_AT_RULES = (
    *plausible(KNOWN_AT),
    RowRule(
        "known_by_delivery",
        # Files without a day of delivery bear a date before 1971. Days are compared with days: beside a timestamp Sail
        # brings a date to nanoseconds, which end in 2262, and a sentinel such as 9999-12-31 would fail the whole check.
        f"cast({KNOWN_AT} as date) < date_add({DELIVERED_ON}, 2) OR {DELIVERED_ON} < DATE'1971-01-01'",
        Severity.WARNING,
        "a record is known by the time it is delivered; until its known_at it is not used",
        KNOWN_AT,
    ),
)
"""What must be true of every record's ``known_at``; two days, since a delivery's date is local and ``known_at`` is UTC."""


def source_rules(columns: Sequence[Column], values: Mapping[str, tuple[str, ...]], *dates: Column) -> tuple[RowRule, ...]:
    """The rules that every source has: required columns, closed lists of values, exact numbers, plausible dates, ``known_at``."""
    return (*required_rules(columns), *value_rules(values), *exact_rules(columns), *plausible(*dates), *_KNOWN_AT_RULES)


def delivery_rules(contract: str, *, volume: float, volume_severity: Severity = Severity.CRITICAL) -> tuple[BatchRule, ...]:
    """The rules for whole deliveries that every source has: its number of rows, scope, absent keys, encoding, usable rows.

    Args:
        contract: the contract's name, with which the rules' ids begin.
        volume: the least rows, as a share of those expected from earlier deliveries.
        volume_severity: the severity of that rule.
    """
    rules: tuple[tuple[str, BatchCheck, float, Severity, str], ...] = (
        ("quarantined", BatchCheck.QUARANTINED_SHARE, 0.2, Severity.CRITICAL, "most rows are usable"),
        ("conflicts", BatchCheck.CONFLICT_SHARE, 0.001, Severity.CRITICAL,
         "records with the same key and known_at are equal; [group_by] or newest_by of the mapping can combine them"),
        ("volume", BatchCheck.VOLUME, volume, volume_severity, "the number of rows is as expected from earlier deliveries"),
        ("lowest", BatchCheck.LOWEST, 0.75, Severity.WARNING,
         "the number of rows is not far below that of the smallest earlier delivery"),
        ("rows", BatchCheck.MIN_ROWS, 1, Severity.WARNING, "the delivery has records"),
        ("scope", BatchCheck.OUT_OF_SCOPE_SHARE, 0.99, Severity.CRITICAL, "some records are in the mapping's scope"),
        ("scope_shift", BatchCheck.SCOPE_SHIFT, 0.25, Severity.WARNING,
         "the mapping leaves out as many of the records as in earlier deliveries"),
        ("absent", BatchCheck.ABSENT_SHARE, 0.2, Severity.CRITICAL, "a snapshot has most of the keys known before"),
        ("encoding", BatchCheck.GARBLED_SHARE, 0.1, Severity.WARNING, "the text was read with the right encoding"),
    )  # fmt: skip
    return tuple(BatchRule(f"{contract}_{name}", check, limit, severity, about) for name, check, limit, severity, about in rules)
