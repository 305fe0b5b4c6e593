"""Invisible characters reverse no name and hide no text, on no page and in no file."""

from __future__ import annotations

import io
import sqlite3
import unicodedata
from datetime import date
from typing import Any

import pytest
from django.db import connections
from openpyxl import load_workbook

from console.apps.api.tokens import make_token
from console.apps.ranking.models import Ranked
from console.apps.ranking.runs import alias_of
from console.core.invisible_characters import made_visible
from console.core.spreadsheets import csv_lines, xlsx_file
from tests.console.conftest import HANGZHOU, Site

TURNED = "杭州\u202e司公\u202c\u200b甲"
SHOWN = "杭州[U+202E]司公[U+202C][U+200B]甲"
SEEN_OR_NEEDED = {*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD, *range(0x13430, 0x13440), 0x180E}
"""Format characters that have a shape, or give Mongolian letters theirs."""


def test_control_characters_are_made_visible() -> None:
    hidden = {at for at in range(0x110000) if unicodedata.category(chr(at)) in ("Cf", "Cc", "Zl", "Zp")}
    kept = {at for at in hidden if made_visible(chr(at)) == chr(at)}

    assert kept == hidden & {*SEEN_OR_NEEDED, ord("\t"), ord("\n"), ord("\r")}


@pytest.mark.parametrize(
    "text", ["杭州市甲公司", "a\tb\r\nc", "\U00020bb7野家", "葛\U000e0100飾", "ᠮᠣᠩᠭᠣᠯ\u180b", "\ue000", "مكتبة", "😀\ufe0f"]
)
def test_ordinary_text_does_not_change(text: str) -> None:
    assert made_visible(text) == text


@pytest.mark.parametrize("filler", ["\u3164", "\uffa0", "\u115f", "\u2800", "\u034f", "\ufeff", "\U000e0041", "\u2066", "\x07"])
def test_blank_letters_are_made_visible(filler: str) -> None:
    assert made_visible(f"甲{filler}乙") == f"甲[U+{ord(filler):04X}]乙"


@pytest.fixture
def turned(site: Site) -> Ranked:
    """An entity whose name reads as another's."""
    entity = site.ranked(is_listed=True, region_middle=HANGZHOU, risk_class="C")
    path = site.folder.rankings / f"{site.run.run_id}.sqlite3"
    whole = path.read_bytes()
    path.unlink()  # the tests share the file by a link
    path.write_bytes(whole)
    with sqlite3.connect(path) as database:
        database.execute("UPDATE ranking_ranked SET name = ?, address = ? WHERE position = ?", (TURNED, TURNED, entity.position))
    database.close()
    connections[alias_of(site.run.run_id)].close()
    return site.ranked(position=entity.position)


@pytest.mark.parametrize("address", ["/list/?q={id}", "/entity/{id}/", "/visits/", "/supervisor/", "/list/?q=%E2%80%AE"])
def test_no_page_contains_an_invisible_character(site: Site, turned: Ranked, send: Any, address: str) -> None:
    send("zhang", turned, "visit", comment=f"see {TURNED}")

    page = site.client("zhang").get(address.format(id=turned.entity_id)).content.decode()

    assert made_visible(page) == page
    if "{id}" in address or "visits" in address:
        assert SHOWN in page


def test_a_comment_is_stored_as_typed_and_shown_visibly(site: Site, turned: Ranked, send: Any) -> None:
    send("wang", turned, "visit", comment=f"see {TURNED}")
    page = site.client("li").get(f"/entity/{turned.entity_id}/")

    assert page.context["history"][0].comment == f"see {TURNED}"
    assert f"see {SHOWN}" in page.content.decode()


def test_no_file_contains_an_invisible_character(site: Site, turned: Ranked) -> None:
    client = site.client("wang")
    text = b"".join(client.get("/list/export.csv", {"q": turned.entity_id})).decode("utf-8-sig")
    book = load_workbook(io.BytesIO(b"".join(client.get("/list/export.xlsx", {"q": turned.entity_id}))))

    assert SHOWN in text
    assert made_visible(text) == text
    assert [cell.value for cell in next(iter(book.active.iter_rows(min_row=2)))][2] == SHOWN


def test_characters_that_a_sheet_cannot_hold_are_made_visible() -> None:
    sheet = load_workbook(io.BytesIO(xlsx_file("list", ["name"], [("a\x07b",)]).read())).active

    assert sheet["A2"].value == "a[U+0007]b"
    assert b"a[U+0007]b" in b"".join(csv_lines(["name"], [("a\x07b",)]))


def test_the_api_returns_the_stored_text(site: Site, turned: Ranked) -> None:
    token = make_token(site.user("wang"), "program", ["entity"], date(2026, 7, 30))
    said = site.client().get(f"/api/entities/{turned.entity_id}", headers={"authorization": f"Bearer {token}"}).json()

    assert said["name"] == TURNED
