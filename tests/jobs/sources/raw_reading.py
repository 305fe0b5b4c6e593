"""What the tests of raw reading share: a mapping for some columns, and all that a file gave."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jobs.formats.raw_records import RAW, ROW, RejectedRecord
from jobs.profile.mapping import SourceMapping, build_mapping
from jobs.sources.landing import read_raw

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

    @property
    def rules(self) -> list[tuple[int, str]]:
        """Row and rule of each rejected record."""
        return [(record.row, record.rule_id) for record in self.rejected]


def read_all(path: Path, mapping: SourceMapping, block_bytes: int = 4 << 20) -> Found:
    """Read a file to its end."""
    found = Found([], [], [], [], [])
    for piece in read_raw(path, mapping, block_bytes):
        for record in piece.rows.to_pylist():
            found.rows.append(record.pop(ROW))
            found.raws.append(record.pop(RAW))
            found.values.append(record)
        found.rejected.extend(piece.rejected)
        found.warnings.extend(piece.warnings)
    return found


def write(folder: Path, name: str, content: bytes) -> Path:
    """A file with that content."""
    path = folder / name
    path.write_bytes(content)
    return path
