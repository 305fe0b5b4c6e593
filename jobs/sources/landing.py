"""Land raw records as Parquet for the engine: every record as delivered, with its file, row and raw text.

Raw text is read here and not by the engine: no engine returns a malformed record with its line and raw text, and engines disagree
on which record is malformed (ADR 0002). While one chunk is written, another thread reads the next.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations.contracts.quarantine import Stage, quarantine_of
from jobs.formats.raw_records import FileProblem, RawChunk, RawFile, RejectedRecord
from jobs.formats.registry import read_file
from jobs.foundation.paths import printable
from jobs.lake.batches import FileFacts, copy_and_hash
from jobs.lake.tables import arrow_schema
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Reading, Sample
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
        rows: the folder of Parquet files with the readable records of each day; days of other types have a folder of their own.
        first_files: the first file with readable records of each day.
        rejected: the unreadable records as quarantine rows; a file that cannot be used at all is one record.
        read: the number of records of each day, rejected ones included.
        problems: days that cannot be used because of a file, with the reasons.
        warnings: warnings about the files.
        files: size and hash of each file as it was read, by its name.
        lookups: the same of the files of each lookup that was read, by its name.
    """

    rejected: pa.Table
    rows: dict[date, Path] = field(default_factory=dict)
    first_files: dict[date, str] = field(default_factory=dict)
    read: dict[date, int] = field(default_factory=dict)
    problems: dict[date, list[str]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    files: dict[str, FileFacts] = field(default_factory=dict)
    lookups: dict[str, dict[str, FileFacts]] = field(default_factory=dict)

    def give_up(self, mapping: SourceMapping, day: date, reason: str) -> None:
        """Make a day unusable whose records were read: one rejected record stays of it."""
        name = self.first_files[day]
        record = _in_quarantine(mapping, _unusable(f"wrong_type: {reason}"), name, day)
        others = self.rejected.filter(pc.not_equal(self.rejected["delivered_on"], pa.scalar(day)))
        self.rejected = pa.concat_tables([others, pa.Table.from_pylist([record], schema=others.schema)])
        self.problems[day], self.read[day] = [f"{name}: {reason}"], 1


class Landing:
    """Writes the chunks of many files, or of a table's days. The first chunk with rows of a day sets the types of that day."""

    def __init__(self, mapping: SourceMapping, folder: Path) -> None:
        self._mapping = mapping
        self._folder = folder
        self._folders: dict[pa.Schema, Path] = {}
        self._types: dict[date, pa.Schema] = {}
        self._written_to: Path | None = None
        self._writer: pq.ParquetWriter | None = None
        self._parts = self._rows_in_part = 0
        self._rejected: list[dict[str, object]] = []
        self._unexpected: dict[str, set[date]] = {}
        self.landed = Landed(rejected=pa.table({}))

    def take(self, chunks: Iterable[RawChunk], name: str, day: date) -> None:
        """Write the chunks of one file, or of one day of a table."""
        self.landed.read.setdefault(day, 0)
        try:
            records, said = 0, len(self.landed.warnings)
            for chunk in chunks:
                self.landed.warnings.extend(chunk.warnings)
                self._unexpected.update({column: {day, *self._unexpected.get(column, ())} for column in chunk.unexpected})
                records += chunk.rows.num_rows + len(chunk.rejected)
                for record in chunk.rejected:
                    self.reject(record, name, day)
                self.landed.read[day] += chunk.rows.num_rows + len(chunk.rejected)
                if chunk.rows.num_rows:
                    self._write(chunk.rows, name, day)
            if records == 0 and len(self.landed.warnings) == said:
                self.landed.warnings.append(f"the file {name} holds no record")
        except FileProblem as problem:
            self._reject_file(name, day, problem.rule_id, problem.reason)

    def close(self) -> Landed:
        """Finish writing. A day that cannot be used keeps one rejected record for each unusable file."""
        self._end_part()
        problems = self.landed.problems
        self.landed.warnings += _unexpected_columns(self._unexpected)
        kept = [row for row in self._rejected if row["delivered_on"] not in problems or row["rule_id"] == "file_unusable"]
        for day in problems:
            self.landed.read[day] = sum(row["delivered_on"] == day for row in kept)
        self.landed.rejected = pa.Table.from_pylist(kept, schema=arrow_schema(quarantine_of(self._mapping.name)))
        return self.landed

    def _write(self, rows: pa.Table, name: str, day: date) -> None:
        count = rows.num_rows
        rows = rows.append_column(FILE, pa.repeat(name, count)).append_column(DELIVERED, pa.repeat(pa.scalar(day), count))
        try:
            types = self._types.setdefault(day, rows.schema.remove_metadata())
            rows = _cast(rows, types)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, ValueError) as error:
            raise FileProblem("wrong_type", f"its columns have other types than the files before: {error}") from error
        folder = self._folders.setdefault(types, self._folder / f"types-{len(self._folders)}")
        self.landed.rows[day] = folder
        self.landed.first_files.setdefault(day, name)
        if folder != self._written_to:
            self._end_part()
        self._written_to = folder
        self._writer = self._writer or self._begin_part(folder, types)
        self._writer.write_table(rows)
        self._rows_in_part += count
        if self._rows_in_part >= PART_ROWS:
            self._end_part()

    def _begin_part(self, folder: Path, schema: pa.Schema) -> pq.ParquetWriter:
        folder.mkdir(parents=True, exist_ok=True)
        self._parts += 1
        return pq.ParquetWriter(folder / f"rows-{self._parts:05}.parquet", schema, compression="zstd", compression_level=1)

    def _end_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
        self._writer, self._rows_in_part = None, 0

    def reject(self, record: RejectedRecord, name: str, day: date) -> None:
        """Add a record that cannot be read to the quarantine."""
        self._rejected.append(_in_quarantine(self._mapping, record, name, day))

    def _reject_file(self, name: str, day: date, rule_id: str, reason: str) -> None:
        self.landed.problems.setdefault(day, []).append(f"{name}: {reason}")
        self.reject(_unusable(f"{rule_id}: {reason}"), name, day)


def _unexpected_columns(found: Mapping[str, Iterable[date]]) -> list[str]:
    """One warning with all columns that no mapping uses, and the deliveries that have them; none if there are none."""
    columns: dict[tuple[date, ...], list[str]] = {}
    for name, days in found.items():
        columns.setdefault(tuple(sorted(days)), []).append(name)
    parts = [f"{', '.join(names)} (deliveries: {len(days)}, {days[0]} to {days[-1]})" for days, names in columns.items()]
    return [f"columns not expected: {'; '.join(parts)}"] if parts else []


def _cast(rows: pa.Table, types: pa.Schema) -> pa.Table:
    """The rows in other types.

    Raises:
        ValueError: when that changes a value, as of the text ``007`` that would become a number, or of a local time that would
            become an instant.
    """
    cast = rows.cast(types)
    for name, before, after in zip(rows.column_names, rows.columns, cast.columns, strict=True):
        both = pa.types.is_timestamp(before.type) and pa.types.is_timestamp(after.type)
        if both and (before.type.tz is None) != (after.type.tz is None):
            raise ValueError(f"{name} is {before.type} here and {after.type} there: one has a time zone, the other has none")
        if before.type != after.type and not _without_nan(after.cast(before.type)).equals(_without_nan(before)):
            raise ValueError(f"as {after.type}, values of {name} would change")
    return cast


def _without_nan(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values with NULL for NaN, which is equal to nothing."""
    return pc.if_else(pc.is_nan(values), None, values) if pa.types.is_floating(values.type) else values


def _unusable(reason: str) -> RejectedRecord:
    """The record that stays of a file that stops its day."""
    return RejectedRecord(0, "", "file_unusable", reason)


def _in_quarantine(mapping: SourceMapping, record: RejectedRecord, name: str, day: date) -> dict[str, object]:
    return {
        "source": mapping.name,
        "source_file": name,
        "source_row": record.row,
        "delivered_on": day,
        "stage": Stage.READ.value,
        "rule_id": record.rule_id,
        "reason": record.reason,
        "raw": record.raw,
    }


def raw_file(path: Path, mapping: SourceMapping, limits: Reading | None = None, name: str = "") -> RawFile:
    """A file of a source, to be read with the settings of its mapping and within its limits, if there are any.

    Args:
        name: what messages call the file; its own name when empty.
    """
    raw = mapping.raw
    file = RawFile(path, mapping.encoding, mapping.delimiter, raw.columns, raw.aliases, raw.types, mapping.nulls, name=name)
    return replace(file, most_rows=limits.most_rows, most_bytes=limits.most_bytes) if limits else file


def first_records(chunks: Generator[RawChunk, None, None], most: int) -> Generator[RawChunk, None, None]:
    """The first ``most`` readable records of a file, and the unreadable ones of their chunks."""
    with closing(chunks):
        for chunk in chunks:
            yield replace(chunk, rows=chunk.rows.slice(0, most))
            most -= chunk.rows.num_rows
            if most <= 0:
                return


@contextmanager
def copied(
    path: Path, name: str, copy: Path, limits: Reading | None, files: dict[str, FileFacts], warnings: list[str]
) -> Iterator[Path]:
    """A copy of a file to read, hashed while it was made: so the hash is that of what is read, whatever another program writes.

    A file beyond its limit is not copied, since reading it fails.

    Args:
        files: gets the size and hash of the copy, by ``name``.
        warnings: gets a warning if the file changed all the time.
    """
    if limits and path.stat().st_size > limits.most_bytes:
        yield path
        return
    files[name] = copy_and_hash(path, copy, name)
    if files[name].mtime_ns == 0:
        warnings.append(f"the file {name} changed while it was read; the next run reads it again")
    yield copy
    copy.unlink()


def land(
    mapping: SourceMapping,
    deliveries: Iterable[Delivery],
    sources: Path,
    folder: Path,
    progress: Callable[[Path], None] = lambda _path: None,
    limits: Reading | None = None,
) -> Landed:
    """Write the records of every file of the deliveries to Parquet files in ``folder``.

    Memory holds two chunks of one file at a time, and the rejected records.
    """
    landing = Landing(mapping, folder)
    for delivery in deliveries:
        for path in delivery.files:
            progress(path)
            name, copy = printable(path.relative_to(sources)), folder.with_name(f"{folder.name}-file")
            with copied(path, name, copy, limits, landing.landed.files, landing.landed.warnings) as steady:
                records = read_file(mapping.format, raw_file(steady, mapping, limits, Path(name).name))
                if isinstance(limits, Sample):
                    records = first_records(records, limits.first_rows)
                with closing(read_ahead(records)) as chunks:
                    landing.take(chunks, name, delivery.delivered_on)
    return landing.close()
