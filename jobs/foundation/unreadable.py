"""Whether a failure is that of a table's files, which a disk or a hand spoilt, and not of the program."""

from __future__ import annotations

from jobs.foundation.errors import Damaged, first_line

_READERS = {"_internal", "deltalake", "pyarrow", "pyspark"}
"""Who reads tables, by the module of their errors: Delta's and Arrow's libraries, and the engines."""
_SAID = ("Parquet error", "Json error", "Object at location", "FAILED_READ_FILE", "not a Parquet file")
"""What they say of a file that is cut, that holds something else, or that is gone."""


def damage_told_by(error: BaseException) -> Damaged | None:
    """The damage that an error of a reader of tables tells; None for every other error."""
    if type(error).__module__.partition(".")[0] not in _READERS or not any(words in str(error) for words in _SAID):
        return None
    return Damaged(
        what=f"a table could not be read: {first_line(error)}",
        where="the lake of the home",
        then="ask `steelyard lake check --home HOME`, which names the files and what to do",
    )
