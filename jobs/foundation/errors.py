"""Errors that a person can act on: what was wrong, where, and what to do; each kind has its exit code.

Whether a failure is that of a table's files, which a disk or a hand spoilt, and not of the program.
"""

from __future__ import annotations


class SteelyardError(Exception):
    """A failure that is explained, not traced.

    Args:
        what: what was wrong, with the value.
        where: the file, table, row or column.
        then: what to do next.
    """

    exit_code = 70

    def __init__(self, *, what: str, where: str, then: str) -> None:
        super().__init__(f"{what} ({where}); {then}")
        self.what = what
        self.where = where
        self.then = then


class ConfigError(SteelyardError):
    """A profile, a mapping or a command line that cannot be used."""

    exit_code = 2


class EngineUnavailable(ConfigError):
    """The engine that was asked for does not start or does not answer; it may be there again a little later."""

    exit_code = 69


class SourceStopped(SteelyardError):
    """A source that failed its gate, where the caller asked to be told (``--strict``)."""

    exit_code = 3


class InputMissing(SteelyardError):
    """A step whose inputs are not there: no entities, no model, no list."""

    exit_code = 4


class CountMismatch(SteelyardError):
    """Records read are not records kept, doubled and quarantined: the run refuses to go on."""

    exit_code = 5


class Busy(SteelyardError):
    """Another run is writing the lake."""

    exit_code = 6


class ReplayMismatch(SteelyardError):
    """A day, done again from the same data, gives something else than what was published."""

    exit_code = 7


class CannotReplay(SteelyardError):
    """A day that cannot be done again as it was: what it was made of is gone, or is another now."""

    exit_code = 8


class Damaged(SteelyardError):
    """A table or a backup is not what it must be."""

    exit_code = 9


class LeakFound(SteelyardError):
    """An evaluation that saw, or seems to have seen, what it was to be judged by."""

    exit_code = 10


def first_line(error: object) -> str:
    """The first line of what an error says; its kind where it says nothing."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


_READERS = {"_internal", "deltalake", "pyarrow", "pyspark"}
"""Who reads tables, by the module of their errors: Delta's and Arrow's libraries, and the engines."""
_SAID = ("Parquet error", "Json error", "Object at location", "FAILED_READ_FILE", "not a Parquet file")
"""What they say of a file that is cut, that holds something else, or that is gone."""


def damage_from_error(error: BaseException) -> Damaged | None:
    """The damage that an error of a reader of tables tells; None for every other error."""
    if type(error).__module__.partition(".")[0] not in _READERS or not any(words in str(error) for words in _SAID):
        return None
    return Damaged(
        what=f"a table could not be read: {first_line(error)}",
        where="the lake of the home",
        then="ask `steelyard lake check --home HOME`, which names the files and what to do",
    )
