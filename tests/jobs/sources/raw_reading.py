"""What the tests of raw reading share: a mapping for some columns, and all that a file gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from jobs.formats.raw_records import BLOCK_BYTES, RAW, ROW, RawChunk, RejectedRecord
from jobs.formats.registry import read_file
from jobs.profile.mapping import SourceMapping, build_mapping
from jobs.sources.landing import raw_file

COLUMNS = ("编号", "名称", "金额")


def mapping_of(form: str, columns: tuple[str, ...] = COLUMNS, **settings: object) -> SourceMapping:
    """A mapping of the complaint contract that reads ``columns``."""
    raw = {
        "contract": "complaint",
        "owner": "热线",
        "format": form,
        "files": "c/{delivered_on}/*",
        "delivery": "increment",
        "nulls": [""],
        "raw": {"columns": list(columns)},
        **settings,
    }
    return build_mapping(raw, Path("complaints.toml"))


@dataclass(frozen=True)
class Found:
    """All that a file gave."""

    values: list[dict[str, object]]
    rows: list[int]
    raws: list[str | None]
    rejected: list[RejectedRecord]
    warnings: list[str]
    unexpected: list[str]

    @property
    def rules(self) -> list[tuple[int, str]]:
        """Row and rule of each rejected record."""
        return [(record.row, record.rule_id) for record in self.rejected]


def read_raw(path: Path, mapping: SourceMapping, block_bytes: int = BLOCK_BYTES) -> Iterator[RawChunk]:
    """The chunks of a file."""
    return read_file(mapping.format, replace(raw_file(path, mapping), block_bytes=block_bytes))


def read_all(path: Path, mapping: SourceMapping, block_bytes: int = BLOCK_BYTES) -> Found:
    """Read a file to its end."""
    found = Found([], [], [], [], [], [])
    for piece in read_raw(path, mapping, block_bytes):
        for record in piece.rows.to_pylist():
            found.rows.append(record.pop(ROW))
            found.raws.append(record.pop(RAW))
            found.values.append(record)
        found.rejected.extend(piece.rejected)
        found.warnings.extend(piece.warnings)
        found.unexpected.extend(piece.unexpected)
    return found


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path
