"""The book of a source's deliveries: which days were ingested, with what counts and verdict; and ranges of delivery days.

Each day has a fingerprint (``chain``): a hash of the last usable day's fingerprint, the day's files, the mapping and the contract.
A day whose fingerprint differs from that of its current files is stale, and so are all later days; ingest starts there. So the
same files change nothing, and a corrected file is ingested again with all days that depend on it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from datetime import date, timedelta
from operator import add
from pathlib import Path
from typing import Any

from expectations.contracts.lineage import DELIVERED_ON
from jobs.foundation.files import read_json, sha256_of, write_json


@dataclass(frozen=True)
class FileFacts:
    """A raw file, or a day's rows of a database, as it was read.

    Attributes:
        name: its path, relative to the searched folder; for a database ``table/day``.
        size: bytes; for a database, rows.
        mtime_ns: when it was last written; 0 for a database.
        sha256: of its bytes; for a database, of sums of its rows' hashes.
    """

    name: str
    size: int
    mtime_ns: int
    sha256: str


@dataclass(frozen=True)
class Counts:
    """The outcome of a day's records.

    ``combined`` counts records that went into another one, and ``absent`` keys that a snapshot no longer has.
    """

    read: int = 0
    kept: int = 0
    duplicates: int = 0
    quarantined: int = 0
    out_of_scope: int = 0
    absent: int = 0
    combined: int = 0

    @classmethod
    def stored(cls, entry: Mapping[str, Any]) -> Counts:
        """Counts from a book or manifest; earlier ones have no ``combined``, and their ``read`` lacks the records out of scope."""
        counts = cls(*(int(entry.get(part.name) or 0) for part in fields(cls)))
        return counts if "combined" in entry else replace(counts, read=counts.read + counts.out_of_scope)

    def __add__(self, other: Counts) -> Counts:
        """The sum of both."""
        return Counts(*map(add, astuple(self), astuple(other)))

    @property
    def adds_up(self) -> bool:
        """Whether every record read has one outcome."""
        return self.read == self.accounted

    @property
    def accounted(self) -> int:
        """The number of records with an outcome."""
        return self.kept + self.combined + self.duplicates + self.quarantined + self.out_of_scope


@dataclass
class Batch:
    """One delivery day of a source.

    Attributes:
        chain: its fingerprint, see the module.
        files: its files; for a database, one entry for its rows.
        unusable: why its files could not be ingested; empty when they could.
        stopped: why the gate stopped it; empty when it passed.
        gated: hash of the fingerprint and the rules of the verdict; empty before the gate.
        conformed: the verdict, schemes and code with which it was conformed; empty before.
        set_aside: rows that were kept and then quarantined by the gate.
        labelled: visits with a label in its rows; ``found`` of them found a violation.
        known_from: the earliest ``known_at`` of its silver rows, as text; empty when it has none.
        known_until: the latest ``known_at`` of its silver rows, as text; empty when it has none or none was noted.
    """

    delivered_on: date
    chain: str
    files: list[FileFacts]
    counts: Counts = field(default_factory=Counts)
    unusable: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    gated: str = ""
    conformed: str = ""
    known_from: str = ""
    known_until: str = ""
    set_aside: int = 0
    labelled: int = 0
    found: int = 0
    checks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_usable(self) -> bool:
        """Whether its rows may be used."""
        return not self.unusable and not self.stopped

    @property
    def is_in_use(self) -> bool:
        """Whether its rows are in silver under the current verdict."""
        return self.is_usable and bool(self.gated) and self.conformed.startswith(f"{self.verdict}:")

    @property
    def verdict(self) -> str:
        """The gate's verdict with the hash of its inputs."""
        return f"{self.gated}:{'usable' if self.is_usable else 'unusable'}"


class BatchBook:
    """The batches of one source, stored in ``home/manifests/batches/<source>.json``."""

    def __init__(self, home: Path, source: str) -> None:
        self.path = home / "manifests" / "batches" / f"{source}.json"
        raw = read_json(self.path) or {}
        self.batches = {date.fromisoformat(day): _batch(date.fromisoformat(day), entry) for day, entry in raw.items()}

    def until(self, as_of: date) -> list[Batch]:
        """Batches delivered by ``as_of``, oldest first."""
        return [self.batches[day] for day in sorted(self.batches) if day <= as_of]

    def put(self, batches: Iterable[Batch]) -> None:
        """Add or replace days."""
        self.batches.update({batch.delivered_on: batch for batch in batches})

    def drop(self, days: Iterable[date]) -> None:
        """Remove days whose deliveries are gone."""
        for day in days:
            self.batches.pop(day, None)

    def save(self) -> None:
        """Write the book atomically."""
        write_json(self.path, {day.isoformat(): asdict(self.batches[day]) for day in sorted(self.batches)})


def in_use_digest(home: Path, as_of: date) -> str:
    """A hash of all sources' deliveries by ``as_of`` whose rows are in silver."""
    sources = sorted(path.stem for path in (home / "manifests" / "batches").glob("*.json"))
    in_use = {name: [batch.gated for batch in BatchBook(home, name).until(as_of) if batch.is_in_use] for name in sources}
    return hashlib.sha256(json.dumps({name: found for name, found in in_use.items() if found}).encode()).hexdigest()


def _batch(day: date, entry: dict[str, Any]) -> Batch:
    files = [FileFacts(**facts) for facts in entry["files"]]
    return Batch(**{**entry, "delivered_on": day, "files": files, "counts": Counts.stored(entry["counts"])})


def file_facts(path: Path, name: str, earlier: FileFacts | None) -> FileFacts:
    """Size and hash of a file; the hash is computed only when size or time differ from ``earlier``."""
    found = path.stat()
    if earlier and (earlier.size, earlier.mtime_ns) == (found.st_size, found.st_mtime_ns):
        return earlier
    return FileFacts(name, found.st_size, found.st_mtime_ns, sha256_of(path))


_TRIES = 3
_SHOW_A_CHANGE = ("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")


def copy_and_hash(path: Path, copy: Path, name: str) -> FileFacts:
    """Copy a file. If it changes meanwhile, copy it again, at most :data:`_TRIES` times.

    Returns:
        Size and hash of the copy. ``mtime_ns`` is 0 if the file changed at every try, so that the next run hashes it again.
    """
    copy.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(_TRIES):
        digest = hashlib.sha256()
        with path.open("rb") as source, copy.open("wb") as target:
            before = os.fstat(source.fileno())
            while block := source.read(1 << 20):
                digest.update(block)
                target.write(block)
        after = path.stat()
        is_unchanged = all(getattr(before, fact) == getattr(after, fact) for fact in _SHOW_A_CHANGE)
        if is_unchanged:
            break
    return FileFacts(name, before.st_size, before.st_mtime_ns if is_unchanged else 0, digest.hexdigest())


def delivery_fingerprints(files: Mapping[date, Sequence[FileFacts]], rules: str, unused: Container[date]) -> dict[date, str]:
    """The fingerprint of each delivery day, oldest first.

    Args:
        rules: a fingerprint of the mapping and the contract.
        unused: days that may not be used, so that later days do not depend on them.
    """
    chains: dict[date, str] = {}
    base = ""
    for day in sorted(files):
        digest = hashlib.sha256(f"{base}\n{rules}\n".encode())
        for facts in sorted(files[day], key=lambda facts: facts.name):
            digest.update(f"{facts.name}\0{facts.sha256}\n".encode())
        chains[day] = digest.hexdigest()
        if day not in unused:
            base = chains[day]
    return chains


DayRange = tuple[date, date]
"""The first day and the last."""
ROWS_AT_ONCE = 6_000_000
"""Rows per commit: a writer buffers each partition until a file is full, about a gigabyte for this many rows."""


def between(first: date, last: date) -> str:
    """SQL that selects the rows delivered from ``first`` to ``last``."""
    return f"{DELIVERED_ON} >= '{first}' AND {DELIVERED_ON} <= '{last}'"


def day_ranges(rows: Mapping[date, int], first: date, last: date, most: int = ROWS_AT_ONCE) -> list[DayRange]:
    """Ranges of days, in order, that cover ``first`` to ``last``; each has at most ``most`` rows, or one day's.

    Args:
        rows: the rows of each day that has any.
        first, last: the first and the last day, with or without rows.
        most: rows in a range.
    """
    starts, held = [first], 0
    for day in sorted(day for day in rows if first <= day <= last):
        if held and held + rows[day] > most:
            starts.append(day)
            held = 0
        held += rows[day]
    return _until_the_next(starts, last)


def single_days(days: Sequence[date], first: date, last: date) -> list[DayRange]:
    """Ranges of days, in order, that cover ``first`` to ``last``; each has one of ``days``, or none when there are none."""
    return _until_the_next([first, *sorted(days)[1:]], last)


def _until_the_next(starts: Sequence[date], last: date) -> list[DayRange]:
    ends = [*(start - timedelta(days=1) for start in starts[1:]), last]
    return list(zip(starts, ends, strict=True))
