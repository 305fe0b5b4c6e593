"""A lookup's records: the first of each key, or the values that the mapping computes from all records of a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from jobs.formats.raw_records import RAW, ROW, FileProblem, RawChunk, RawFile, declared_type
from jobs.formats.registry import read_file
from jobs.foundation.errors import ConfigError, first_line
from jobs.foundation.paths import printable
from jobs.lake.batches import FileFacts
from jobs.profile.lookup_schema import COUNT, LAST, MAX, MIN, ORDERED, Aggregate, Lookup
from jobs.profile.profile import Reading
from jobs.profile.validation import near
from jobs.sources.deliveries import find_lookup_files
from jobs.sources.landing import copied

_AT, _VALUE = "__at", "__value"


class LookupRows(NamedTuple):
    """The rows of a lookup, warnings about records left out, and size and hash of each file as it was read."""

    rows: pa.Table
    warnings: list[str]
    files: dict[str, FileFacts]


def read_lookup(path: Path, lookup: Lookup, limits: Reading | None = None, name: str = "") -> Iterator[RawChunk]:
    """The records of a lookup's file, with the columns that the lookup lists, else all of the file."""
    file = RawFile(path, lookup.encoding, lookup.delimiter, lookup.columns or None, name=name)
    file = replace(file, most_rows=limits.most_rows, most_bytes=limits.most_bytes) if limits else file
    return read_file(lookup.format, file)


def one_row_a_key(lookup: Lookup, sources: Path, copy: Path, limits: Reading | None = None) -> LookupRows:
    """One row for each key of the lookup, so that the join doubles no record.

    Args:
        copy: where each file is copied to while it is read.
        limits: of each file.

    Raises:
        ConfigError: when there is no record, a column is missing, or a value to aggregate cannot be read.
    """
    rows, warnings, files = _records(lookup, sources, copy, limits)
    missing = [name for name in (*lookup.key, *_inputs(lookup)) if name not in rows.column_names]
    if missing:
        raise ConfigError(
            what=f"the lookup {lookup.name} names {missing[0]!r}, which is no column of {lookup.files}",
            where=str(sources),
            next_step=near(missing[0], rows.column_names),
        )
    numbered = rows.append_column(_AT, pa.array(range(rows.num_rows), pa.int64()))
    # NULL is equal to nothing, so a record without a key is nobody's.
    for name in lookup.key:
        numbered = numbered.filter(pc.is_valid(numbered[name]))
    firsts = numbered.group_by(list(lookup.key), use_threads=False).aggregate([(_AT, "min")])
    if not lookup.aggregate:
        return LookupRows(rows.take(firsts[f"{_AT}_min"]), warnings, files)
    found = firsts.select(list(lookup.key))
    for name, aggregate in lookup.aggregate.items():
        found = _with_aggregate(found, numbered, name, aggregate, lookup)
    return LookupRows(found, warnings, files)


def aggregate_type(aggregate: Aggregate, of: pa.DataType) -> pa.DataType:
    """The type of an aggregate of a column of the type ``of``."""
    if aggregate.function == COUNT:
        return pa.int64()
    return declared_type(aggregate.declared) if aggregate.declared else of


def _inputs(lookup: Lookup) -> Iterator[str]:
    for aggregate in lookup.aggregate.values():
        yield from aggregate.inputs


def _records(lookup: Lookup, sources: Path, copy: Path, limits: Reading | None) -> LookupRows:
    """All records of the lookup's files in order, and a warning for each file with records that cannot be read."""
    pieces: list[pa.Table] = []
    warnings: list[str] = []
    files: dict[str, FileFacts] = {}
    for path in find_lookup_files(lookup, sources):
        name = printable(path.relative_to(sources))
        try:
            with copied(path, name, copy, limits, files, warnings) as steady:
                chunks = list(read_lookup(steady, lookup, limits, Path(name).name))
        except FileProblem as problem:
            raise ConfigError(
                what=f"the lookup {lookup.name} cannot be read: {problem.reason}",
                where=str(path),
                next_step="correct the file, or the lookup's settings in the mapping",
            ) from problem
        pieces += [chunk.rows for chunk in chunks if chunk.rows.num_rows]
        if rejected := [record for chunk in chunks for record in chunk.rejected]:
            warnings.append(f"the lookup {lookup.name} leaves out {len(rejected)} records of {name}: {rejected[0].reason}")
    if not pieces:
        raise ConfigError(
            what=f"the lookup {lookup.name} has no records in {lookup.files}",
            where=str(sources),
            next_step="deliver the file, or remove the lookup from the mapping",
        )
    return LookupRows(pa.concat_tables(pieces, promote_options="permissive").drop_columns([ROW, RAW]), warnings, files)


def _with_aggregate(found: pa.Table, rows: pa.Table, name: str, aggregate: Aggregate, lookup: Lookup) -> pa.Table:
    """The keys with one more column: the aggregate of each key's records. Without a value it is NULL, a count 0."""
    keys = list(lookup.key)
    for column, texts in aggregate.only.items():
        rows = rows.filter(pc.is_in(pc.cast(rows[column], pa.string()), value_set=pa.array(texts, pa.string())))
    what = f"the lookup {lookup.name}, {name}, column {aggregate.of!r}"
    values = _read_as(rows[aggregate.of or _AT], aggregate, what, lookup.files)
    wanted = rows.select(keys).append_column(_AT, rows[_AT]).append_column(_VALUE, values)
    if aggregate.function in ORDERED:
        place = wanted.num_columns
        for number, column in enumerate(aggregate.order_by):
            wanted = wanted.append_column(f"__order_{number}", rows[column])
        order = [(column, "ascending") for column in (*wanted.column_names[place:], _AT)]
        wanted = wanted.filter(pc.is_valid(wanted[_VALUE])).sort_by(order)
        # The place after sorting is the order; first and last of it are its least and greatest.
        wanted = wanted.set_column(wanted.column_names.index(_AT), _AT, pa.array(range(wanted.num_rows), pa.int64()))
        picked = wanted.group_by(keys, use_threads=False).aggregate([(_AT, MAX if aggregate.function == LAST else MIN)])
        results = wanted.take(picked.column(picked.num_columns - 1)).select([*keys, _VALUE])
    else:
        results = wanted.select([*keys, _VALUE]).group_by(keys, use_threads=False).aggregate([(_VALUE, aggregate.function)])
    results = results.rename_columns([*keys, name])
    joined = found.join(results, keys, join_type="left outer", use_threads=False)
    if aggregate.function != COUNT:
        return joined
    place = joined.column_names.index(name)
    return joined.set_column(place, name, pc.fill_null(joined[name], 0))


def _read_as(values: pa.ChunkedArray, aggregate: Aggregate, what: str, files: str) -> pa.ChunkedArray:
    if not aggregate.declared or aggregate.function == COUNT:
        return values
    if pa.types.is_string(values.type):
        values = pc.utf8_trim_whitespace(values)
    try:
        return values.cast(aggregate_type(aggregate, values.type))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise ConfigError(
            what=f"{what} cannot be read as {aggregate.declared}: {first_line(error)}",
            where=files,
            next_step="correct the value in the file, or give the aggregate another type",
        ) from error
