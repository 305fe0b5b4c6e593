"""All that a home holds, in a form that two homes can be compared by."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from expectations.contracts.contract import Contract
from expectations.contracts.state import STATE
from jobs.foundation.paths import LOCK, SCRATCH

Contents = dict[str, Any]
"""What there is, by name: the sorted rows of a table, the bytes of a file."""
_UNSAID = (LOCK,)
_SAY_VERSIONS = {"tables", "digest", "read", "features", "table_version", "version_before"}
"""Where manifests and notes say them, and the digest over all that a manifest says."""
_known: dict[bytes, list[tuple[str, str]]] = {}
"""Rows, each with its day, by a hash of the files that hold them: copies of a home share most."""
_VERSIONS = re.compile(rb"<dt>Table versions</dt><dd[^>]*>[^<]*</dd>")


def contents(home: Path) -> Contents:
    """Every table's rows, every other file's bytes, and the tables as finished days' manifests and notes of features pin them.

    Left out is only how often a table was written: its version numbers, which manifests, notes and pages repeat.
    """
    found: Contents = {f"table {name}": _rows(folder) for name, folder in tables(home).items()}
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_file() and not name.startswith("lake/") and name not in _UNSAID:
            found[name] = _without_versions(path)
    for path in sorted((home / "manifests" / "runs").glob("????-??-??.json")):
        found |= _pinned(home, path)
    for path in sorted((home / "manifests" / "features").glob("????-??-??.json")):
        read = json.loads(path.read_bytes()).get("read") or {}
        found |= {f"read for {name}": rows for name, rows in _at_versions(home, path.stem, read).items()}
    return found


def finished_day(home: Path, as_of: date) -> Contents:
    """What readers of a finished day see: its tables as pinned, its manifests, its page, and the model it was made with."""
    run = home / "manifests" / "runs" / f"{as_of}.json"
    model = json.loads(run.read_bytes())["model_id"]
    files = [
        run,
        *home.glob(f"manifests/sources/*/{as_of}.json"),
        *home.glob(f"reports/*{as_of}*"),
        *home.glob(f"models/{model}/*"),
    ]
    return {path.relative_to(home).as_posix(): path.read_bytes() for path in files} | _pinned(home, run)


def differing(one: Contents, other: Contents) -> list[str]:
    """The names of what is not alike, for a message."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def tables(home: Path) -> dict[str, Path]:
    """The folders of the tables, by name such as ``gold.features``."""
    logs = (home / "lake").glob("*/*/_delta_log")
    return {f"{log.parent.parent.name}.{log.parent.name}": log.parent for log in logs if DeltaTable.is_deltatable(str(log.parent))}


def disk_state(home: Path) -> str:
    """A hash of every file's bytes, but for what the next run takes away before it begins: drafts and intermediate files."""
    digest = hashlib.sha256()
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_file() and not name.startswith(f"{SCRATCH}/") and not path.name.startswith("."):
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _rows(folder: Path, version: int | None = None, days: list[str] | None = None) -> list[str]:
    """Rows as text, of some days or all, exact to the last bit of each float, in an order of their own."""
    table = DeltaTable(str(folder), version=version)
    files = sorted(Path(uri) for uri in table.file_uris())
    digest = hashlib.sha256(table.schema().to_json().encode())
    for file in files:
        digest.update(f"\0{file.relative_to(folder)}\0".encode() + file.read_bytes())
    if digest.digest() not in _known:
        rows = table.to_pyarrow_table().to_pylist()
        said = [(str(row.get("as_of")), repr({key: _exact(value) for key, value in row.items()})) for row in rows]
        _known[digest.digest()] = sorted(said, key=lambda row: row[1])
    return [row for day, row in _known[digest.digest()] if days is None or day in days]


def _exact(value: object) -> object:
    return value.hex() if isinstance(value, float) else value


def _pinned(home: Path, run: Path) -> Contents:
    """The tables as a day's manifest pins them."""
    return _at_versions(home, run.stem, json.loads(run.read_bytes())["tables"])


def _at_versions(home: Path, day: str, versions: dict[str, int | None]) -> Contents:
    """Tables as a day pins them; of state the day's own, since training adds that of past days."""
    own = {table.full_name: _days_of_state(home, table, day) for table in STATE}
    return {
        f"{day} {name}": None if version is None else _rows_or_gone(home / "lake" / name.replace(".", "/"), version, own.get(name))
        for name, version in versions.items()
    }


def _days_of_state(home: Path, table: Contract, day: str) -> list[str]:
    """The days whose rows a day's state is made of; none when they were dropped."""
    note = home / "manifests" / "state" / table.name / f"{day}.json"
    return list(json.loads(note.read_bytes())["parts"]) if note.is_file() else []


def _rows_or_gone(folder: Path, version: int, days: list[str] | None) -> list[str] | None:
    """Rows of a version that maintenance may have taken away."""
    try:
        return _rows(folder, version, days)
    except (DeltaError, OSError):
        return None


def _without_versions(path: Path) -> object:
    content = path.read_bytes()
    if path.parent.name == "reports":
        return _VERSIONS.sub(b"", content)
    if path.parent.name in ("links", "features", "scores") or {"runs", "unfinished"} & {*path.parts}:
        return {key: value for key, value in json.loads(content).items() if key not in _SAY_VERSIONS}
    return content
