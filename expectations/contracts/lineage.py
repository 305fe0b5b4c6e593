"""Columns that every record has from its source to the list: its origin, and when it was known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from expectations.contracts.contract import Column, RowRule, Severity, Type, exact_rules, plausible, required_rules, value_rules

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
