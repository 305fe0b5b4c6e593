"""Measure the console at a million entities: ``python -m benchmarks.console --database sqlite``. This takes some minutes.

There are three synthetic days. The first is published to an empty console, then the publication of the second is measured, and each
kind of page is requested. With ``--users``, that many users work at once for ``--minutes`` while the third day is published.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.console.kinds import kinds_in_all_regions, kinds_of
from benchmarks.console.load import Crowd, crowd, request_kinds
from benchmarks.console.made_up import DAYS, MadeUp, made_up
from benchmarks.console.server import POSTGRESQL, SQLITE, Site, site
from benchmarks.console.table import PAGE_LIMIT_MS, PUBLISH_LIMIT_SECONDS, by_kind, percentiles, render
from benchmarks.harness.machine import machine_facts

CACHE = Path(__file__).resolve().parents[2] / "build" / "bench" / "console"
RESULT = Path(__file__).resolve().parents[1] / "results" / "console.json"
ALL, ONE = "all regions", "one region"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write the results. Returns 1 if a limit was exceeded or anything failed."""
    options = _options(arguments)
    folder = options.cache / options.database
    shutil.rmtree(folder, ignore_errors=True)
    made = made_up(options.cache / "homes", options.entities, options.listed)
    with site(options.database, made.home, folder) as console:
        facts = _measure(options, made, console)
    shutil.rmtree(folder)
    _write(options.result, options.database, facts)
    return _check(facts)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL), required=True)
    parser.add_argument("--entities", type=int, default=1_000_000, help="entities scored each day")
    parser.add_argument("--listed", type=int, default=20_000, help="entities within capacity, with reasons")
    parser.add_argument("--cases", type=int, default=10_000, help="entities with decisions")
    parser.add_argument("--days", type=int, default=60, help="earlier published days in trends")
    parser.add_argument("--requests", type=int, default=200, help="requests for each kind of page; 0 for none")
    parser.add_argument("--at-once", type=int, default=2, help="users who request the kinds of page at once")
    parser.add_argument("--workers", type=int, default=2, help="server processes")
    parser.add_argument("--users", type=int, default=0, help="users who work at once while a day is published")
    parser.add_argument("--minutes", type=float, default=5, help="duration of the work of --users")
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder for synthetic homes and the console's files")
    parser.add_argument("--result", type=Path, default=RESULT, help="results file")
    return parser.parse_args(arguments)


def _measure(options: argparse.Namespace, made: MadeUp, console: Site) -> dict[str, Any]:
    """Run all measurements of the command line and return their figures."""
    from benchmarks.console.history import make_history
    from benchmarks.console.people import make_cases, make_users, read_content

    first, second, third = DAYS
    filled, published = console.publish(first), console.publish(second)
    print(f"published to an empty console in {filled.wall_seconds:.1f} s; a new day in {published.wall_seconds:.1f} s "
          f"({published.cpu_seconds:.1f} CPU seconds, {published.peak_mib:,.0f} MiB)", flush=True)  # fmt: skip
    os.environ |= console.environment
    from console.publishing.open_site import open_site

    open_site(made.home, "")
    users = make_users(max(2 * options.at_once, options.users))
    make_cases(min(options.cases, made.listed // 2), users)
    make_history(second, users, options.days)
    content = read_content(random.Random(0), users[0])
    _close()
    facts: dict[str, Any] = {
        "machine": machine_facts(),
        "entities": made.entities,
        "listed": made.listed,
        "workers": options.workers,
        "at_once": options.at_once,
        "fill_seconds": round(filled.wall_seconds, 1),
        "publish": {"seconds": round(published.wall_seconds, 1), "cpu_seconds": round(published.cpu_seconds, 1),
                    "peak_mib": round(published.peak_mib)},
    }  # fmt: skip
    with console.serving(options.workers) as served:
        if options.requests:
            all_regions, one_region = users[0 : 2 * options.at_once : 2], users[1 : 2 * options.at_once : 2]
            facts["pages"] = [
                *by_kind(request_kinds(served, all_regions, content, options.requests, kinds_of(content)), ALL),
                *by_kind(request_kinds(served, one_region, content, options.requests, kinds_in_all_regions(content), seed=1), ONE),
            ]
            print(render(facts["pages"]), flush=True)
        if options.users:
            seconds = options.minutes * 60
            met = crowd(served.address, console, users[: options.users], content, made.orders, day=third, seconds=seconds)
            facts["crowd"] = _crowd_as_json(met, options.users, options.minutes)
            print(json.dumps(facts["crowd"], indent=1, ensure_ascii=False), flush=True)
    facts["audit"] = _audit()
    return facts


def _crowd_as_json(met: Crowd, users: int, minutes: float) -> dict[str, Any]:
    return {
        "users": users,
        "minutes": minutes,
        "asked": met.asked,
        "faults": len(met.faults),
        "first_faults": met.faults[:5],
        "lists_by_day": {str(day): number for day, number in sorted(met.days.items())},
        "publish_seconds": round(met.publishing, 1),
        **percentiles(met.seconds),
    }


def _audit() -> dict[str, int]:
    """The number of audit events, and of breaks in the hash chain."""
    from console.apps.audit import spool
    from console.apps.audit.chain import find_breaks, read_head

    spool.flush()
    facts = {"events": read_head().number, "breaks": len(list(find_breaks()))}
    _close()
    return facts


def _close() -> None:
    from django.db import connections

    connections.close_all()


def _write(path: Path, database: str, facts: dict[str, Any]) -> None:
    """Write the figures; those of the other database stay."""
    others = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**others, database: facts}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _check(facts: dict[str, Any]) -> int:
    """Print all limits exceeded. Returns 1 if there are any."""
    pages = facts.get("pages", [])
    missed = [f"{row['kind']} ({row['who']}): p95 {row['p95']:.0f} ms" for row in pages if row["p95"] >= PAGE_LIMIT_MS]
    missed += [f"{row['kind']} ({row['who']}): {row['failed']} failed" for row in pages if row["failed"]]
    if facts["publish"]["seconds"] > PUBLISH_LIMIT_SECONDS:
        missed.append(f"publishing took {facts['publish']['seconds']} s")
    unseen = {str(day) for day in DAYS[-2:]} - set(facts["crowd"]["lists_by_day"] if "crowd" in facts else map(str, DAYS))
    missed += [f"no user saw a list of {day}" for day in sorted(unseen)]
    if facts.get("crowd", {}).get("faults"):
        missed.append(f"{facts['crowd']['faults']} faults with {facts['crowd']['users']} users at once")
    if facts["audit"]["breaks"]:
        missed.append(f"the audit's chain breaks at {facts['audit']['breaks']} places")
    print("\n".join(["missed:", *missed] if missed else ["all limits are met"]), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
