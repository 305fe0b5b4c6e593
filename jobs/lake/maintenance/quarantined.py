"""Read quarantine: its records, and the causes that they have in common. No personal value is in the result.

A value is shown only if the record's reason, which everyone may read, contains it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from expectations.contracts.contract import standard_literal
from expectations.contracts.lineage import DELIVERED_ON, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import BAD_VALUE, COLUMN_NAME, REASON, RULE_ID, STAGE, quarantine_of
from jobs.lake.maintenance.table_files import select
from jobs.lake.tables import LakeTables

MASKED = "***"
LONGEST_VALUE = 80
Place = tuple[date, str, int]
"""Delivery, file and row of a record."""


@dataclass(frozen=True)
class QuarantinedRecord:
    """A record in quarantine; a personal value is masked."""

    delivered_on: date
    source_file: str
    source_row: int
    stage: str
    rule: str
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Cause:
    """Records of one delivery that broke the same rule in the same column, with their most frequent value and its reason."""

    delivered_on: date
    stage: str
    rule: str
    column: str
    records: int
    value: str
    reason: str

    @property
    def sentence(self) -> str:
        """Such as ``20 × inspected_on unreadable: 09/07/2017``."""
        rule = f"{self.column} unreadable" if self.rule == f"{self.column}_unreadable" else self.rule
        return f"{self.records:,} × {rule}: {self.reason if self.value in ('', MASKED) else self.value}"


def records_of(delivered_on: date | None = None, rule: str = "") -> str:
    """SQL that selects the records of a delivery and of a rule; of all where one is not given."""
    of_delivery = f"{DELIVERED_ON} = DATE '{delivered_on}'" if delivered_on else "true"
    return f"{of_delivery} AND {RULE_ID} = {standard_literal(rule)}" if rule else of_delivery


def quarantined_records(lake: LakeTables, source: str, where: str, most: int) -> list[QuarantinedRecord]:
    """At most ``most`` records, newest delivery first, then by file and row."""
    names = f"{DELIVERED_ON}, {SOURCE_FILE}, {SOURCE_ROW}, {STAGE}, {RULE_ID}, {COLUMN_NAME}, {BAD_VALUE}, {REASON}"
    order = f"ORDER BY {DELIVERED_ON} DESC, {SOURCE_FILE}, {SOURCE_ROW}, {STAGE} LIMIT {most}"
    return [
        QuarantinedRecord(
            row[DELIVERED_ON], row[SOURCE_FILE], row[SOURCE_ROW], row[STAGE], row[RULE_ID], row[COLUMN_NAME] or "",
            _shown(row[BAD_VALUE], row[REASON]), row[REASON],
        )
        for row in _rows(lake, source, f"SELECT {names} FROM t WHERE {where} {order}")
    ]  # fmt: skip


def causes(lake: LakeTables, source: str, where: str = "true") -> list[Cause]:
    """The causes of a source's quarantined records: newest delivery first, then the most frequent."""
    names = f"{DELIVERED_ON}, {STAGE}, {RULE_ID}, {COLUMN_NAME}, {BAD_VALUE}, {REASON}"
    records: Counter[tuple[date, str, str, str]] = Counter()
    examples: dict[tuple[date, str, str, str], tuple[str, str]] = {}
    order = f"ORDER BY n DESC, {REASON}, {BAD_VALUE}"
    for row in _rows(lake, source, f"SELECT {names}, count(*) AS n FROM t WHERE {where} GROUP BY {names} {order}"):
        key = (row[DELIVERED_ON], row[STAGE], row[RULE_ID], row[COLUMN_NAME] or "")
        records[key] += row["n"]
        examples.setdefault(key, (_shown(row[BAD_VALUE], row[REASON]), row[REASON]))
    found = [Cause(*key, number, *examples[key]) for key, number in records.items()]
    return sorted(found, key=lambda one: (-one.delivered_on.toordinal(), -one.records, one.rule, one.column))


def records_by_place(lake: LakeTables, source: str, as_of: date) -> set[Place]:
    """The places of all quarantined records of the deliveries up to a day."""
    columns = (DELIVERED_ON, SOURCE_FILE, SOURCE_ROW)
    sql = f"SELECT {', '.join(columns)} FROM t WHERE {DELIVERED_ON} <= DATE '{as_of}'"
    return {(row[DELIVERED_ON], row[SOURCE_FILE], row[SOURCE_ROW]) for row in _rows(lake, source, sql)}


def _rows(lake: LakeTables, source: str, sql: str) -> list[dict[str, Any]]:
    table = quarantine_of(source)
    found: list[dict[str, Any]] = select(lake, sql, t=table).to_pylist() if lake.exists(table) else []
    return found


def _shown(value: str | None, reason: str) -> str:
    if not value:
        return ""
    return value[:LONGEST_VALUE] if value in reason else MASKED
