"""Mutate a sound delivery by a seeded generator: its records, its bytes, and how its file lies in the folder.

Mutations of Parquet tables are in :mod:`tests.fuzz.table_mutations`.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from random import Random

import pyarrow as pa

from jobs.profile.mapping import SourceMapping
from tests.fuzz.odd_values import ODD_JSON, ODD_NUMBERS, ODD_TEXTS
from tests.fuzz.sources import Rows, Source, encode, parquet_bytes, table_of
from tests.fuzz.table_mutations import TABLE_MUTATIONS

_ENCODINGS = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "gb18030",
    "big5",
    "cp1252",
    "latin-1",
    "utf-7",
    "cp037",
    "shift_jis",
)


def mutated(source: Source, mapping: SourceMapping, day: date, random: Random) -> bytes:
    """The file of a delivery after one to three mutations."""
    if mapping.format == "parquet":
        table = table_of(source.columns, source.sound_rows(day))
        content, group = parquet_bytes(table), random.choice((1, 5, 5, 1000))
        for _ in range(random.randint(0, 2)):
            # Arrow can neither cast, show nor write some combinations.
            with suppress(pa.ArrowException, ValueError, OverflowError):
                changed = random.choice(TABLE_MUTATIONS)(table, random)
                table, content = changed, parquet_bytes(changed, group)
        return random.choice(_OF_BYTES)(content, random) if random.random() < 0.35 else content
    header, rows = list(source.columns), source.sound_rows(day)
    for _ in range(random.randint(0, 2)):
        random.choice(_OF_ROWS)(header, rows, random)
    content = encode(mapping, header, rows)
    if mapping.format == "jsonl" and random.random() < 0.4:
        content = _odd_json(content, random)
    for _ in range(random.randint(0, 2)):
        content = random.choice(_OF_BYTES)(content, random)
    return content


def _odd_value(_header: list[str], rows: Rows, random: Random) -> None:
    for _ in range(random.randint(1, 4)):
        if rows and (row := random.choice(rows)):
            row[random.randrange(len(row))] = random.choice((*ODD_TEXTS, *ODD_NUMBERS, None))


def _odd_column(header: list[str], rows: Rows, random: Random) -> None:
    at, value = random.randrange(len(header)), random.choice(ODD_TEXTS)
    for row in rows:
        if at < len(row):
            row[at] = value


def _rename_column(header: list[str], _rows: Rows, random: Random) -> None:
    at = random.randrange(len(header))
    header[at] = random.choice(
        (header[at].upper(), f" {header[at]} ", f"{header[at]}\n", "", "x", "\ufeff" + header[at], header[0])
    )


def _drop_column(header: list[str], rows: Rows, random: Random) -> None:
    at = random.randrange(len(header))
    if len(header) > 1:
        for row in (header, *rows):
            del row[at : at + 1]


def _add_column(header: list[str], rows: Rows, random: Random) -> None:
    at = random.randint(0, len(header))
    header.insert(at, random.choice(("extra", "", header[0], "__row", "__raw", "__file", "a" * 3000)))
    for row in rows:
        row.insert(at, random.choice(ODD_TEXTS))


def _swap_columns(header: list[str], rows: Rows, random: Random) -> None:
    order = random.sample(range(len(header)), len(header))
    for row in (header, *rows):
        if len(row) == len(order):
            row[:] = [row[at] for at in order]


def _change_width(_header: list[str], rows: Rows, random: Random) -> None:
    if rows:
        row = random.choice(rows)
        if random.random() < 0.5:
            row.append("more")
        else:
            del row[-1:]


def _repeat_rows(_header: list[str], rows: Rows, random: Random) -> None:
    rows.extend([list(random.choice(rows)) for _ in range(random.randint(1, 9))] if rows else [])


def _conflict(_header: list[str], rows: Rows, random: Random) -> None:
    if rows:
        other = list(random.choice(rows))
        other[random.randrange(len(other)) if other else 0 :] = ["2026-01-01"] if random.random() < 0.3 else ["9"]
        rows.append(other + [None] * (len(rows[0]) - len(other)))


def _repeat_header(header: list[str], rows: Rows, random: Random) -> None:
    rows.insert(random.randint(0, len(rows)), [*header])


def _no_rows(_header: list[str], rows: Rows, _random: Random) -> None:
    rows.clear()


_OF_ROWS: tuple[Callable[[list[str], Rows, Random], None], ...] = (
    _odd_value, _odd_value, _odd_value, _odd_column, _rename_column, _drop_column, _add_column, _swap_columns, _change_width,
    _repeat_rows, _conflict, _repeat_header, _no_rows,
)  # fmt: skip


def _odd_json(content: bytes, random: Random) -> bytes:
    """A value of a line in the place of another, a key twice, or a line that is another JSON value."""
    lines = content.split(b"\n")
    at, value = random.randrange(len(lines)), random.choice(ODD_JSON).encode()
    change = random.random()
    if change < 0.6 and b": " in lines[at]:
        head, _, tail = lines[at].partition(b": ")
        lines[at] = head + b": " + value + tail[tail.find(b",") :]
    elif change < 0.8:
        lines[at] = lines[at].replace(b"{", b'{"id": ' + value + b", ", 1)
    else:
        lines[at] = value
    return b"\n".join(lines)


def _flip(content: bytes, random: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 30))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _insert(content: bytes, random: Random) -> bytes:
    at = random.randint(0, len(content))
    marks = (b"\0", b'"', b"\n", b"\r", b"\r\n", b"\xff\xfe", b"\xef\xbb\xbf", b"\x1a", b",", b";", b"|", b"\t", b"\\", b"{")
    more = random.choice((*marks, random.randbytes(random.randint(1, 40)), b"\0" * 512))
    return content[:at] + more * random.choice((1, 1, 1, 60)) + content[at:]


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randint(0, len(content))]


def _remove(content: bytes, random: Random) -> bytes:
    at = random.randint(0, len(content))
    return content[:at] + content[at + random.choice((1, 4, 50)) :]


def _repeat(content: bytes, random: Random) -> bytes:
    begin, end = sorted((random.randint(0, len(content)), random.randint(0, len(content))))
    return content[:end] + content[begin:]


def _encode_otherwise(content: bytes, random: Random) -> bytes:
    text = content.decode(random.choice(("utf-8", "gb18030", "utf-16")), errors="replace")
    return text.encode(random.choice(_ENCODINGS), errors="replace")


def _mark(content: bytes, random: Random) -> bytes:
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF8 * 2, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE)
    return random.choice(marks) + content


def _line_ends(content: bytes, random: Random) -> bytes:
    ends = random.choice(((b"\r\n",), (b"\r",), (b"\n", b"\r\n", b"\r"), (b"\r\r\n",), (b"\n\n",), (b"",)))
    return b"".join(line.removesuffix(b"\n") + random.choice(ends) for line in content.splitlines(keepends=True))


def _lengthen(content: bytes, random: Random) -> bytes:
    """A long run of one character: longer than a line or a field may be, one time in six."""
    at = random.randint(0, len(content))
    return (
        content[:at]
        + random.choice((b"x", b'"', b"\xe4\xb8\xad", b",", b"[")) * random.choice((3_000,) * 5 + (1_100_000,))
        + content[at:]
    )


def _pack(content: bytes, random: Random) -> bytes:
    if random.random() < 0.5:
        return gzip.compress(content, mtime=0)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a.csv"), content)
    return packed.getvalue()


def _replace(_content: bytes, random: Random) -> bytes:
    return random.choice((b"", b"\n", b"x", b"\0", b'"', b"{", b"PAR1", b"PAR1PAR1", b"%PDF-1.4\n", b" \r\n \r\n", b"null\n",
                          random.randbytes(random.randint(1, 3000))))  # fmt: skip


_OF_BYTES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flip, _flip, _insert, _insert, _cut, _remove, _repeat, _encode_otherwise, _mark, _line_ends, _lengthen, _pack, _replace,
)  # fmt: skip


def lay(folder: Path, day: date, content: bytes, random: Random) -> None:
    """Put a delivery's file below its source's folder: mostly as it should be, one time in eight in an odd way."""
    place = folder / str(day)
    place.mkdir(parents=True)
    path = place / "a.dat"
    match random.randrange(96):
        case 0:
            path = place / os.fsdecode("企业.csv".encode("gbk"))
        case 1:
            path = place / random.choice(
                ("a b%20#?.csv", "a'\";.csv", "*.csv", "\n.csv", "\x1b[0m", "é" * 100, "-rf", "{delivered_on}")
            )
        case 2:
            path = place / ".a.csv.part"
        case 3:
            path = place / "a.csv" / "a.csv"
            path.parent.mkdir()
        case 4:
            (place / "a.csv").symlink_to(random.choice(("a.csv", "gone.csv", "/etc/hostname", "..", "/dev/zero")))
        case 5:
            path = place / "z.csv"
            (place / "a.csv").symlink_to("z.csv")
        case 6:
            place.rmdir()
            path = place
        case 7:
            path = folder / f"{day}.{random.choice(('bak', 'tmp', '13'))}" / "a.csv"
            path.parent.mkdir()
        case 8:
            path = place / "a.parquet.gz"
        case 9:
            path.with_name("b.dat").write_bytes(content)
        case 10:
            path.with_name("empty").write_bytes(b"")
        case 11:
            os.mkfifo(place / "pipe")
    path.write_bytes(content)
