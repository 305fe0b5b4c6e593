"""What the machine refuses while a file is read is no content of the file: it rises, and nothing is booked."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pytest
from pyarrow import parquet

from jobs.formats import csv_format, json_format
from jobs.formats.text_lines import Lines, LongLine, read_lines
from jobs.lake.batches import BatchBook

from .conftest import Shop
from .raw_reading import mapping_of, read_all, write

CONTENT = {"csv": b"id\n1\n2\n3\n4\n", "jsonl": b'{"id": 1}\n' * 4}


def fail_after_some_lines(stream: BinaryIO, _block_bytes: int) -> Iterator[Lines | LongLine]:
    """The first lines of a file, and then the error of a disk."""
    yield next(iter(read_lines(stream, 30)))
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_file_that_is_gone_is_no_record(tmp_path: Path, form: str) -> None:
    with pytest.raises(FileNotFoundError):
        read_all(tmp_path / "gone", mapping_of(form, ("id",)))


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_disk_that_fails_within_a_text_file_is_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr({"csv": csv_format, "jsonl": json_format}[form], "read_lines", fail_after_some_lines)
    with pytest.raises(OSError, match="Input/output error"):
        read_all(write(tmp_path, "a", CONTENT[form]), mapping_of(form, ("id",)))


@pytest.mark.parametrize("what", ["schema_arrow", "iter_batches"])
def test_a_disk_that_fails_within_a_parquet_file_is_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    class Failing(parquet.ParquetFile):
        def __getattribute__(self, name: str) -> object:
            if name == what:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return super().__getattribute__(name)

    parquet.write_table(pa.table({"id": [1, 2]}), tmp_path / "a")
    monkeypatch.setattr(parquet, "ParquetFile", Failing)
    with pytest.raises(OSError, match="Input/output error"):
        read_all(tmp_path / "a", mapping_of("parquet", ("id",)))


def test_a_delivery_that_the_disk_gives_in_part_is_taken_in_when_it_gives_all(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.deliver("2026-01-01", *[f"{key},A,open,2020-01-01" for key in range(9)])
    with monkeypatch.context() as patch:
        patch.setattr(csv_format, "read_lines", fail_after_some_lines)
        with pytest.raises(OSError, match="Input/output error"):
            shop.ingest("2026-01-01")
    assert BatchBook(shop.lake.home, "shops").batches == {}
    (batch,) = shop.ingest("2026-01-01").known
    assert (batch.counts.read, batch.counts.kept, batch.counts.quarantined) == (9, 9, 0)
