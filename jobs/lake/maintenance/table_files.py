"""The tables of a home and their files: logs, checkpoints, data files, and partitions that differ between versions.

A log has one file per version, and checkpoints that contain all versions up to theirs. The engine reads no version before the
newest checkpoint (Sail 0.7.2), and a reader without a checkpoint replays every commit. So there is one checkpoint, at the oldest
version that is still needed; the log before it can be deleted.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError

from expectations.contracts.contract import Contract, Zone, standard_literal
from expectations.contracts.registry import every_table
from jobs.foundation.errors import ConfigError
from jobs.foundation.fault_points import around
from jobs.foundation.files import delete_file
from jobs.lake.table_version import columns_of
from jobs.lake.tables import LakeTables

LOG = "_delta_log"
"""The folder with a table's commits."""
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")
_NUMBERED = re.compile(r"(\d{20})\..+")
_HINT = "_last_checkpoint"


def commits(folder: Path) -> set[int]:
    """The versions with a commit in the table's log."""
    return _numbers(folder, _COMMIT)


def checkpoints(folder: Path) -> set[int]:
    """The versions with a checkpoint in the table's log."""
    return _numbers(folder, _CHECKPOINT)


def readable_versions(folder: Path) -> set[int]:
    """The versions that the log can rebuild: from a checkpoint or the first commit on, without a gap."""
    there, starts = commits(folder), checkpoints(folder) | ({0} & commits(folder))
    readable: set[int] = set()
    for start in sorted(starts):
        version = start
        while version not in readable and (version == start or version in there):
            readable.add(version)
            version += 1
    return readable


def shorten_log(folder: Path, oldest: int) -> int:
    """Start the log at a version: one checkpoint there, nothing before it; return the number of deleted files.

    Every version from ``oldest`` on stays readable throughout: commits before the checkpoint are deleted after it is written, the
    oldest first. A log with a gap after ``oldest`` is left unchanged.
    """
    log = folder / LOG
    there = commits(folder)
    if not there.issuperset(range(oldest + 1, max(there, default=oldest) + 1)):
        return 0
    later = [path for path in _numbered(log) if (found := _CHECKPOINT.fullmatch(path.name)) and int(found[1]) > oldest]
    if later:
        # The hint first: it must never name a deleted file.
        for path in (log / _HINT, *later):
            delete_file(path)
    before = [path for path in _numbered(log) if int(path.name[:20]) < oldest]
    if before or later:
        if oldest not in checkpoints(folder) or not (log / _HINT).exists():
            with around(log / "checkpoint"):
                DeltaTable(str(folder), version=oldest).create_checkpoint()
        for path in before:
            delete_file(path)
    return len(before) + len(later)


def _numbers(folder: Path, pattern: re.Pattern[str]) -> set[int]:
    names = (path.name for path in (folder / LOG).glob("*"))
    return {int(found[1]) for name in names if (found := pattern.fullmatch(name))}


def _numbered(log: Path) -> list[Path]:
    """The log's files with a version number, oldest first."""
    return sorted(path for path in log.glob("*") if _NUMBERED.fullmatch(path.name))


def named_files(folder: Path) -> set[str]:
    """Every data file that the log's commits or its oldest checkpoint name, as paths in the table's folder."""
    named: set[str] = set()
    for path in _numbered(folder / LOG):
        if _COMMIT.fullmatch(path.name):
            actions = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith('{"add"'))
            named |= {unquote(action["add"]["path"]) for action in actions}
    if start := min(checkpoints(folder), default=None):
        adds = DeltaTable(str(folder), version=start).get_add_actions()
        named |= {unquote(path) for path in adds["path"].to_pylist()}
    return named


def tables_of(lake: LakeTables) -> tuple[Contract, ...]:
    """The contracts of the existing tables, by zone; quarantine has one table per source, found by its folder."""
    sources = sorted(path.name for path in (lake.home / "lake" / Zone.QUARANTINE.value).glob("*") if path.is_dir())
    return tuple(contract for contract in every_table(sources) if lake.exists(contract))


def table_of(lake: LakeTables, name: str) -> Contract:
    """The contract of an existing table, by ``zone.table``, or by its name alone when it is unique.

    Raises:
        ConfigError: when no table or several tables have the name.
    """
    there = tables_of(lake)
    found = [contract for contract in there if name in (contract.full_name, contract.name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(contract.full_name for contract in (found or there))
    raise ConfigError(
        what=f"{name!r} names {'several tables' if found else 'no table'}",
        where=str(lake.home / "lake"),
        next_step=f"name one of {names}" if names else "give the home that holds the tables with --home",
    )


def open_table(lake: LakeTables, contract: Contract, version: int | None = None) -> DeltaTable:
    """A table as Delta's library opens it, at a version or the newest."""
    return DeltaTable(str(lake.path(contract)), version=version)


def select(lake: LakeTables, sql: str, **tables: Contract) -> pa.Table:
    """The result of a SELECT on the newest versions of tables, passed by the names that ``sql`` uses; no engine is needed."""
    query = QueryBuilder()
    for name, contract in tables.items():
        query = query.register(name, open_table(lake, contract))
    table = pa.table(query.execute(sql).read_all())
    # The reader gives string views, which few Arrow functions accept.
    plain = [field.with_type(pa.string()) if field.type == pa.string_view() else field for field in table.schema]
    return table.cast(pa.schema(plain))


def sizes_of(table: DeltaTable) -> dict[str, int]:
    """The data files of a version of a table: path in its folder -> size in bytes."""
    added = table.get_add_actions()
    # Paths in the log are URL-encoded.
    paths = [unquote(path) for path in added["path"].to_pylist()]
    return dict(zip(paths, added["size_bytes"].to_pylist(), strict=True))


def files_on_disk(lake: LakeTables, contract: Contract) -> dict[str, int]:
    """All data files in a table's folder: path in it -> size in bytes. Hadoop's checksum files, ``.<file>.crc``, are left out."""
    folder = lake.path(contract)
    there = {path for path in folder.rglob("*") if path.is_file() and LOG not in path.relative_to(folder).parts}
    data = there - {path.with_name(f".{path.name}.crc") for path in there}
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in data}


def is_whole(lake: LakeTables, contract: Contract, version: int) -> bool:
    """Whether a version of a table can be read: its log has it, and all its data files exist with the right size."""
    if version not in readable_versions(lake.path(contract)):
        return False
    try:
        sizes = sizes_of(open_table(lake, contract, version))
    except DeltaError:
        return False
    return sizes.items() <= files_on_disk(lake, contract).items()


Partition = tuple[tuple[str, Any], ...]
"""A partition's columns and values, in the order of the contract."""


def changed_partitions(lake: LakeTables, contract: Contract, first: int, second: int) -> list[Partition]:
    """The partitions whose rows differ between two readable versions of a table, in order of their values.

    Files that were only compacted or split have the same rows.
    """
    tables = open_table(lake, contract, first), open_table(lake, contract, second)
    files = [_files(table, contract) for table in tables]
    apart = [part for part in sorted({*files[0], *files[1]}, key=str) if files[0].get(part) != files[1].get(part)]
    return [part for part in apart if not _hold_the_same(tables, part)]


def is_same_in(first: DeltaTable, second: DeltaTable, contract: Contract, part: Partition) -> bool:
    """Whether two versions of a table have the same rows in one partition; the keys of the first must be unique."""
    is_same_files = _files(first, contract).get(part) == _files(second, contract).get(part)
    return is_same_files or _hold_the_same((first, second), part)


def _files(table: DeltaTable, contract: Contract) -> dict[Partition, set[str]]:
    found: dict[Partition, set[str]] = defaultdict(set)
    for row in pa.table(table.get_add_actions(flatten=True)).to_pylist():
        found[tuple((str(name), row[f"partition.{name}"]) for name in contract.partition_by)].add(unquote(row["path"]))
    return found


def _hold_the_same(tables: tuple[DeltaTable, DeltaTable], part: Partition) -> bool:
    first, second = tables
    if columns_of(first) != columns_of(second):
        return False
    where = " AND ".join(f"{name} = {standard_literal(value)}" for name, value in part)
    query = QueryBuilder().register("a", first).register("b", second)
    rows = f"(SELECT * FROM {{}} WHERE {where})"
    a, b = rows.format("a"), rows.format("b")
    counted = (
        "SELECT (SELECT count(*) FROM {}) AS a, (SELECT count(*) FROM {}) AS b, (SELECT count(*) FROM ({} EXCEPT {})) AS apart"
    )
    found = pa.table(query.execute(counted.format(a, b, a, b)).read_all()).to_pylist()[0]
    # Keys are unique, so equal counts without a missing row mean equal rows.
    return bool(found["a"] == found["b"] and found["apart"] == 0)
