"""Downloads of the list: streamed, limited in number, size of a sheet and memory."""

from __future__ import annotations

import io
import json
import threading
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any
from wsgiref.util import FileWrapper

import pytest
from openpyxl import load_workbook

from console.apps.audit.models import AuditEvent, Kind
from console.core.policy import Exports, policy_of
from console.core.spreadsheets import csv_lines, xlsx_file
from console.server import Server
from console.web import downloads
from console.web.downloads import NoFile, limit_downloads
from console.web.views import list_export
from tests.console.conftest import HANGZHOU, Site
from tests.console.test_api import held

EXPORTED = {"kind": Kind.EXPORTED}


@pytest.fixture
def one_place(monkeypatch: pytest.MonkeyPatch) -> threading.BoundedSemaphore:
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(downloads, "_slots", places)
    return places


def rows_of(site: Site) -> int:
    return int(site.all_ranked(region_middle=HANGZHOU).count())


def limit_sheets(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    monkeypatch.setattr(list_export, "policy_of", lambda profile: replace(policy_of(profile), exports=Exports(rows)))


def test_csv_is_streamed_while_the_list_is_read(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_export, "ROWS_AT_ONCE", 10)
    read = []
    parts = list_export._parts

    def noted(*asked: Any) -> Iterator[Any]:
        for part in parts(*asked):
            read.append(len(part))
            yield part

    monkeypatch.setattr(list_export, "_parts", noted)
    chunks = iter(site.client("wang").get("/list/export.csv"))

    assert next(chunks) == b"\xef\xbb\xbf"
    assert read == []
    assert AuditEvent.objects.filter(**EXPORTED).count() == 1
    b"".join(chunks)
    assert sum(read) == rows_of(site) > 100
    assert max(read) == 10


def test_each_part_of_a_file_takes_two_queries(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connections
    from django.test.utils import CaptureQueriesContext

    from console.apps.ranking.runs import alias_of

    monkeypatch.setattr(list_export, "ROWS_AT_ONCE", 50)
    with CaptureQueriesContext(connections[alias_of(site.run.run_id)]) as asked:
        b"".join(site.client("wang").get("/list/export.csv"))

    parts = rows_of(site) // 50 + 2
    assert len(asked) <= 1 + 2 * parts


@pytest.mark.parametrize(("kind", "few", "many"), [("csv", 2000, 4000), ("xlsx", 100, 1000)])
def test_memory_does_not_grow_with_the_rows(kind: str, few: int, many: int) -> None:
    def peak(rows: int) -> int:
        made = (
            (number, f"91330100MA{number:08d}", f"某某餐饮管理有限公司{number}", f"原因{number}" * 50) for number in range(rows)
        )
        head = ["position", "entity_id", "name", "reason"]
        tracemalloc.start()
        chunks = csv_lines(head, made) if kind == "csv" else FileWrapper(xlsx_file("list", head, made))
        for _ in chunks:
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)
    assert peak(many) < peak(few) + 150_000


def test_a_list_too_long_for_a_sheet_is_refused_with_a_hint_to_csv(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    most = rows_of(site) - 1
    limit_sheets(monkeypatch, most)
    refused = site.client("wang").get("/list/export.xlsx")
    by_token = site.client().get("/api/export/list.xlsx", headers=held(site, "wang"))

    assert refused.status_code == by_token.status_code == 422
    assert f"{most:,}" in refused.content.decode()
    assert "CSV" in refused.content.decode()
    assert by_token.json() == {"detail": "failure.too_many_rows"}
    assert not AuditEvent.objects.filter(**EXPORTED).exists()

    limit_sheets(monkeypatch, most + 1)
    sheet = load_workbook(io.BytesIO(b"".join(site.client("wang").get("/list/export.xlsx")))).active
    assert sheet.max_row == rows_of(site) + 1
    assert AuditEvent.objects.filter(**EXPORTED).count() == 1


def test_the_page_shows_the_limit_of_a_sheet_only_for_longer_lists(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from console.web.views import risk_list

    assert site.client("wang").get("/list/").context["most_in_a_sheet"] == 0
    monkeypatch.setattr(risk_list, "policy_of", lambda profile: replace(policy_of(profile), exports=Exports(7)))
    assert "XLSX: at most 7 rows" in site.client("wang").get("/list/").content.decode()


def test_with_all_slots_taken_the_download_is_refused_and_not_recorded(site: Site, one_place: threading.BoundedSemaphore) -> None:
    client = site.client("wang")
    one_place.acquire()
    refused = [client.get(f"/list/export.{kind}") for kind in ("csv", "xlsx")]
    refused += [site.client("zhou").get("/audit/export.csv"), site.client("zhou").get("/audit/chain.jsonl")]
    by_token = site.client().get("/api/export/list.csv", headers=held(site, "wang"))

    assert [response.status_code for response in (*refused, by_token)] == [503] * 5
    assert all(int(response.headers["Retry-After"]) > 0 for response in refused)
    assert not AuditEvent.objects.filter(**EXPORTED).exists()

    one_place.release()
    assert client.get("/list/export.csv").status_code == 200


@pytest.mark.parametrize(
    "address", ["/list/export.csv", "/list/export.xlsx?risk_class=D", "/audit/export.csv", "/audit/chain.jsonl"]
)
def test_a_slot_is_released_at_the_end_of_the_file_or_of_the_connection(
    site: Site, one_place: threading.BoundedSemaphore, address: str
) -> None:
    client = site.client("zhou")
    for chunks in (None, 1, 0):
        response = client.get(address)
        assert response.status_code == 200
        assert len(list(islice(response, chunks))) > 0 or chunks == 0
        response.close()
        response.close()
    assert one_place.acquire(blocking=False)


@pytest.mark.usefixtures("one_place")
def test_a_failed_download_releases_its_slot() -> None:
    def fails() -> list[bytes]:
        raise OSError("no space left")

    for _ in range(3):
        with pytest.raises(OSError, match="no space"):
            limit_downloads(fails)
    taken = limit_downloads(lambda: [b"x"])
    with pytest.raises(NoFile):
        limit_downloads(fails)
    taken.close()
    assert limit_downloads(lambda: [b"y"])


def test_the_temporary_file_of_a_sheet_is_deleted() -> None:
    file = xlsx_file("list", ["name"], [("店",)])
    chunks = FileWrapper(file)
    assert next(iter(chunks))[:2] == b"PK"
    chunks.close()
    assert file.closed


def test_downloads_leave_half_of_the_threads_to_pages() -> None:
    assert Server({}).options["threads"] >= 2 * downloads.MAX_DOWNLOADS


def test_the_audit_event_describes_the_export(site: Site) -> None:
    lines = b"".join(site.client("wang").get("/list/export.csv?listed=yes")).decode("utf-8-sig").splitlines()

    (event,) = AuditEvent.objects.filter(**EXPORTED)
    assert json.loads(event.detail)["rows"] == len(lines) - 1
