"""Deliveries: found by the dates in their paths, inside the sources folder only."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from jobs.foundation.paths import printable
from jobs.profile.lookup_schema import Lookup
from jobs.profile.mapping import SourceMapping
from jobs.sources.deliveries import delivery_warnings, find_deliveries, find_lookup_files

from .raw_reading import mapping_of

LATE = date(2099, 1, 1)


def mapping_with(files: str, **settings: object) -> SourceMapping:
    return mapping_of("csv", files=files, **settings)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")


def found(mapping: SourceMapping, folder: Path, as_of: date = LATE) -> dict[str, list[str]]:
    deliveries = find_deliveries(mapping, folder, as_of)
    return {str(one.delivered_on): [path.relative_to(folder).as_posix() for path in one.files] for one in deliveries}


def test_deliveries_are_those_up_to_the_day_oldest_first_with_their_files_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "c/2026-01-02/b.csv", "c/2026-01-02/a.csv", "c/2026-01-01/a.csv", "c/2026-01-03/a.csv", "c/2026-01-02/a.txt")
    assert found(mapping_with("c/{delivered_on}/*.csv"), tmp_path, date(2026, 1, 2)) == {
        "2026-01-01": ["c/2026-01-01/a.csv"],
        "2026-01-02": ["c/2026-01-02/a.csv", "c/2026-01-02/b.csv"],
    }


def test_the_date_may_be_part_of_a_files_name(tmp_path: Path) -> None:
    touch(tmp_path, "reg_2026-01-02.csv", "reg_latest.csv")
    mapping = mapping_with("reg_{delivered_on}.csv")
    assert found(mapping, tmp_path) == {"2026-01-02": ["reg_2026-01-02.csv"]}
    assert delivery_warnings(mapping, tmp_path) == ["reg_latest.csv is left out: 'latest' is no date such as 2026-01-31"]


def test_a_date_is_separated_from_what_follows_it(tmp_path: Path) -> None:
    touch(tmp_path, "2026-01-02_a_b.csv")
    assert found(mapping_with("{delivered_on}_*.csv"), tmp_path) == {"2026-01-02": ["2026-01-02_a_b.csv"]}


def test_names_that_are_no_dates_are_a_warning(tmp_path: Path) -> None:
    touch(tmp_path, "c/20260102/a.csv", "c/2026-02-30/a.csv", "c/2026-01-02/a.csv", "c/.hidden/a.csv")
    mapping = mapping_with("c/{delivered_on}/*.csv")
    assert found(mapping, tmp_path) == {"2026-01-02": ["c/2026-01-02/a.csv"]}
    assert [warning.partition(" ")[0] for warning in delivery_warnings(mapping, tmp_path)] == [
        "c/2026-02-30/a.csv",
        "c/20260102/a.csv",
    ]


def test_a_file_without_a_date_was_delivered_on_the_mappings_day(tmp_path: Path) -> None:
    touch(tmp_path, "x.csv")
    mapping = mapping_with("x.csv", delivered_on=date(1970, 1, 1), known_at="d")
    assert found(mapping, tmp_path) == {"1970-01-01": ["x.csv"]}


def test_a_link_that_leads_out_of_the_sources_folder_is_refused(tmp_path: Path) -> None:
    outside, sources = tmp_path / "outside", tmp_path / "sources"
    touch(outside, "secret.csv")
    touch(sources, "c/2026-01-02/a.csv", "kept.csv")
    (sources / "c/2026-01-02/b.csv").symlink_to(outside / "secret.csv")
    (sources / "c/2026-01-03").symlink_to(outside)
    (sources / "c/2026-01-02/c.csv").symlink_to(sources / "kept.csv")
    mapping = mapping_with("c/{delivered_on}/*.csv")
    assert found(mapping, sources) == {"2026-01-02": ["c/2026-01-02/a.csv", "c/2026-01-02/c.csv"]}
    assert delivery_warnings(mapping, sources) == [
        "c/2026-01-02/b.csv is left out: it leads out of the sources folder",
        "c/2026-01-03/secret.csv is left out: it leads out of the sources folder",
    ]


def test_a_link_to_nothing_is_a_warning(tmp_path: Path) -> None:
    touch(tmp_path, "c/2026-01-02/a.csv")
    (tmp_path / "c/2026-01-02/b.csv").symlink_to(tmp_path / "gone")
    mapping = mapping_with("c/{delivered_on}/*.csv")
    assert found(mapping, tmp_path) == {"2026-01-02": ["c/2026-01-02/a.csv"]}
    assert len(delivery_warnings(mapping, tmp_path)) == 1


def test_a_missing_sources_folder_has_no_deliveries(tmp_path: Path) -> None:
    assert found(mapping_with("c/{delivered_on}/*.csv"), tmp_path / "gone") == {}


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "c/2026-01-02/a.csv").mkdir(parents=True)
    assert found(mapping_with("c/{delivered_on}/*.csv"), tmp_path) == {}


def test_a_lookups_files_are_found_in_order(tmp_path: Path) -> None:
    touch(tmp_path, "l/b.csv", "l/a.csv")
    files = find_lookup_files(Lookup("visit", "l/*.csv", "csv", ("id",)), tmp_path)
    assert [path.name for path in files] == ["a.csv", "b.csv"]


@pytest.mark.parametrize("fault", [errno.EACCES, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("hidden", [".", "c", "c/2026-01-02"])
def test_a_folder_that_cannot_be_looked_into_is_not_taken_for_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int, hidden: str
) -> None:
    touch(tmp_path, "c/2026-01-02/a.csv")
    look = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder == tmp_path / hidden:
            raise OSError(fault, os.strerror(fault), str(folder))
        return look(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OSError, match=os.strerror(fault)):
        found(mapping_with("c/{delivered_on}/*.csv"), tmp_path)


def test_a_hidden_file_is_left_out_with_a_warning(tmp_path: Path) -> None:
    touch(tmp_path, "c/2026-01-02/a.csv", "c/2026-01-02/.b.csv", "c/2026-01-02/.note")
    mapping = mapping_with("c/{delivered_on}/*.csv")
    assert found(mapping, tmp_path) == {"2026-01-02": ["c/2026-01-02/a.csv"]}
    assert delivery_warnings(mapping, tmp_path) == [
        "c/2026-01-02/.b.csv is left out: it is hidden, as unfinished uploads are; rename it if it is a delivery"
    ]


@pytest.mark.parametrize("other", ["c/2026-01-02/B.CSV", "C/2026-01-02/b.csv"])
def test_a_name_that_differs_by_letter_case_alone_is_left_out_with_a_warning(tmp_path: Path, other: str) -> None:
    touch(tmp_path, "c/2026-01-02/a.csv", other, "c/2026-01-02/a.txt")
    mapping = mapping_with("c/{delivered_on}/*.csv")
    assert found(mapping, tmp_path) == {"2026-01-02": ["c/2026-01-02/a.csv"]}
    (warning,) = delivery_warnings(mapping, tmp_path)
    assert warning.startswith(
        f"{other if other.endswith('CSV') else 'C'} is left out: it differs from `files` by letter case alone"
    )
    assert "*.[cC][sS][vV]" in warning
    assert len(found(mapping_with("[cC]/{delivered_on}/*.[cC][sS][vV]"), tmp_path)["2026-01-02"]) == 2


def test_files_that_are_left_out_for_one_reason_are_one_warning(tmp_path: Path) -> None:
    touch(tmp_path, *[f"c/2026-01-{day:02}/A.CSV" for day in range(1, 31)])
    (warning,) = delivery_warnings(mapping_with("c/{delivered_on}/*.csv"), tmp_path)
    assert warning.startswith("c/2026-01-01/A.CSV is left out: it differs from `files` by letter case alone")
    assert warning.endswith("; 29 more are left out for the same reason")


def test_names_that_differ_have_texts_that_differ() -> None:
    names = [b"a\xff.csv", rb"a\xff.csv"]
    assert len({printable(Path(os.fsdecode(name))) for name in names}) == 2
