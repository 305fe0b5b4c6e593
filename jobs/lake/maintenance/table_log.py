"""The log in a table's folder: one file a version, and checkpoints that hold all up to theirs.

The engine reads no version before the newest checkpoint that it finds (Sail 0.7.2), and a reader that finds none replays every
commit. So there is one checkpoint, at the oldest version that is still wanted; what the log holds before it can go.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote

from deltalake import DeltaTable

from jobs.foundation.fault_points import around
from jobs.foundation.files import forget

LOG = "_delta_log"
"""The folder in a table's folder that holds what was committed."""
_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")
_NUMBERED = re.compile(r"(\d{20})\..+")
_HINT = "_last_checkpoint"


def commits(folder: Path) -> set[int]:
    """The versions whose commit is in the log of the table in ``folder``."""
    return _numbers(folder, _COMMIT)


def checkpoints(folder: Path) -> set[int]:
    """The versions at which the log has a checkpoint."""
    return _numbers(folder, _CHECKPOINT)


def readable_versions(folder: Path) -> set[int]:
    """The versions that the log can still tell: those from a checkpoint, or from the first commit, without a gap."""
    there, starts = commits(folder), checkpoints(folder) | ({0} & commits(folder))
    readable: set[int] = set()
    for start in sorted(starts):
        version = start
        while version not in readable and (version == start or version in there):
            readable.add(version)
            version += 1
    return readable


def shorten_log(folder: Path, oldest: int) -> int:
    """Begin the log at a version: one checkpoint there, nothing before it; give how many files went.

    At every moment in between each version from ``oldest`` on can be read: the commits behind a checkpoint go only once it is
    there, the oldest first. A log that has a gap after ``oldest`` is left as it is.
    """
    log = folder / LOG
    there = commits(folder)
    if not there.issuperset(range(oldest + 1, max(there, default=oldest) + 1)):
        return 0
    later = [path for path in _numbered(log) if (found := _CHECKPOINT.fullmatch(path.name)) and int(found[1]) > oldest]
    if later:
        # The hint first: it must never name what is gone.
        for path in (log / _HINT, *later):
            forget(path)
    before = [path for path in _numbered(log) if int(path.name[:20]) < oldest]
    if before or later:
        if oldest not in checkpoints(folder) or not (log / _HINT).exists():
            with around(log / "checkpoint"):
                DeltaTable(str(folder), version=oldest).create_checkpoint()
        for path in before:
            forget(path)
    return len(before) + len(later)


def _numbers(folder: Path, pattern: re.Pattern[str]) -> set[int]:
    names = (path.name for path in (folder / LOG).glob("*"))
    return {int(found[1]) for name in names if (found := pattern.fullmatch(name))}


def _numbered(log: Path) -> list[Path]:
    """The files of the log that belong to a version, oldest first."""
    return sorted(path for path in log.glob("*") if _NUMBERED.fullmatch(path.name))


def named_files(folder: Path) -> set[str]:
    """Every data file that a commit of the log, or its oldest checkpoint, names, by its path in the table's folder."""
    named: set[str] = set()
    for path in _numbered(folder / LOG):
        if _COMMIT.fullmatch(path.name):
            actions = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.startswith('{"add"'))
            named |= {unquote(action["add"]["path"]) for action in actions}
    if start := min(checkpoints(folder), default=None):
        adds = DeltaTable(str(folder), version=start).get_add_actions()
        named |= {unquote(path) for path in adds["path"].to_pylist()}
    return named
