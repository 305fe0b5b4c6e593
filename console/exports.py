"""Files for spreadsheets: with a byte-order mark, and no cell that a spreadsheet would take for a formula."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
XLSX_ROWS = 1_048_575
"""The rows that a sheet holds below its head."""


def harmless(value: Any) -> Any:
    """A text that begins as a formula does, with an apostrophe before it; numbers stay numbers.

    Signs that are not seen, spaces of any width and control signs, are looked past: a program that drops them finds the formula.
    """
    if isinstance(value, str) and (value.startswith(_FORMULA) or _first_seen(value).startswith(_FORMULA)):
        return "'" + value
    return value


def _first_seen(text: str) -> str:
    return next((sign for sign in text if unicodedata.category(sign)[0] not in "CZ"), "")


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The lines of a CSV file, UTF-8 with a byte-order mark, a few hundred rows at a time."""
    buffer = io.StringIO()
    # Texts are quoted, also where a comma would not ask for it: a program that takes semicolons or tabs for the ends of cells would
    # find a formula behind one.
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([harmless(name) for name in head])
    yield b"\xef\xbb\xbf"
    for at, row in enumerate(rows):
        writer.writerow([harmless(value) for value in row])
        if at % 500 == 499:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_file(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Any:
    """An open workbook file, at its beginning."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])

    def cell(value: Any) -> Any:
        try:
            made = WriteOnlyCell(sheet, value=harmless(value))
        except IllegalCharacterError:
            made = WriteOnlyCell(sheet, value="".join(sign for sign in harmless(str(value)) if sign.isprintable()))
        if isinstance(value, str):
            made.data_type = "s"
        return made

    sheet.append([cell(name) for name in head])
    for row in rows:
        sheet.append([cell(value) for value in row])
    file = TemporaryFile()  # noqa: SIM115 (whoever sends it closes it)
    book.save(file)
    file.seek(0)
    return file
