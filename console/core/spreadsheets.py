"""CSV and XLSX files with a byte-order mark and without cells that a spreadsheet would run as formulas."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from console.core.invisible_characters import made_visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
PART = 64 * 1024
"""Bytes of a file that are sent together."""
XLSX_ROWS = 1_048_575
"""The rows of a sheet below its header."""


def escape_formula(value: Any) -> Any:
    """A text with invisible characters made visible, and with an apostrophe in front if it begins like a formula.

    Numbers stay numbers. Leading spaces and invisible characters are skipped in this test: a program may drop them.
    """
    if not isinstance(value, str):
        return value
    is_formula = value.startswith(_FORMULA) or _first_seen(value).startswith(_FORMULA)
    return f"'{made_visible(value)}" if is_formula else made_visible(value)


def _first_seen(text: str) -> str:
    return next((sign for sign in text if unicodedata.category(sign)[0] not in "CZ"), "")


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A CSV file in UTF-8 with a byte-order mark, a few hundred rows at a time."""
    buffer = io.StringIO()
    # All texts are quoted: a program that separates cells at semicolons or tabs would find a formula behind one.
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([escape_formula(name) for name in head])
    yield b"\xef\xbb\xbf"
    for at, row in enumerate(rows):
        writer.writerow([escape_formula(value) for value in row])
        if at % 500 == 499:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_file(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> IO[bytes]:
    """A workbook in an unnamed temporary file, which disappears when it is closed. Rows are streamed."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])

    def cell(value: Any) -> Any:
        # A text needs a cell with an explicit type, or a text that begins like a formula would become one.
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value=escape_formula(value))
        made.data_type = "s"
        return made

    sheet.append([cell(name) for name in head])
    for row in rows:
        sheet.append([cell(value) for value in row])
    file = TemporaryFile()  # noqa: SIM115 (the sender closes it)
    try:
        book.save(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


class FileParts:
    """An open file in parts."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        """The rest of the file."""
        return iter(lambda: self.file.read(PART), b"")

    def close(self) -> None:
        """Close the file; a temporary file disappears."""
        self.file.close()
