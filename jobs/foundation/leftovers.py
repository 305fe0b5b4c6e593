"""What a process that was killed left behind in a home: intermediate files, and drafts of files that were never finished."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import psutil

from jobs.foundation.home import FILED, SCRATCH

_DRAFT = re.compile(r"\..+\.steelyard-(\d+)")


def draft_of(path: Path, process: int) -> Path:
    """Where a process writes a file before it is renamed into its place."""
    return path.with_name(f".{path.name}.steelyard-{process}")


def sweep(home: Path) -> None:
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
