"""Percentiles by kind of page, and the page's section on the console."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.console.load import KindAnswers

PAGE_LIMIT_MS = 150
"""Limit of the 95th percentile for each kind of page."""
PUBLISH_LIMIT_SECONDS = 90
"""Limit for publishing a new day on two processors."""


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """The 50th, 95th and 99th percentile and the maximum, in milliseconds."""
    ms = np.asarray(seconds) * 1000
    return {name: round(float(np.percentile(ms, at)), 1) for name, at in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))}


def by_kind(results: Iterable[KindAnswers], who: str) -> list[dict[str, Any]]:
    """The numbers of requests and failures, the percentiles, and the slowest path, for each kind."""
    return [
        {
            "kind": one.kind,
            "who": who,
            "asked": len(one.answers),
            "failed": sum(answer.status != 200 for answer in one.answers),
            **percentiles([answer.seconds for answer in one.answers]),
            "cpu": round(one.cpu_seconds * 1000, 1),
            "longest": max(one.answers, key=lambda answer: answer.seconds).path,
        }
        for one in results
    ]


def render(rows: Iterable[dict[str, Any]]) -> str:
    """Render a Markdown table. Times are in milliseconds; the last column is the processor time of the console."""
    heads = ("kind of page", "user sees", "requests", "failed", "p50", "p95", "p99", "max", "CPU")
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * (len(heads) - 2)]
    for row in rows:
        times = [f"{row[name]:,.0f}" for name in ("p50", "p95", "p99", "max", "cpu")]
        lines.append(f"| {row['kind']} | {row['who']} | {row['asked']} | {row['failed']} | {' | '.join(times)} |")
    return "\n".join(lines)


NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
ABOUT = f"""
## The console at a million entities

`python -m benchmarks.console --database sqlite` or `postgresql` generates three days, publishes the first to an empty console and
the second after it, serves the console as `steelyard serve` does, with the audit on, and requests each kind of page. The limits
are {PAGE_LIMIT_MS} ms for the 95th percentile of each kind, and {PUBLISH_LIMIT_SECONDS} s for publishing a new day on two
processors. With `--users 40`, 40 users work at once while the third day is published, and each page of the list is compared with
the order of the day it shows. The clients run on the same processors. Times are milliseconds to the last byte; the last column is
the processor time of the console per page, without a database server.
"""


def render_console(results: dict[str, dict[str, Any]]) -> str:
    """Render the section as Markdown from the results by database."""
    return "\n".join([ABOUT, *(_database(NAMES[name], facts) for name, facts in sorted(results.items(), reverse=True))])


def _database(name: str, facts: dict[str, Any]) -> str:
    machine, published = facts["machine"], facts["publish"]
    parts = [
        f"### {name}\n",
        f"{facts['entities']:,} entities, {facts['listed']:,} of them listed; {facts['workers']} workers, {facts['at_once']} "
        f"clients at once; {machine['processor']}, {machine['cores']} processors; revision `{machine['revision']}`. Load average "
        f"at the start: {machine['load']}.\n",
        f"Publishing to an empty console took {facts['fill_seconds']:,.1f} s, a new day {published['seconds']:,.1f} s "
        f"({published['cpu_seconds']:,.1f} CPU seconds, {published['peak_mib']:,} MiB). Afterwards the audit has "
        f"{facts['audit']['events']:,} events and {facts['audit']['breaks']} breaks in its hash chain.\n",
    ]
    if facts.get("pages"):
        parts.append(render(facts["pages"]) + "\n")
    if facts.get("crowd"):
        parts.append(_crowd(facts["crowd"]))
    return "\n".join(parts)


def _crowd(crowd: dict[str, Any]) -> str:
    days = ", ".join(f"{number:,} of {day}" for day, number in crowd["lists_by_day"].items())
    return (
        f"{crowd['users']} users at once for {crowd['minutes']:g} minutes requested {crowd['asked']:,} pages; "
        f"{crowd['faults']} were wrong. Lists shown: {days}. Publishing meanwhile took {crowd['publish_seconds']:,.1f} s. The "
        f"50th, 95th and 99th percentiles were {crowd['p50']:,.0f}, {crowd['p95']:,.0f} and {crowd['p99']:,.0f} ms.\n"
    )
