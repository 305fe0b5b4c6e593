"""CSV and XLSX files with a byte-order mark and without cells that a spreadsheet would run as formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import IO, Any

from console.core.invisible_characters import made_visible
from jobs.foundation.files import escape_formula

XLSX_ROWS = 1_048_575
"""The rows of a sheet below its header."""


def _cell(value: Any) -> Any:
    """The value escaped, with invisible characters made visible; numbers stay numbers."""
    return made_visible(escape_formula(value)) if isinstance(value, str) else value


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A CSV file in UTF-8 with a byte-order mark, a few hundred rows at a time."""
    buffer = io.StringIO()
    # All texts are quoted: a program that separates cells at semicolons or tabs would find a formula behind one.
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow([_cell(name) for name in head])
    yield b"\xef\xbb\xbf"
    for at, row in enumerate(rows):
        writer.writerow([_cell(value) for value in row])
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
        made = WriteOnlyCell(sheet, value=_cell(value))
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
