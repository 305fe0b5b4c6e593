"""Intermediate results, written once and read by every branch that needs them.

A lazy frame that several branches read is computed once for each of them; written to Parquet it is computed once.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pyspark.sql import DataFrame

from jobs.foundation.paths import SCRATCH, engine_path

_QUICK = {"dictionary_enabled": "false", "statistics_enabled": "none"}
"""Quick to write, and gone soon; what only Sail knows, Spark passes over."""


class Scratch:
    """A folder in a home that is gone when the block ends, and is emptied first if a crash left it.

    Frames read back must not be used after the block.
    """

    def __init__(self, home: Path, name: str, *, is_packed: bool = True) -> None:
        """A folder of that name; its files are packed for the disk's sake, or not where most have no more than a row an entity.

        Not packing saves processor time; at a million entities it takes about a gigabyte of disk and a quarter of memory more.
        """
        self.folder: Path = engine_path(home) / SCRATCH / name
        self._written_as = {**_QUICK, "compression": "snappy" if is_packed else "uncompressed"}
        self._count = 0

    def __enter__(self) -> Scratch:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def materialise(self, frame: DataFrame) -> DataFrame:
        """The same rows, computed now and read back from Parquet."""
        return self.materialise_parts([frame])[1]

    def materialise_parts(self, frames: Sequence[DataFrame]) -> tuple[list[DataFrame], DataFrame]:
        """The same rows of each frame, and those of all of them; there must be one, and they have the same columns.

        A reader of one part reads its files alone; of one frame cut by a condition it would read all, once for every cut.
        """
        parts, written = [], []
        for frame in frames:
            self._count += 1
            path = str(self.folder / f"part-{self._count}")
            frame.write.options(**self._written_as).parquet(path)
            # Asking a frame for its schema has all of its plan worked out again; files tell theirs, but of no row there is none.
            is_filled = any(Path(path).glob("*.parquet"))
            reader = frame.sparkSession.read
            parts.append((reader if is_filled else reader.schema(frame.schema)).parquet(path))
            if is_filled:
                written.append(path)
        if len(parts) == 1 or not written:
            return parts, parts[0]
        return parts, frames[0].sparkSession.read.parquet(*written)
