"""The history of a home's tables: each version, when and how it was written, and which days' runs left it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from expectations.contracts.contract import Contract
from jobs.lake.maintenance.table_files import is_whole, open_table, sizes_of, tables_of
from jobs.lake.manifests import finished_days
from jobs.lake.table_version import version_of
from jobs.lake.tables import LakeTables

_ROWS = ("numOutputRows", "num_added_rows")
_ADDED = ("numAddedFiles", "num_added_files", "numFilesAdded")
_REMOVED = ("numRemovedFiles", "num_removed_files", "numFilesRemoved", "numRemovedFile")
"""The engines' names for the same metrics."""


@dataclass(frozen=True)
class TableState:
    """A table now: newest version, contract version, time of the last write (UTC), rows, files, bytes."""

    table: str
    version: int
    contract: int
    written_at: str
    rows: int
    files: int
    bytes: int


@dataclass(frozen=True)
class TableVersion:
    """One version of a table.

    Attributes:
        version: its number.
        written_at: when it was committed, UTC.
        operation: Delta's name of the operation.
        replaced: the predicate of the replaced rows; empty when unknown.
        rows_added: rows written; None when unknown.
        files_added: data files added; None when unknown.
        files_removed: data files removed from the table; None when unknown.
        is_whole: whether it can be read: all its data files exist.
        left_by: the days whose runs left the table at this version.
    """

    version: int
    written_at: str
    operation: str
    replaced: str
    rows_added: int | None
    files_added: int | None
    files_removed: int | None
    is_whole: bool
    left_by: tuple[date, ...]


def table_states(lake: LakeTables) -> list[TableState]:
    """Every table of the home."""
    return [_state(lake, contract) for contract in tables_of(lake)]


def table_versions(lake: LakeTables, contract: Contract, limit: int) -> list[TableVersion]:
    """The newest ``limit`` versions in a table's log, newest first."""
    days = finished_days(lake.home)
    found = []
    for entry in open_table(lake, contract).history(limit):
        version = int(entry["version"])
        metrics = entry.get("operationMetrics") or {}
        found.append(
            TableVersion(
                version=version,
                written_at=_instant(entry.get("timestamp")),
                operation=str(entry.get("operation", "")),
                replaced=str((entry.get("operationParameters") or {}).get("predicate", "")),
                rows_added=_figure(metrics, _ROWS),
                files_added=_figure(metrics, _ADDED),
                files_removed=_figure(metrics, _REMOVED),
                is_whole=is_whole(lake, contract, version),
                left_by=tuple(day for day, tables in days.items() if tables.get(contract.full_name) == version),
            )
        )
    return found


def _state(lake: LakeTables, contract: Contract) -> TableState:
    table = open_table(lake, contract)
    sizes = sizes_of(table)
    return TableState(
        table=contract.full_name,
        version=table.version(),
        contract=version_of(table),
        written_at=_instant(table.history(1)[0].get("timestamp")),
        rows=table.count(),
        files=len(sizes),
        bytes=sum(sizes.values()),
    )


def _instant(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _figure(metrics: dict[str, Any], names: tuple[str, ...]) -> int | None:
    return next((int(metrics[name]) for name in names if name in metrics), None)
