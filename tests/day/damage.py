"""Ways a delivery arrives broken, each on all files of a source's day."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

from tests.day.town import TODAY

Damage = Callable[[Path], None]
LONG_LINE = 10 * 1024 * 1024


def today(sources: Path, source: str) -> list[Path]:
    """The files that a source delivered today."""
    return sorted((sources / source / TODAY.isoformat()).iterdir())


def _read(path: Path) -> tuple[str, str]:
    """A file's text and the encoding it is in, of the two in which agencies deliver."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("gb18030"), "gb18030"


def truncate(path: Path) -> None:
    """Break off in the middle of the last record's first half."""
    content = path.read_bytes().rstrip(b"\n")
    start = content.rindex(b"\n") + 1
    path.write_bytes(content[: start + 12])


def garble(path: Path) -> None:
    """Random bytes, line ends and NULs among them."""
    path.write_bytes(random.Random(7).randbytes(4096))


def encode_otherwise(path: Path) -> None:
    """UTF-16 in place of what was agreed."""
    text, _ = _read(path)
    path.write_bytes(text.encode("utf-16"))


def encode_one_name_otherwise(path: Path) -> None:
    """One accented letter as Latin-1 writes it, in the last record."""
    content = path.read_bytes().rstrip(b"\n")
    path.write_bytes(content[:-3] + "é".encode("latin-1") + content[-3:] + b"\n")


def empty(path: Path) -> None:
    """Nothing at all."""
    path.write_bytes(b"")


def keep_header(path: Path) -> None:
    """The header alone; for JSON Lines a blank line."""
    head = b"" if path.suffix == ".jsonl" else path.read_bytes().splitlines()[0]
    path.write_bytes(head + b"\n")


def swap_columns(path: Path) -> None:
    """Every value under its neighbour's name."""
    text, encoding = _read(path)
    lines = text.splitlines()
    if path.suffix == ".jsonl":
        lines = [json.dumps(_turned(json.loads(line)), ensure_ascii=False) for line in lines]
    else:
        mark = ";" if ";" in lines[0] else ","
        names = lines[0].split(mark)
        lines[0] = mark.join([*names[1:], names[0]])
    path.write_text("\n".join(lines) + "\n", encoding=encoding)


def _turned(record: dict[str, str]) -> dict[str, str]:
    names = list(record)
    return dict(zip([*names[1:], names[0]], record.values(), strict=True))


def lengthen(path: Path) -> None:
    """A line of ten megabytes after the last record."""
    with path.open("ab") as file:
        file.write(b"x" * LONG_LINE + b"\n")


def drop_column(path: Path) -> None:
    """The first column under another name; in JSON Lines the first key."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".jsonl":
        path.write_text(text.replace('"no"', '"nr"'), encoding="utf-8")
    else:
        path.write_text("nr_" + text, encoding="utf-8")


def remove(path: Path) -> None:
    """The file did not come; its folder did."""
    path.unlink()


def put_folder(path: Path) -> None:
    """A folder stands where the file should."""
    path.unlink()
    path.mkdir()
