"""Which days of a source a step began to write and may not have finished.

A step commits to several tables and then to its book of batches. If it dies in between and the delivery, mapping or profile is then
reverted, the book finds no change and its rows would stay. So a step notes its intent first, and deletes the note at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from jobs.foundation.files import delete_file, read_json, write_json


class WriteIntent:
    """The note of one step of one source, ``home/manifests/unfinished/<source>/<step>.json``; no file when all is finished."""

    def __init__(self, home: Path, source: str, step: str) -> None:
        self._path = home / "manifests" / "unfinished" / source / f"{step}.json"

    def first(self, as_of: date) -> date | None:
        """The first day up to ``as_of`` that must be rewritten; None when there is none."""
        noted = self._noted()
        return noted[0] if noted and noted[0] <= as_of else None

    @property
    def version_before(self) -> int | None:
        """The version of its table before an unfinished write; None when none was noted."""
        version: int | None = (read_json(self._path) or {}).get("version_before")
        return version

    @contextmanager
    def writing(self, first: date, last: date, *, version_before: int | None = None) -> Iterator[None]:
        """Write the days from ``first`` to ``last``; they are finished when the block succeeds.

        Args:
            version_before: the table version to restore when the rows are refused, for the next process after a kill.
        """
        before = self._noted()
        self.mark(first, last, version_before=version_before)
        yield
        if before and before[1] > last:
            self._note(max(before[0], last + timedelta(days=1)), before[1])
        else:
            delete_file(self._path)

    def mark(self, first: date, last: date, *, version_before: int | None = None) -> None:
        """Note that the days from ``first`` to ``last`` must be rewritten, in addition to those noted before."""
        before = self._noted()
        first, last = (min(first, before[0]), max(last, before[1])) if before else (first, last)
        self._note(first, last, version_before)

    def _noted(self) -> tuple[date, date] | None:
        noted = read_json(self._path)
        return (date.fromisoformat(noted["first"]), date.fromisoformat(noted["last"])) if noted else None

    def _note(self, first: date, last: date, version_before: int | None = None) -> None:
        version = {} if version_before is None else {"version_before": version_before}
        write_json(self._path, {"first": first, "last": last, **version})


def unfinished_steps(home: Path, source: str) -> list[str]:
    """The names of a source's unfinished steps."""
    return sorted(path.stem for path in (home / "manifests" / "unfinished" / source).glob("*.json"))
