"""Quarantine: records that cannot be read or break a critical rule, until a rerun releases them."""

from __future__ import annotations

from enum import StrEnum

from expectations.contracts.contract import Column, Contract, Sensitivity, Type, Zone
from expectations.contracts.lineage import DELIVERED_ON, SOURCE, SOURCE_FILE, SOURCE_ROW


class Stage(StrEnum):
    """The stage that rejected a record."""

    READ = "read"
    """It cannot be read."""
    MAP = "map"
    """A value cannot be converted to its column's type."""
    COMPARE = "compare"
    """It contradicts another record of its delivery."""
    GATE = "gate"
    """It breaks a critical row rule of its contract."""


STAGE = Column("stage", Type.STRING, "The stage that rejected the record: read, map, compare or gate", required=True)
RULE_ID = Column("rule_id", Type.STRING, "The rule that it broke", required=True)
COLUMN_NAME = Column("column_name", Type.STRING, "The column that the rule speaks of")
BAD_VALUE = Column("bad_value", Type.STRING, "The value found there", sensitivity=Sensitivity.PERSONAL)
REASON = Column("reason", Type.STRING, "What was wrong, as a sentence", required=True)
RAW = Column("raw", Type.STRING, "The record's raw text", sensitivity=Sensitivity.PERSONAL)

KEY_CONFLICT = "key_conflict"
"""The rule of :attr:`Stage.COMPARE`: records of one delivery with equal key and ``known_at`` are equal."""

COLUMNS = (SOURCE, SOURCE_FILE, SOURCE_ROW, DELIVERED_ON, STAGE, RULE_ID, COLUMN_NAME, BAD_VALUE, REASON, RAW)

INTO_FILE = Column("into_file", Type.STRING, "The file of the record that it went into", required=True)
INTO_ROW = Column("into_row", Type.BIGINT, "The row of the record that it went into", required=True)

COMBINED = Contract(
    name="combined",
    zone=Zone.BRONZE,
    about="Records that a mapping's group_by or newest_by put into another record of their delivery.",
    grain="one record that is no row of its own",
    key=(SOURCE, SOURCE_FILE, SOURCE_ROW),
    columns=(SOURCE, SOURCE_FILE, SOURCE_ROW, DELIVERED_ON, INTO_FILE, INTO_ROW),
    owner="data engineering",
    partition_by=(SOURCE, DELIVERED_ON),
)


def quarantine_of(source: str) -> Contract:
    """The quarantine table of a source."""
    return Contract(
        name=source,
        zone=Zone.QUARANTINE,
        about=f"Records of {source} that broke a rule, with the rule and the raw text.",
        grain="one record, with the first rule that it broke",
        key=(SOURCE, SOURCE_FILE, SOURCE_ROW),
        columns=COLUMNS,
        owner="data engineering",
        partition_by=(STAGE, DELIVERED_ON),
    )
