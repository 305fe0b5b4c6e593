"""Land raw records as Parquet for the engine: every record as delivered, with its file, row and raw text.

Raw text is read here and not by the engine: no engine returns a malformed record with its line and raw text, and engines disagree
on which record is malformed (ADR 0002). While one chunk is written, another thread reads the next.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.contracts.quarantine import Stage, quarantine_of
from jobs.formats.raw_records import BLOCK_BYTES, FileProblem, RawChunk, RawFile, RejectedRecord
from jobs.formats.registry import read_file
from jobs.lake.tables import arrow_schema
from jobs.profile.mapping import SourceMapping
from jobs.sources.deliveries import Delivery

T = TypeVar("T")


def read_ahead(chunks: Generator[T, None, None]) -> Generator[T, None, None]:
    """The chunks in order. Another thread reads each while the caller works on the one before, so memory holds two.

    It helps when reading or working releases the interpreter, as decoding and writing do. Errors of reading are raised here, in
    order. Close the generator if not every chunk is wanted: the thread then ends, and ``chunks`` are closed with their file.
    """
    end = object()
    with closing(chunks), ThreadPoolExecutor(1, "reading") as pool:
        coming = pool.submit(next, chunks, end)
        while (chunk := coming.result()) is not end:
            coming = pool.submit(next, chunks, end)
            yield chunk  # type: ignore[misc]


FILE, DELIVERED = "__file", "__delivered_on"
PART_ROWS = 500_000
"""Records in one landed Parquet file: an engine distributes the files of a folder among processors, not one file."""


@dataclass
class Landed:
    """The result of reading some deliveries.

    Attributes:
        rows: the folder of Parquet files with the readable records; None when there are none.
        rejected: the unreadable records as quarantine rows; a file that cannot be used at all is one record.
        read: the number of records of each day, rejected ones included.
        problems: days that cannot be used because of a file, with the reasons.
        warnings: warnings about the files.
    """

    rows: Path | None
    rejected: pa.Table
    read: dict[date, int] = field(default_factory=dict)
    problems: dict[date, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)


class Landing:
    """Writes the chunks of many files, or of a table's days. The first chunk with rows sets the schema for all."""

    def __init__(self, mapping: SourceMapping, folder: Path) -> None:
        self._mapping = mapping
        self._folder = folder
        self._schema: pa.Schema | None = None
        self._writer: pq.ParquetWriter | None = None
        self._parts = self._rows_in_part = 0
        self._rejected: list[dict[str, object]] = []
        self.landed = Landed(rows=None, rejected=pa.table({}))

    def take(self, chunks: Iterable[RawChunk], name: str, day: date) -> None:
        """Write the chunks of one file, or of one day of a table."""
        self.landed.read.setdefault(day, 0)
        try:
            records, said = 0, len(self.landed.warnings)
            for chunk in chunks:
                self.landed.warnings.extend(chunk.warnings)
                records += chunk.rows.num_rows + len(chunk.rejected)
                for record in chunk.rejected:
                    self.reject(record, name, day)
                self.landed.read[day] += chunk.rows.num_rows + len(chunk.rejected)
                if chunk.rows.num_rows:
                    self._write(chunk.rows, name, day)
            if records == 0 and len(self.landed.warnings) == said:
                self.landed.warnings.append(f"the file {name} holds no record")
        except FileProblem as problem:
            self._give_up(name, day, problem.rule_id, problem.reason)

    def close(self) -> Landed:
        """Finish writing. A day that cannot be used keeps one rejected record for each unusable file."""
        self._end_part()
        if self._parts:
            self.landed.rows = self._folder
        problems = self.landed.problems
        kept = [row for row in self._rejected if row["delivered_on"] not in problems or row["rule_id"] == "file_unusable"]
        for day in problems:
            self.landed.read[day] = sum(row["delivered_on"] == day for row in kept)
        self.landed.rejected = pa.Table.from_pylist(kept, schema=arrow_schema(quarantine_of(self._mapping.name)))
        return self.landed

    def _write(self, rows: pa.Table, name: str, day: date) -> None:
        count = rows.num_rows
        rows = rows.append_column(FILE, pa.repeat(name, count)).append_column(DELIVERED, pa.repeat(pa.scalar(day), count))
        try:
            if self._schema is None:
                self._schema = rows.schema
            rows = rows.cast(self._schema)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise FileProblem("wrong_type", f"its columns have other types than the files before: {error}") from error
        self._writer = self._writer or self._begin_part(rows.schema)
        self._writer.write_table(rows)
        self._rows_in_part += count
        if self._rows_in_part >= PART_ROWS:
            self._end_part()

    def _begin_part(self, schema: pa.Schema) -> pq.ParquetWriter:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._parts += 1
        return pq.ParquetWriter(self._folder / f"rows-{self._parts:05}.parquet", schema, compression="zstd", compression_level=1)

    def _end_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._rows_in_part = None, 0

    def reject(self, record: RejectedRecord, name: str, day: date) -> None:
        """Add a record that cannot be read to the quarantine."""
        self._rejected.append(
            {
                "source": self._mapping.name,
                "source_file": name,
                "source_row": record.row,
                "delivered_on": day,
                "stage": Stage.READ.value,
                "rule_id": record.rule_id,
                "reason": record.reason,
                "raw": record.raw,
            }
        )

    def _give_up(self, name: str, day: date, rule_id: str, reason: str) -> None:
        self.landed.problems.setdefault(day, []).append(f"{name}: {reason}")
        self.reject(RejectedRecord(0, "", "file_unusable", f"{rule_id}: {reason}"), name, day)


def read_raw(path: Path, mapping: SourceMapping, block_bytes: int = BLOCK_BYTES) -> Generator[RawChunk, None, None]:
    """The records of one file of a source, with the columns ``mapping.raw.columns``.

    Args:
        path: the file.
        mapping: its source.
        block_bytes: the bytes of a text file that are read at once.

    Raises:
        FileProblem: when the file's columns are missing, doubled or of another type; discard the chunks given before.
        OSError: when the machine does not give the file, or the rest of it; discard the chunks given before.
    """
    file = RawFile(path, mapping.encoding, mapping.delimiter, mapping.raw.columns, mapping.raw.types, mapping.nulls, block_bytes)
    yield from read_file(mapping.format, file)


def land(
    mapping: SourceMapping,
    deliveries: Iterable[Delivery],
    sources: Path,
    folder: Path,
    progress: Callable[[Path], None] = lambda _path: None,
) -> Landed:
    """Write the records of every file of the deliveries to Parquet files in ``folder``.

    Memory holds two chunks of one file at a time, and the rejected records.
    """
    landing = Landing(mapping, folder)
    for delivery in deliveries:
        for path in delivery.files:
            progress(path)
            with closing(read_ahead(read_raw(path, mapping))) as chunks:
                landing.take(chunks, path.relative_to(sources).as_posix(), delivery.delivered_on)
    return landing.close()
