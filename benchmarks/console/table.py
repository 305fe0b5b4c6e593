"""What the answers come to: percentiles of each kind of page, as figures and as a table."""

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
