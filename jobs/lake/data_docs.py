"""The home's Great Expectations file context (``gx/``): validation results and suites by source, and Data Docs by day."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from expectations.data_docs import (
    CONFIG,
    RUN_TIME,
    Row,
    context_config,
    links_page,
    stored_result,
    stored_suite,
    suite_page,
    validation_page,
)
from jobs.foundation.fault_points import around
from jobs.foundation.files import json_text, read_json, write_derived
from jobs.foundation.paths import GX
from jobs.lake.batches import DayRange

RESULTS = "uncommitted/validations"
SITE = "uncommitted/data_docs/local_site"
PAGES = f"{SITE}/validations"
DAYS = f"{SITE}/days"
HEADS = ("checks", "deliveries", "result", "evaluated", "failed")


def write_data_docs(home: Path, source: str, as_of: date, days: DayRange, found: Mapping[str, Mapping[str, Any]]) -> None:
    """Store a source's validation results, and write their pages, the page of the day and the list of days.

    Args:
        source: the source.
        as_of: the day of the run.
        days: the first and the last delivery that were checked together.
        found: the gate's result of each suite, by a name such as ``rows``.
    """
    folder, files = home / GX, {CONFIG: context_config()}
    for kind, result in found.items():
        suite = f"{source}_{kind}"
        name = f"{suite}/{as_of}/{as_of:%Y%m%d}{RUN_TIME}/{days[0]}_{days[1]}"
        stored = json.loads(json_text(stored_result(result, suite, as_of.isoformat())))
        expected = stored_suite(stored)
        files[f"expectations/{suite}.json"] = json_text(expected).encode()
        files[f"{SITE}/expectations/{suite}.html"] = suite_page(expected, "../index.html").encode()
        files[f"{RESULTS}/{name}.json"] = json_text(stored).encode()
        files[f"{PAGES}/{name}.html"] = validation_page(stored, f"../../../../days/{as_of}.html").encode()
    write_derived(folder, files)
    write_derived(folder, {f"{DAYS}/{as_of}.html": _day_page(folder, as_of).encode()})
    _write_index(folder)


def day_page(home: Path, as_of: date) -> Path | None:
    """The page of the newest day up to ``as_of`` on which deliveries were checked; None when there is none."""
    days = [day for day in _days(home / GX) if day <= as_of]
    return home / GX / DAYS / f"{days[-1]}.html" if days else None


def trim_data_docs(home: Path, before: date) -> tuple[date, ...]:
    """Delete the results and pages of days before a day, and return these days. Manifests keep the checks."""
    folder = home / GX
    old = [day for day in _days(folder) if day < before]
    for day in old:
        with around(folder):
            for place in (*folder.glob(f"{RESULTS}/*/{day}"), *folder.glob(f"{PAGES}/*/{day}")):
                shutil.rmtree(place)
            (folder / DAYS / f"{day}.html").unlink()
    if old:
        _write_index(folder)
    return tuple(old)


def _days(folder: Path) -> list[date]:
    return sorted(date.fromisoformat(path.stem) for path in (folder / DAYS).glob("????-??-??.html"))


def _day_page(folder: Path, as_of: date) -> str:
    rows: list[Row] = []
    for path in sorted(folder.glob(f"{RESULTS}/*/{as_of}/*/*.json")):
        stored = read_json(path)
        counts = stored["statistics"]
        href = f"../validations/{path.relative_to(folder / RESULTS).with_suffix('.html').as_posix()}"
        result = "passed" if stored["success"] else "failed"
        cells = (stored["suite_name"], path.stem.replace("_", " to "), result, counts["evaluated_expectations"])
        rows.append((href, (*map(str, cells), str(counts["unsuccessful_expectations"]))))
    return links_page(f"Checks of {as_of}", HEADS, rows, up="../index.html")


def _write_index(folder: Path) -> None:
    rows: list[Row] = [(f"days/{day}.html", (str(day),)) for day in reversed(_days(folder))]
    write_derived(folder, {f"{SITE}/index.html": links_page("Checks by day", ("day",), rows).encode()})
