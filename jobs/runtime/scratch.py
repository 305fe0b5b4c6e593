"""Intermediate results, written once and read by every branch that needs them.

A lazy frame that several branches read is computed once for each of them; written to Parquet it is computed once.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType

from pyspark.sql import DataFrame

from jobs.runtime.engine_path import engine_path
from jobs.runtime.home import SCRATCH

_QUICK = {"compression": "snappy", "dictionary_enabled": "false", "statistics_enabled": "none"}
"""Quick to write, and gone soon; what only Sail knows, Spark passes over."""


class Scratch:
    """A folder in a home that is gone when the block ends, and is emptied first if a crash left it.

    Frames read back must not be used after the block.
    """

    def __init__(self, home: Path, name: str) -> None:
        self.folder: Path = engine_path(home) / SCRATCH / name
        self._count = 0

    def __enter__(self) -> Scratch:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def materialise(self, frame: DataFrame) -> DataFrame:
        """The same rows, computed now and read back from Parquet."""
        self._count += 1
        path = str(self.folder / f"part-{self._count}")
        frame.write.options(**_QUICK).parquet(path)
        reader = frame.sparkSession.read
        # Asking the frame for its schema has all of its plan worked out again; files tell theirs, but of no row there is no file.
        return (reader if any(Path(path).glob("*.parquet")) else reader.schema(frame.schema)).parquet(path)
