"""Copies of a home: each a folder that is a whole home by itself, in which files that did not change take no room again.

``DIR/000001-2026-06-30/`` holds the home's files and ``backup.json``, which tells each file's size and SHA-256. A file that the
copy before holds as it is now is linked from there, not copied; so a copy costs what is new. A copy is made beside its place and
renamed into it, and none is ever written again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from errno import ENOENT
from pathlib import Path
from typing import NoReturn

from jobs.foundation.errors import ConfigError, Damaged, InputMissing
from jobs.foundation.fault_points import around
from jobs.foundation.files import read_json, write_json
from jobs.foundation.paths import CONSOLE, LOCK, SCRATCH
from jobs.lake.batches import FileFacts, file_facts
from jobs.lake.maintenance.table_files import LOG
from jobs.lake.manifests import finished_days

FACTS = "backup.json"
BEGUN = ".begun"


@dataclass(frozen=True)
class Backup:
    """A copy that was made.

    Attributes:
        folder: where it is.
        files: how many files it holds.
        bytes: how many bytes they are.
        copied: how many files were copied, the rest being linked from the copy before.
        copied_bytes: how many bytes those are.
    """

    folder: Path
    files: int
    bytes: int
    copied: int
    copied_bytes: int


def back_up(home: Path, to: Path, progress: Callable[[object], None] = lambda _file: None) -> Backup:
    """Copy a home. Only the one writer of both may call this, so that tables, books and models are of one moment.

    Raises:
        ConfigError: when ``to`` is inside the home, or the home inside ``to``; when what is in the home cannot all be read.
        Damaged: when a file that was copied is not what was read.
    """
    check_apart(home, to)
    before = newest_backup(to)
    earlier = _facts(before) if before else {}
    begun = to / BEGUN
    shutil.rmtree(begun, ignore_errors=True)  # what an earlier copy left when it was stopped
    begun.mkdir(parents=True)
    facts: list[FileFacts] = []
    copied = copied_bytes = 0
    for path in files_of(home):
        name = path.relative_to(home).as_posix()
        progress(name)
        current = file_facts(path, name, earlier.get(name))
        target = begun / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (before and current == earlier.get(name) and _link(before / name, target)):
            with around(target):
                _copy(path, target, current)
            copied, copied_bytes = copied + 1, copied_bytes + current.size
        facts.append(current)
    write_json(begun / FACTS, {"files": [asdict(fact) for fact in facts], "newest_day": _newest_day(home)})
    folder = to / _name(home, before)
    with around("backup"):
        begun.replace(folder)
    return Backup(folder, len(facts), sum(fact.size for fact in facts), copied, copied_bytes)


def verify(folder: Path, progress: Callable[[object], None] = lambda _file: None) -> list[str]:
    """Read every file of a copy; give what is not as it was when it was made: lost, changed, or added files.

    Raises:
        InputMissing: when the folder is no copy of a home.
    """
    if not (folder / FACTS).is_file():
        raise InputMissing(
            what="this is no backup", where=str(folder), next_step="give the folder that `steelyard lake backup` wrote"
        )
    wrong = []
    facts = _facts(folder)
    for name, fact in facts.items():
        progress(name)
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is gone")
        elif path.stat().st_size != fact.size or _hash(path) != fact.sha256:
            wrong.append(f"{name} has changed")
    added = {path.relative_to(folder).as_posix() for path in files_of(folder)} - facts.keys()
    return wrong + [f"{name} was added" for name in sorted(added)]


def newest_backup(to: Path) -> Path | None:
    """The newest copy in a folder, None when there is none."""
    return max((path.parent for path in to.glob(f"[0-9]*-*/{FACTS}")), key=lambda path: path.name, default=None)


def files_of(home: Path) -> Iterator[Path]:
    """The files of a home that a copy holds: all but intermediate ones, drafts, the lock and the console's, in order of their path.

    Folders and files that are elsewhere and linked into the home belong to it.

    Raises:
        ConfigError: when a folder cannot be read, or a link leads nowhere.
    """
    folders = os.walk(home, followlinks=True, onerror=_cannot_be_read)
    for path in sorted(Path(folder) / name for folder, _, names in folders for name in names):
        parts = path.relative_to(home).parts
        is_draft = path.name.startswith(".") and LOG not in parts
        if parts[0] in (SCRATCH, LOCK, FACTS, CONSOLE) or is_draft:
            continue
        if not path.exists():
            _cannot_be_read(FileNotFoundError(ENOENT, "its link leads nowhere", str(path)))
        yield path


def _cannot_be_read(error: OSError) -> NoReturn:
    raise ConfigError(
        what=f"what is in the home cannot all be read: {error.strerror}",
        where=str(error.filename),
        next_step="a copy without it would not be whole: mount, mend or take away what is named, then give the same command again",
    ) from error


def check_apart(home: Path, to: Path) -> None:
    """See that a home and its copies are not one in the other, before anything is written in either.

    Raises:
        ConfigError: when they are.
    """
    inner, outer = to.resolve(), home.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise ConfigError(
            what="a home and its backups may not be one in the other",
            where=f"{home} and {to}",
            next_step="give a folder elsewhere with --to, best on another disk",
        )


def _link(old: Path, target: Path) -> bool:
    """Give a file of the copy before another name; where the file system cannot, it is copied."""
    try:
        os.link(old, target)
    except OSError:
        return False
    return True


def _copy(path: Path, target: Path, fact: FileFacts) -> None:
    """Copy a file with its time, by which the next copy knows it, and read back what arrived."""
    shutil.copy2(path, target)
    if _hash(target) != fact.sha256:
        raise Damaged(
            what="a file arrived otherwise than it was read",
            where=str(target),
            next_step="look after the disk of the backup; the copies made before are as they were",
        )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _facts(folder: Path) -> dict[str, FileFacts]:
    return {entry["name"]: FileFacts(**entry) for entry in read_json(folder / FACTS)["files"]}


def _newest_day(home: Path) -> date | None:
    return max(finished_days(home), default=None)


def _name(home: Path, before: Path | None) -> str:
    """The next number, and the newest finished day, so that a folder says what it holds."""
    number = int(before.name.partition("-")[0]) + 1 if before else 1
    return f"{number:06}-{_newest_day(home) or 'no-day'}"
