"""Files for spreadsheets: with a byte-order mark, and no cell that a spreadsheet would take for a formula."""

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
"""Bytes of a file that are sent at once."""
XLSX_ROWS = 1_048_575
"""The rows that a sheet holds below its head."""


def escape_formula(value: Any) -> Any:
    """A text that begins as a formula does, with an apostrophe before it, and hidden signs made visible; numbers stay numbers.

    Signs that are not seen, spaces of any width and control signs, are looked past: a program that drops them finds the formula.
    """
    if not isinstance(value, str):
        return value
    is_formula = value.startswith(_FORMULA) or _first_seen(value).startswith(_FORMULA)
    return f"'{made_visible(value)}" if is_formula else made_visible(value)


def _first_seen(text: str) -> str:
    return next((sign for sign in text if unicodedata.category(sign)[0] not in "CZ"), "")


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """The lines of a CSV file, UTF-8 with a byte-order mark, a few hundred rows at a time."""
    buffer = io.StringIO()
    # Texts are quoted, also where a comma would not ask for it: a program that takes semicolons or tabs for the ends of cells would
    # find a formula behind one.
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
    """A workbook in a file without a name, which is gone when it is closed; rows are written as they come, and none is kept."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])

    def cell(value: Any) -> Any:
        # Numbers need no cell of their own; a text does, or one that begins as a formula would be taken for one.
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value=escape_formula(value))
        made.data_type = "s"
        return made

    sheet.append([cell(name) for name in head])
    for row in rows:
        sheet.append([cell(value) for value in row])
    file = TemporaryFile()  # noqa: SIM115 (whoever sends it closes it)
    try:
        book.save(file)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


class FileParts:
    """An open file a part at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        """What is left of the file."""
        return iter(lambda: self.file.read(PART), b"")

    def close(self) -> None:
        """Close the file, which a file without a name does not outlive."""
        self.file.close()
