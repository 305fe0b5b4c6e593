"""Files that are whole or not there: written beside their place and renamed into it.

What a process that was killed left behind in a home: intermediate files, and drafts of files that were never finished.

TOML that people write: a file is read whole, or refused with what to do about it.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from jobs.foundation.errors import ConfigError, Damaged
from jobs.foundation.fault_points import around, reach
from jobs.foundation.paths import FILED, SCRATCH

_DRAFT = re.compile(r"\..+\.steelyard-(\d+)")


def draft_path(path: Path, process: int) -> Path:
    """Where a process writes a file before it is renamed into its place."""
    return path.with_name(f".{path.name}.steelyard-{process}")


def clean_up_after_crash(home: Path) -> None:
    """Take away what nobody writes any more. Only the one writer of the home may call this.

    What is ours is told by names that nobody else gives. A draft of a process that still runs is left: ``export`` writes files
    without being the home's writer.
    """
    shutil.rmtree(home / SCRATCH, ignore_errors=True)
    for folder in FILED:
        for path in (home / folder).rglob(".*"):
            draft = _DRAFT.fullmatch(path.name)
            if draft and path.is_file() and not psutil.pid_exists(int(draft[1])):
                path.unlink(missing_ok=True)


def read_toml(path: Path, kind: str) -> dict[str, Any]:
    """A TOML file.

    Args:
        path: the file.
        kind: what it is to whoever named it, ``profile`` or ``mapping``.

    Raises:
        ConfigError: when it cannot be opened or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        is_there = not isinstance(error, FileNotFoundError | NotADirectoryError)
        raise ConfigError(
            what=f"it cannot be read: {error.strerror}",
            where=str(path),
            next_step=f"let it be read, or name another {kind}" if is_there else f"name a {kind} that exists",
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(what=f"it is not valid TOML: {error}", where=str(path), next_step="save it as UTF-8") from error
    except ValueError as error:  # a number of thousands of digits is refused by Python, not by its TOML reader
        raise ConfigError(what=f"it is not valid TOML: {error}", where=str(path), next_step="mend the line named") from error


def write_atomic(path: Path, content: bytes) -> None:
    """Write ``content`` so that a reader, or a crash, sees the old file or the new one and nothing between."""
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


def delete_file(path: Path) -> None:
    """Take a file away; there need be none."""
    with around(path):
        path.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` as JSON; the same content is the same bytes."""
    write_atomic(path, (json_text(content) + "\n").encode())


def json_text(content: Any) -> str:
    """``content`` as JSON with sorted keys; what is read back from it gives the same text again."""
    return json.dumps(_without_nan(content), ensure_ascii=False, indent=1, sort_keys=True, default=str, allow_nan=False)


def _without_nan(content: Any) -> Any:
    """The same content with null for NaN and infinities, which JSON does not have."""
    if isinstance(content, Mapping):
        return {str(key): _without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_without_nan(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def read_json(path: Path) -> Any:
    """The content of a JSON file, None when it is not there.

    Raises:
        Damaged: when it is no JSON; nothing here writes such a file, so a disk or a hand did.
    """
    if not path.is_file():
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Damaged(
            what=f"it is not as it was written: {error}", where=str(path), next_step="bring the file back from a backup"
        ) from error


def days_in(folder: Path) -> list[date]:
    """The days that have a file of theirs, ``<day>.json``, in a folder, in order."""
    return sorted(date.fromisoformat(path.stem) for path in folder.glob("????-??-??.json"))
