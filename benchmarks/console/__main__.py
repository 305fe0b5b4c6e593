"""Measure the console at a million listed entities: ``python -m benchmarks.console --database sqlite``; some minutes.

Three made-up days: the first is published to an empty console, the second into it, which is measured, and then each kind of page
is asked for. With ``--users`` as many people work at once for ``--minutes``, and the third day is published meanwhile.
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

from benchmarks.console.kinds import FOR_EVERYBODY
from benchmarks.console.load import Crowd, ask_kinds, crowd
from benchmarks.console.made_up import DAYS, MadeUp, made_up
from benchmarks.console.server import POSTGRESQL, SQLITE, Site, site
from benchmarks.console.table import BAR_MS, PUBLISH_BAR_SECONDS, by_kind, percentiles, render
from benchmarks.harness.machine import machine_facts

CACHE = Path(__file__).resolve().parents[2] / "build" / "bench" / "console"
RESULT = Path(__file__).resolve().parents[1] / "results" / "console.json"
ALL, ONE = "all regions", "one region"


def main(words: Sequence[str] | None = None) -> int:
    """Measure, print the table and write it down; 1 where a bar was missed or anything failed."""
    asked = _options(words)
    folder = asked.cache / asked.database
    shutil.rmtree(folder, ignore_errors=True)
    made = made_up(asked.cache / "homes", asked.entities, asked.listed)
    with site(asked.database, made.home, folder) as console:
        facts = _measure(asked, made, console)
    shutil.rmtree(folder)
    _write(asked.result, asked.database, facts)
    return _judge(facts)


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.console", description=__doc__)
    parser.add_argument("--database", choices=(SQLITE, POSTGRESQL), required=True)
    parser.add_argument("--entities", type=int, default=1_000_000, help="on the list each day")
    parser.add_argument("--listed", type=int, default=20_000, help="of them within capacity, with reasons")
    parser.add_argument("--cases", type=int, default=10_000, help="entities of whom something was decided")
    parser.add_argument("--days", type=int, default=60, help="published days before, as far as medians and trends remember them")
    parser.add_argument("--requests", type=int, default=200, help="questions of each kind of page; 0 for none")
    parser.add_argument("--at-once", type=int, default=2, help="people who ask for the kinds of page at once")
    parser.add_argument("--workers", type=int, default=2, help="processes that serve")
    parser.add_argument("--users", type=int, default=0, help="people who work at once while a day is published")
    parser.add_argument("--minutes", type=float, default=5, help="for how long")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where made-up homes and the console's files are kept")
    parser.add_argument("--result", type=Path, default=RESULT, help="the file that the figures are written to")
    return parser.parse_args(words)


def _measure(asked: argparse.Namespace, made: MadeUp, console: Site) -> dict[str, Any]:
    """All that is asked for, in order."""
    from benchmarks.console.history import make_history
    from benchmarks.console.people import known, make_cases, make_people

    first, second, third = DAYS
    filled, published = console.publish(first), console.publish(second)
    print(f"published to an empty console in {filled.wall_seconds:.1f} s; a new day in {published.wall_seconds:.1f} s "
          f"({published.cpu_seconds:.1f} of a processor, {published.peak_mib:,.0f} MiB)", flush=True)  # fmt: skip
    os.environ |= console.environment
    from console.publishing.open_site import open_site

    open_site(made.home, "")
    people = make_people(max(2 * asked.at_once, asked.users))
    make_cases(min(asked.cases, made.listed // 2), people)
    make_history(second, people, asked.days)
    what = known(random.Random(0))
    _close()
    facts: dict[str, Any] = {
        "machine": machine_facts(),
        "entities": made.entities,
        "listed": made.listed,
        "workers": asked.workers,
        "at_once": asked.at_once,
        "fill_seconds": round(filled.wall_seconds, 1),
        "publish": {"seconds": round(published.wall_seconds, 1), "cpu_seconds": round(published.cpu_seconds, 1),
                    "peak_mib": round(published.peak_mib)},
    }  # fmt: skip
    with console.serving(asked.workers) as served:
        if asked.requests:
            everywhere, somewhere = people[0 : 2 * asked.at_once : 2], people[1 : 2 * asked.at_once : 2]
            facts["pages"] = [
                *by_kind(ask_kinds(served, everywhere, what, asked.requests), ALL),
                *by_kind(ask_kinds(served, somewhere, what, asked.requests, FOR_EVERYBODY, seed=1), ONE),
            ]
            print(render(facts["pages"]), flush=True)
        if asked.users:
            met = crowd(served.address, console, people[: asked.users], what, made.orders, day=third, seconds=asked.minutes * 60)
            facts["crowd"] = _tell(met, asked.users, asked.minutes)
            print(json.dumps(facts["crowd"], indent=1, ensure_ascii=False), flush=True)
    facts["audit"] = _audit()
    return facts


def _tell(met: Crowd, users: int, minutes: float) -> dict[str, Any]:
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
    """Events that the audit holds when all is over, and where its chain breaks."""
    from console.apps.audit import spool
    from console.apps.audit.chain import find_breaks, read_head

    spool.flush()
    found = {"events": read_head().number, "breaks": len(list(find_breaks()))}
    _close()
    return found


def _close() -> None:
    from django.db import connections

    connections.close_all()


def _write(path: Path, database: str, facts: dict[str, Any]) -> None:
    """Put the figures beside those of the other database."""
    there = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**there, database: facts}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _judge(facts: dict[str, Any]) -> int:
    """Say which bars were missed."""
    missed = [f"{row['kind']} ({row['who']}): p95 {row['p95']:.0f} ms" for row in facts.get("pages", []) if row["p95"] >= BAR_MS]
    missed += [f"{row['kind']} ({row['who']}): {row['failed']} failed" for row in facts.get("pages", []) if row["failed"]]
    if facts["publish"]["seconds"] > PUBLISH_BAR_SECONDS:
        missed.append(f"publishing took {facts['publish']['seconds']} s")
    unseen = {str(day) for day in DAYS[-2:]} - set(facts["crowd"]["lists_by_day"] if "crowd" in facts else map(str, DAYS))
    missed += [f"none of those at once saw a list of {day}" for day in sorted(unseen)]
    if facts.get("crowd", {}).get("faults"):
        missed.append(f"{facts['crowd']['faults']} faults with {facts['crowd']['users']} people at once")
    if facts["audit"]["breaks"]:
        missed.append(f"the audit's chain breaks at {facts['audit']['breaks']} places")
    print("\n".join(["missed:", *missed] if missed else ["every bar is met"]), flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
