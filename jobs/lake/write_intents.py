"""Which days of a source a step began to write, and is not known to have written whole.

A step commits to several tables and then to its book of batches. When it dies between, tables hold what the book does not know
of; were the delivery, the mapping or the profile then put back, the book would find that nothing had changed, and the rows
would stay. So a step says what it begins before it writes, and takes that back when all of it is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from jobs.foundation.files import delete_file, read_json, write_json


class WriteIntent:
    """The note of one step of one source, ``home/manifests/unfinished/<source>/<step>.json``; there is none when all is whole."""

    def __init__(self, home: Path, source: str, step: str) -> None:
        self._path = home / "manifests" / "unfinished" / source / f"{step}.json"

    def first(self, as_of: date) -> date | None:
        """The first day up to ``as_of`` that must be written again; None when there is none."""
        noted = self._noted()
        return noted[0] if noted and noted[0] <= as_of else None

    @property
    def version_before(self) -> int | None:
        """The version that its table had before a write that did not end; None where none was noted."""
        version: int | None = (read_json(self._path) or {}).get("version_before")
        return version

    @contextmanager
    def writing(self, first: date, last: date, *, version_before: int | None = None) -> Iterator[None]:
        """Write the days from ``first`` to ``last``; when the block ends well they are whole, however they were before.

        Args:
            version_before: that of the table to go back to when what was written is refused, for whoever comes after a kill.
        """
        before = self._noted()
        self.mark(first, last, version_before=version_before)
        yield
        if before and before[1] > last:
            self._note(max(before[0], last + timedelta(days=1)), before[1])
        else:
            delete_file(self._path)

    def mark(self, first: date, last: date, *, version_before: int | None = None) -> None:
        """Say that the days from ``first`` to ``last`` must be written again, besides those that must already."""
        before = self._noted()
        first, last = (min(first, before[0]), max(last, before[1])) if before else (first, last)
        self._note(first, last, version_before)

    def _noted(self) -> tuple[date, date] | None:
        noted = read_json(self._path)
        return (date.fromisoformat(noted["first"]), date.fromisoformat(noted["last"])) if noted else None

    def _note(self, first: date, last: date, version_before: int | None = None) -> None:
        told = {} if version_before is None else {"version_before": version_before}
        write_json(self._path, {"first": first, "last": last, **told})


def unfinished_steps(home: Path, source: str) -> list[str]:
    """The steps of a source that are not known to be whole, by name."""
    return sorted(path.stem for path in (home / "manifests" / "unfinished" / source).glob("*.json"))
