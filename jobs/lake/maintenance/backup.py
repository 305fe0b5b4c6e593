"""Backups of a home: each is a folder that is a complete home, in which unchanged files take no extra space.

``DIR/000001-2026-06-30/`` holds the home's files and ``backup.json`` with each file's size and SHA-256. A file that is unchanged
since the previous backup is a hard link to it. A backup is written beside its place, renamed into it, and never changed again.
"""

from __future__ import annotations

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
from jobs.foundation.files import read_json, sha256_of, write_json
from jobs.foundation.paths import CONSOLE, LOCK, SCRATCH
from jobs.lake.batches import FileFacts, file_facts
from jobs.lake.maintenance.table_files import LOG
from jobs.lake.manifests import finished_days

FACTS = "backup.json"
BEGUN = ".begun"


@dataclass(frozen=True)
class Backup:
    """A finished backup.

    Attributes:
        folder: where it is.
        files: number of files.
        bytes: their size.
        copied: files that were copied; the rest are hard links to the previous backup.
        copied_bytes: their size.
    """

    folder: Path
    files: int
    bytes: int
    copied: int
    copied_bytes: int


def back_up(home: Path, to: Path, progress: Callable[[object], None] = lambda _file: None) -> Backup:
    """Back up a home. The caller must hold the locks of both folders, so that tables, books and models are consistent.

    Raises:
        ConfigError: when one folder is inside the other, or a file of the home cannot be read.
        Damaged: when a copied file differs from what was read.
    """
    check_apart(home, to)
    before = newest_backup(to)
    earlier = _facts(before) if before else {}
    begun = to / BEGUN
    shutil.rmtree(begun, ignore_errors=True)  # left by an interrupted backup
    begun.mkdir(parents=True)
    facts: list[FileFacts] = []
    copied = copied_bytes = 0
    for path in files_of(home):
        name = path.relative_to(home).as_posix()
        progress(name)
        current = file_facts(path, name, earlier.get(name))
        target = begun / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (before and current == earlier.get(name) and _hard_link(before / name, target)):
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
    """Read every file of a backup and return the differences: missing, changed or added files.

    Raises:
        InputMissing: when the folder is not a backup.
    """
    if not (folder / FACTS).is_file():
        raise InputMissing(
            what="this is not a backup", where=str(folder), next_step="give the folder that `steelyard lake backup` wrote"
        )
    wrong = []
    facts = _facts(folder)
    for name, fact in facts.items():
        progress(name)
        path = folder / name
        if not path.is_file():
            wrong.append(f"{name} is gone")
        elif path.stat().st_size != fact.size or sha256_of(path) != fact.sha256:
            wrong.append(f"{name} has changed")
    added = {path.relative_to(folder).as_posix() for path in files_of(folder)} - facts.keys()
    return wrong + [f"{name} was added" for name in sorted(added)]


def newest_backup(to: Path) -> Path | None:
    """The newest backup in a folder; None when there is none."""
    return max((path.parent for path in to.glob(f"[0-9]*-*/{FACTS}")), key=lambda path: path.name, default=None)


def files_of(home: Path) -> Iterator[Path]:
    """The files of a home that a backup contains, by path: all except intermediate files, drafts, the lock and the console's.

    Links to folders and files elsewhere are followed.

    Raises:
        ConfigError: when a folder cannot be read, or a link is broken.
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
        what=f"a file or folder of the home cannot be read: {error.strerror}",
        where=str(error.filename),
        next_step="a backup without it would be incomplete: mount, repair or remove it, then run the same command again",
    ) from error


def check_apart(home: Path, to: Path) -> None:
    """Check that neither a home nor its backup folder is inside the other.

    Raises:
        ConfigError: when one is.
    """
    inner, outer = to.resolve(), home.resolve()
    if inner == outer or outer in inner.parents or inner in outer.parents:
        raise ConfigError(
            what="neither a home nor its backups may be inside the other",
            where=f"{home} and {to}",
            next_step="give a folder elsewhere with --to, best on another disk",
        )


def _hard_link(old: Path, target: Path) -> bool:
    """Hard-link a file of the previous backup; False when the file system cannot."""
    try:
        os.link(old, target)
    except OSError:
        return False
    return True


def _copy(path: Path, target: Path, fact: FileFacts) -> None:
    """Copy a file with its time, which the next backup compares, and verify the copy."""
    shutil.copy2(path, target)
    if sha256_of(target) != fact.sha256:
        raise Damaged(
            what="a copied file differs from what was read",
            where=str(target),
            next_step="check the disk of the backup; earlier backups are unchanged",
        )


def _facts(folder: Path) -> dict[str, FileFacts]:
    return {entry["name"]: FileFacts(**entry) for entry in read_json(folder / FACTS)["files"]}


def _newest_day(home: Path) -> date | None:
    return max(finished_days(home), default=None)


def _name(home: Path, before: Path | None) -> str:
    """The next number and the newest finished day."""
    number = int(before.name.partition("-")[0]) + 1 if before else 1
    return f"{number:06}-{_newest_day(home) or 'no-day'}"
