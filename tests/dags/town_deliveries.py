"""Seven days of the small town: each source delivers every day that it is due, except where a day has trouble."""

from __future__ import annotations

import csv
import json
import os
import shutil
import time
from datetime import date, timedelta
from pathlib import Path

from tests.day import town

FIRST, LAST = date(2026, 6, 24), date(2026, 6, 30)
DAYS = tuple(FIRST + timedelta(days=number) for number in range(7))
STOPPED, MISSING, AWAITED, LATE = DAYS[1:5]
"""The day on which the shops' delivery is damaged, that without complaints, that whose complaints come before their cut-off while
the day waits for them, and that whose shops come after its list."""
NOT_THERE = {MISSING: "complaints", AWAITED: "complaints", LATE: "shops"}
"""The source that has not delivered when the day is run."""


def deliver_history(sources: Path) -> None:
    """What the town's sources delivered before the first day."""
    for folder in sorted(town.SOURCES.glob("*/*")):
        if date.fromisoformat(folder.name) < FIRST:
            shutil.copytree(folder, sources / folder.parent.name / folder.name)


def deliver(sources: Path, day: date) -> None:
    """What arrives before a day is run."""
    for source in ("shops", "complaints", "returns", "visits"):
        if source != NOT_THERE.get(day):
            deliver_source(sources, source, day)


def deliver_source(sources: Path, source: str, day: date) -> None:
    """What a source delivers for a day, as files that were complete an hour ago."""
    own = town.SOURCES / source / str(day)
    target = sources / source / str(day)
    if own.is_dir():
        shutil.copytree(own, target)
    elif source in ("shops", "complaints"):
        target.mkdir(parents=True)
        text = _shops(day) if source == "shops" else _complaints(day)
        (target / ("changes.csv" if source == "shops" else "day.jsonl")).write_text(text, encoding="utf-8")
    for path in target.glob("*"):
        os.utime(path, (time.time() - 3600,) * 2)


def _shops(day: date) -> str:
    """One shop has a new head; on the day of the stop the file is another one, without the register's columns."""
    if day == STOPPED:
        return "Dear colleague,\nthe register follows tomorrow.\n"
    header, *rows = csv.reader((town.SOURCES / "shops" / "2026-04-01" / "register.csv").read_text(encoding="utf-8").splitlines())
    row = {**dict(zip(header, rows[day.day % 10], strict=True)), "head": "P50", "changed": str(day), "change": "head"}
    return ",".join(header) + "\n" + ",".join(row.values()) + "\n"


def _complaints(day: date) -> str:
    facts = {"no": f"D{day.day}", "on": str(day), "shop": "S05", "about": "quality", "grade": "2", "due": "2026-08-30"}
    return json.dumps({**facts, "outcome": "open", "by": "B50", "updated": f"{day} 09:00"}) + "\n"
