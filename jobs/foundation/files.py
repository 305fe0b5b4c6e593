"""Files: atomic writes, cleanup after a crash, JSON, TOML, and text for spreadsheets."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
import stat
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import psutil

from jobs.foundation.errors import ConfigError, Damaged
from jobs.foundation.fault_points import around, reach
from jobs.foundation.paths import FILED, SCRATCH

_DRAFT = re.compile(r"\..+\.steelyard-(\d+)")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # Hangul fillers and the empty Braille cell
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old content or the new one and nothing between."""
    reach("before", path)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_path(path, os.getpid())
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    reach("drafted", path)
    draft.replace(path)
    reach("after", path)


def umask_of(folder: Path) -> int:
    """The umask for files created in a folder: only their owner may read them, unless the folder is open to its group alone.

    Usual umasks open a new folder to everybody, so that is no decision of its operator; ``chmod 750`` is one.
    """
    mode = stat.S_IMODE(folder.stat().st_mode) if folder.is_dir() else 0
    return 0o077 if mode & stat.S_IRWXO else 0o077 & ~mode


def write_derived(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files that can be made again: each is old or new for a reader, but after a power failure one may be empty.

    Args:
        folder: where they are.
        files: their contents, by path in the folder. Equal contents are not written again.
    """
    with around(folder):
        for name, content in files.items():
            path = folder / name
            if path.is_file() and path.read_bytes() == content:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = draft_path(path, os.getpid())
            draft.write_bytes(content)
            draft.replace(path)


def draft_path(path: Path, process: int) -> Path:
    """Where a process writes a file before it renames it to ``path``."""
    return path.with_name(f".{path.name}.steelyard-{process}")


def delete_file(path: Path) -> None:
    """Delete a file if it exists."""
    with around(path):
        path.unlink(missing_ok=True)


def clean_up_after_crash(home: Path) -> None:
    """Delete intermediate files, and drafts of processes that no longer run. Only the holder of the home's lock may call this.

    Drafts of running processes stay: ``export`` writes files without the lock.
    """
    shutil.rmtree(home / SCRATCH, ignore_errors=True)
    for folder in FILED:
        for path in (home / folder).rglob(".*"):
            draft = _DRAFT.fullmatch(path.name)
            if draft and path.is_file() and not psutil.pid_exists(int(draft[1])):
                path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` as JSON; equal content gives equal bytes."""
    write_atomic(path, (json_text(content) + "\n").encode())


def json_text(content: Any) -> str:
    """``content`` as JSON with sorted keys; parsing and writing it again gives the same text."""
    return json.dumps(_without_nan(content), ensure_ascii=False, indent=1, sort_keys=True, default=str, allow_nan=False)


def _without_nan(content: Any) -> Any:
    """The content with null for NaN and infinities, which JSON does not have."""
    if isinstance(content, Mapping):
        return {str(key): _without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_without_nan(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def read_json(path: Path) -> Any:
    """The content of a JSON file; None when there is no file.

    Raises:
        Damaged: when it is not valid JSON.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Damaged(
            what=f"the file has changed since it was written: {error}", where=str(path), next_step="restore the file from a backup"
        ) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def days_in(folder: Path) -> list[date]:
    """The days of the files ``<day>.json`` in a folder, in order."""
    return sorted(date.fromisoformat(path.stem) for path in folder.glob("????-??-??.json"))


def read_toml(path: Traversable, kind: str) -> dict[str, Any]:
    """The content of a TOML file.

    Args:
        kind: what the user calls it, such as ``profile`` or ``mapping``.

    Raises:
        ConfigError: when it cannot be opened or is not valid TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        exists = not isinstance(error, FileNotFoundError | NotADirectoryError)
        raise ConfigError(
            what=f"the {kind} cannot be read: {error.strerror}",
            where=str(path),
            next_step=f"allow reading it, or name another {kind}" if exists else f"name a {kind} that exists",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(what=f"the {kind} is not valid TOML: {error}", where=str(path), next_step="save it as UTF-8") from error
    except ValueError as error:  # not TOMLDecodeError: Python itself refuses a number with thousands of digits
        raise ConfigError(what=f"the {kind} is not valid TOML: {error}", where=str(path), next_step="correct that line") from error


def escape_formula(value: Any) -> Any:
    """The value; a text that a spreadsheet would run as a formula gets an apostrophe in front.

    Leading spaces, marks and invisible characters, also invisible letters, are skipped in this test, since a program may drop them.
    """
    if not isinstance(value, str):
        return value
    first_visible = next((sign for sign in value if unicodedata.category(sign)[0] not in "CZM" and sign not in _BLANK), "")
    return f"'{value}" if value.startswith(_FORMULA) or first_visible.startswith(_FORMULA) else value
