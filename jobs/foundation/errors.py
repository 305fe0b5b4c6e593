"""Errors that a person can act on: what is wrong, where, and what to do next. Each kind has its exit code."""

from __future__ import annotations

import errno
import os


class SteelyardError(Exception):
    """A failure with an explanation instead of a traceback.

    Args:
        what: what is wrong, with the value.
        where: the file, table, row or column.
        next_step: what to do next.
    """

    exit_code = 70

    def __init__(self, *, what: str, where: str, next_step: str) -> None:
        super().__init__(f"{what} ({where}); {next_step}")
        self.what = what
        self.where = where
        self.next_step = next_step

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook instead of a traceback."""
        return [str(self)]


class ConfigError(SteelyardError):
    """A profile, a mapping or a command line cannot be used."""

    exit_code = 2


class EngineUnavailable(ConfigError):
    """The chosen engine does not start or does not answer; a later try may succeed."""

    exit_code = 69


class SourceStopped(SteelyardError):
    """A source failed its gate under ``--strict``."""

    exit_code = 3


class InputMissing(SteelyardError):
    """The input of a step or verb does not exist: no entities, no model, no list, no finished day."""

    exit_code = 4


class CountMismatch(SteelyardError):
    """Records read are not the sum of records kept, duplicated and quarantined."""

    exit_code = 5


class Busy(SteelyardError):
    """Another process does the same work."""

    exit_code = 6


class ReplayMismatch(SteelyardError):
    """A replay of a day gives another result than the published one."""

    exit_code = 7


class CannotReplay(SteelyardError):
    """A day cannot be replayed: an input is gone or has changed."""

    exit_code = 8


class Damaged(SteelyardError):
    """A table, a file or a backup has changed since it was written."""

    exit_code = 9


class LeakFound(SteelyardError):
    """An evaluation used, or seems to have used, the outcomes that it is measured by."""

    exit_code = 10


def first_line(error: object) -> str:
    """The first line of an error's message; its type when it has none."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


_READERS = {"_internal", "deltalake", "py4j", "pyarrow", "pyspark"}
"""The modules of errors that libraries raise while they read tables."""
_MESSAGES = ("Parquet error", "Json error", "Object at location", "FAILED_READ_FILE", "not a Parquet file")
"""Their messages for a file that is truncated, has other content, or is gone."""


FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""Errors that end the day and not only a source: the home cannot be written any more."""


def full_disk(error: BaseException) -> OSError | None:
    """The error of a disk that takes no more, also behind an engine's or a table library's message; None for every other error."""
    if isinstance(error, OSError) and error.errno is not None:
        return error if error.errno in FULL else None
    if type(error).__module__.partition(".")[0] not in _READERS and not isinstance(error, OSError):
        return None
    number = next((number for number in FULL if os.strerror(number) in str(error)), None)
    return None if number is None else OSError(number, os.strerror(number))


def damage_from_error(error: BaseException) -> Damaged | None:
    """The damage behind an error of a library that reads tables; None for every other error."""
    if type(error).__module__.partition(".")[0] not in _READERS or not any(words in str(error) for words in _MESSAGES):
        return None
    return Damaged(
        what=f"a table could not be read: {first_line(error)}",
        where="the lake of the home",
        next_step="run `steelyard lake check --home HOME`, which names the files and what to do",
    )
