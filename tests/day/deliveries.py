"""Deliveries written otherwise: what must come to the same, and what a day does not know yet."""

from __future__ import annotations

import json
import random
from pathlib import Path


def key_of(record: str) -> str:
    """What the versions of a record share: its first value, for a return with its month."""
    if record.startswith("{"):
        return str(json.loads(record)["no"])
    return "|".join(record.split(";")[:2]) if ";" in record else record.split(",")[0]


def rearranged(records: list[str], draw: random.Random) -> list[str]:
    """The records in another order and some of them twice; versions of one key keep their own order, which has a meaning."""
    queues: dict[str, list[str]] = {}
    for record in records:
        queues.setdefault(key_of(record), []).extend([record] * draw.choice((1, 1, 2)))
    turns = [key for key, queue in queues.items() for _ in queue]
    draw.shuffle(turns)
    return [queues[key].pop(0) for key in turns]


def rearrange(folder: Path, draw: random.Random) -> None:
    """Shuffle, double and split every file of a folder of deliveries."""
    for path in sorted(path for path in folder.rglob("*.*") if path.is_file()):
        lines = path.read_text(encoding="utf-8").splitlines()
        header, records = ([], lines) if path.suffix == ".jsonl" else (lines[:1], lines[1:])
        records = rearranged(records, draw)
        cut = draw.randint(0, len(records))
        path.unlink()
        for name, part in (("a", records[:cut]), ("b", records[cut:])):
            write(path.with_name(name + path.suffix), *header, *part)


def write(path: Path, *lines: str) -> None:
    """A text file of these lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def append(path: Path, *lines: str) -> None:
    """Add records to a file."""
    write(path, *path.read_text(encoding="utf-8").splitlines(), *lines)


def add_not_yet_known(sources: Path) -> None:
    """Records in today's files that today does not know: reported after midnight, or about days to come."""
    append(
        sources / "complaints" / "2026-06-30" / "day.jsonl",
        json.dumps(
            {"no": "C80", "on": "2026-06-30", "shop": "S03", "about": "food", "grade": "4", "outcome": "open", "by": "B80"}
            | {"updated": "2026-07-01 00:00"}
        ),
    )
    append(
        sources / "visits" / "2026-06-30" / "reports.csv",
        "V80,S01,chosen,2026-06-29,2026-06-29,2026-07-01 00:00,made,20,9,4,yes",
        "V81,S02,chosen,2026-07-02,2026-07-02,2026-06-30 12:00,made,20,9,4,yes",
    )
