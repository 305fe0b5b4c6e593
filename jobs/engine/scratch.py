"""Intermediate results as Parquet: a lazy frame that several branches read would be computed once for each of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from pyspark.sql import DataFrame

from jobs.foundation.paths import SCRATCH, engine_path

_QUICK = {"dictionary_enabled": "false", "statistics_enabled": "none"}
"""Options for speed, since the files are short-lived; Spark ignores those that only Sail knows."""


class Scratch:
    """A temporary folder in a home, emptied at the start of the block and deleted at its end.

    Frames read from it must not be used after the block.
    """

    def __init__(self, home: Path, name: str, *, is_packed: bool = True) -> None:
        """A folder of that name.

        Args:
            is_packed: whether files are compressed. Uncompressed files save processor time where most have at most one row per
                entity; at a million entities they take about a gigabyte of disk and a quarter more memory.
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
        """The rows of each frame, and of all frames together; at least one frame, all with the same columns.

        Reading one part reads its files only; filtering one large frame would read all files once for each part.
        """
        parts, written = [], []
        for frame in frames:
            self._count += 1
            path = str(self.folder / f"part-{self._count}")
            frame.write.options(**self._written_as).parquet(path)
            # Files have a schema, but there is no file without rows; asking the frame for it computes the whole plan again.
            is_filled = any(Path(path).glob("*.parquet"))
            reader = frame.sparkSession.read
            parts.append((reader if is_filled else reader.schema(frame.schema)).parquet(path))
            if is_filled:
                written.append(path)
        if len(parts) == 1 or not written:
            return parts, parts[0]
        return parts, frames[0].sparkSession.read.parquet(*written)
