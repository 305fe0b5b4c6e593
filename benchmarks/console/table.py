"""What the answers come to: percentiles of each kind of page, as figures and as a table.

The console's part of the page of benchmarks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from benchmarks.console.load import Asked

BAR_MS = 150
"""Milliseconds that 95 of 100 pages of a kind may take."""
PUBLISH_BAR_SECONDS = 90
"""Seconds that publishing a new day may take on two processors."""


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """The 50th, 95th and 99th percentile and the longest, in milliseconds."""
    ms = np.asarray(seconds) * 1000
    return {name: round(float(np.percentile(ms, at)), 1) for name, at in (("p50", 50), ("p95", 95), ("p99", 99), ("max", 100))}


def by_kind(asked: Iterable[Asked], who: str) -> list[dict[str, Any]]:
    """Of each kind how many were asked for, how many failed, and how long they took, with the longest question's address."""
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
        for one in asked
    ]


def render(rows: Iterable[dict[str, Any]]) -> str:
    """The table, as Markdown; times are milliseconds, the last is what a page took of the console's processors."""
    heads = ("kind of page", "who sees", "asked", "failed", "p50", "p95", "p99", "max", "processor")
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * (len(heads) - 2)]
    for row in rows:
        times = [f"{row[name]:,.0f}" for name in ("p50", "p95", "p99", "max", "cpu")]
        lines.append(f"| {row['kind']} | {row['who']} | {row['asked']} | {row['failed']} | {' | '.join(times)} |")
    return "\n".join(lines)


NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
ABOUT = f"""
## The console at a million entities

`python -m benchmarks.console --database sqlite` or `postgresql` makes up three days, publishes the first to an empty console and
the second into it, serves it as `steelyard serve` does, with the audit on, and asks for each kind of page. The bars: {BAR_MS} ms
for 95 of 100 pages of each kind, {PUBLISH_BAR_SECONDS} s for publishing a new day on two processors. With `--users 40` so many work
at once, and the third day is published meanwhile; each page of the list is held against who stands where on the day it shows.
Who asks runs on the same processors. Times are milliseconds, from asking to the last byte; the last column is what a page took of
the console's processors, without a database server.
"""


def render_console(results: dict[str, dict[str, Any]]) -> str:
    """The section, as Markdown.

    Args:
        results: what was measured, by database.
    """
    return "\n".join([ABOUT, *(_database(NAMES[name], facts) for name, facts in sorted(results.items(), reverse=True))])


def _database(name: str, facts: dict[str, Any]) -> str:
    machine, published = facts["machine"], facts["publish"]
    parts = [
        f"### {name}\n",
        f"{facts['entities']:,} entities, {facts['listed']:,} of them listed; {facts['workers']} workers, {facts['at_once']} who "
        f"ask at once; {machine['processor']}, {machine['cores']} processors; revision `{machine['revision']}`. When it began, "
        f"{machine['load']} processes wanted to run on the machine.\n",
        f"Publishing to an empty console took {facts['fill_seconds']:,.1f} s, a new day {published['seconds']:,.1f} s "
        f"({published['cpu_seconds']:,.1f} of a processor, {published['peak_mib']:,} MiB). The audit holds "
        f"{facts['audit']['events']:,} events after all that, and its chain breaks at {facts['audit']['breaks']} places.\n",
    ]
    if facts.get("pages"):
        parts.append(render(facts["pages"]) + "\n")
    if facts.get("crowd"):
        parts.append(_crowd(facts["crowd"]))
    return "\n".join(parts)


def _crowd(crowd: dict[str, Any]) -> str:
    days = ", ".join(f"{number:,} of {day}" for day, number in crowd["lists_by_day"].items())
    return (
        f"{crowd['users']} people at once for {crowd['minutes']:g} minutes asked for {crowd['asked']:,} pages; "
        f"{crowd['faults']} were wrong. Lists shown: {days}. Publishing meanwhile took {crowd['publish_seconds']:,.1f} s. Half the "
        f"pages came within {crowd['p50']:,.0f} ms, 95 of 100 within {crowd['p95']:,.0f}, 99 within {crowd['p99']:,.0f}.\n"
    )
