"""Write files as agencies deliver them: one folder per source and day, text in the agency's encoding or Parquet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from simulation.world.clock import day_of


@dataclass(frozen=True)
class Lines:
    """Text records and their delivery days, sorted by delivery; the numbers of corrected and of late records."""

    delivered: np.ndarray
    text: pa.Array
    corrected: int = 0
    late: int = 0


class _DeliveryFiles:
    """A source's files, one per delivery, in ``folder/day/name``. They are closed at the end of the block."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self._open: dict[int, Any] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for file in self._open.values():
            file.close()

    def _path(self, delivery: int) -> Path:
        path = self.folder / day_of(delivery).isoformat() / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class TextFiles(_DeliveryFiles):
    """Text files, written chunk by chunk; ``header`` is their first line, or empty. A delivery without records has no file."""

    def __init__(self, folder: Path, name: str, encoding: str, header: str = "") -> None:
        super().__init__(folder, name)
        self.encoding, self.header = encoding, header

    def write(self, delivery: int, lines: pa.Array, faulty: list[tuple[int, bytes]]) -> None:
        """Append lines to a delivery's file, each faulty record after the line with its number."""
        file = self._file(delivery)
        begin = 0
        for row, record in faulty:
            file.write(self._encoded(lines[begin : row + 1]) + record + b"\n")
            begin = row + 1
        file.write(self._encoded(lines[begin:]))

    def _encoded(self, lines: pa.Array) -> bytes:
        if not len(lines):
            return b""
        ended = pc.binary_join_element_wise(lines, pa.scalar("\n"), "")
        offsets = np.frombuffer(ended.buffers()[1], dtype=np.int32)
        begin, end = offsets[ended.offset], offsets[ended.offset + len(ended)]
        text = ended.buffers()[2].to_pybytes()[begin:end]
        return text if self.encoding == "utf-8" else text.decode("utf-8").encode(self.encoding)

    def _file(self, delivery: int) -> BinaryIO:
        if delivery not in self._open:
            self._open[delivery] = self._path(delivery).open("wb")
            if self.header:
                self._open[delivery].write((self.header + "\n").encode(self.encoding))
        file: BinaryIO = self._open[delivery]
        return file


class ParquetFiles(_DeliveryFiles):
    """Parquet files with one row group per chunk."""

    def write(self, delivery: int, table: pa.Table) -> None:
        """Append a table to a delivery's file."""
        if delivery not in self._open:
            self._open[delivery] = pq.ParquetWriter(self._path(delivery), table.schema, compression="zstd")
        self._open[delivery].write_table(table)
