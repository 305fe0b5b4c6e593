"""What is hashed is what is read, whatever the name of the file is, and also while another program writes it."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from datetime import date

import pytest

from expectations.contracts.registry import BRONZE
from jobs import take_in_source
from jobs.foundation.errors import ConfigError, full_disk
from jobs.lake import batches
from jobs.lake.batches import BatchBook
from jobs.profile.profile import Reading
from jobs.steps.ingest_source import ingest_source

from .conftest import Shop

LINES = [f"{key},A,open,2020-01-01" for key in range(20)]


@pytest.mark.parametrize("changes", [1, 9], ids=["once", "all the time"])
def test_a_file_that_is_written_again_while_it_is_read_loses_no_record(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, changes: int
) -> None:
    path = shop.deliver("2026-01-01", *LINES)
    whole, left = path.read_bytes(), [changes]
    opened = os.fstat

    def cut_then_open(descriptor: int) -> os.stat_result:
        """The program that delivers begins to write the same content again: the file is short for a moment."""
        found = opened(descriptor)
        if left[0]:
            left[0] -= 1
            path.write_bytes(whole[:200])
            os.utime(path, ns=(1, 10**9 + left[0]))
        return found

    with monkeypatch.context() as patch:
        patch.setattr(batches.os, "fstat", cut_then_open)
        ingested = shop.ingest("2026-01-01")
    assert any("changed while it was read" in warning for warning in ingested.warnings) == (changes > 1)
    path.write_bytes(whole)
    shop.ingest("2026-01-01")
    (batch,) = BatchBook(shop.lake.home, "shops").batches.values()
    assert batch.counts.kept == 20


def with_places(mapping: str) -> str:
    lookup = '[[lookups]]\nname = "place"\nfiles = "places.csv"\nformat = "csv"\nkey = "id"\n'
    return mapping.replace("[raw]", lookup + "[raw]", 1).replace('"name"\nregion', '"name"\naddress = "place.street"\nregion')


def addresses(shop: Shop) -> dict[str, str | None]:
    return {row["entity_id"]: row["address"] for row in shop.lake.read(BRONZE["registration"]).collect()}


@pytest.mark.parametrize("as_of", ["2026-01-01", "2026-01-02"], ids=["the first day", "a later day"])
def test_a_lookup_that_is_written_again_between_hash_and_reading_is_read_again(shop: Shop, as_of: str) -> None:
    shop.change_mapping(with_places)
    places = shop.sources / "places.csv"
    whole = "id,street\n" + "".join(f"{key},street {key}\n" for key in range(30))
    places.write_text(whole)
    shop.deliver("2026-01-01", *LINES)
    if as_of != "2026-01-01":
        shop.ingest("2026-01-01")
        shop.deliver(as_of, "20,A,open,2020-01-01")
    last = date.fromisoformat(as_of)

    def cut(_path: object) -> None:
        places.write_text("id,street\n1,street 1\n")

    ingest_source(shop.lake, shop.profile, shop.mapping, shop.sources, last, cut)
    places.write_text(whole)
    shop.ingest(as_of)
    assert addresses(shop) == {str(key): f"street {key}" for key in range(20 if as_of == "2026-01-01" else 21)}
    assert shop.ingest(as_of).taken_in == ()


@pytest.mark.parametrize(
    ("limits", "why"), [(Reading(most_bytes=200), "more than 200 bytes;"), (Reading(most_rows=20), "more than 20 records;")]
)
def test_a_lookup_beyond_the_limits_of_a_file_stops_its_source(shop: Shop, limits: Reading, why: str) -> None:
    shop.change_mapping(with_places)
    (shop.sources / "places.csv").write_text("id,street\n" + "".join(f"{key},street {key}\n" for key in range(30)))
    shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    with pytest.raises(ConfigError, match=rf"the lookup place cannot be read: the file places\.csv has {why}"):
        ingest_source(shop.lake, replace(shop.profile, reading=limits), shop.mapping, shop.sources, date(2026, 1, 1))


def test_a_file_whose_name_is_not_utf_8_is_taken_in_under_an_escaped_name(shop: Shop) -> None:
    path = shop.deliver("2026-01-01", *LINES)
    path.rename(path.with_name(os.fsdecode("企.csv".encode("gbk"))))
    ingested = shop.ingest("2026-01-01")
    assert ingested.totals()["kept"] == 20
    assert ingested.known[0].files[0].name == r"shops/2026-01-01/\xc6\xf3.csv"
    assert shop.ingest("2026-01-01").taken_in == ()


def library_error(module: str, message: str) -> Exception:
    return type("LibraryError", (Exception,), {"__module__": module})(message)


FAILURES = [
    (library_error("_internal", "Generic LocalFileSystem error: No space left on device (os error 28)"), errno.ENOSPC),
    (library_error("pyspark.errors", "write failed: Disk quota exceeded (os error 122)"), errno.EDQUOT),
    (OSError("Read-only file system (os error 30)"), errno.EROFS),
]


@pytest.mark.parametrize(("error", "number"), FAILURES)
def test_a_full_disk_in_a_librarys_words_ends_the_day(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, error: Exception, number: int
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(take_in_source, "ingest_source", fail)
    with pytest.raises(OSError, match=os.strerror(number)) as raised:
        take_in_source.take_in(shop.lake, shop.profile, shop.mapping, shop.sources, date(2026, 1, 1))
    assert raised.value.errno == number


def test_the_same_words_in_another_error_are_no_full_disk() -> None:
    assert full_disk(ValueError("No space left on device")) is None
