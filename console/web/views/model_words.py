"""What is told of a run's model: how good it was on visits it had not seen, what weighs most, how far the day has moved."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.apps.ranking.models import PublishedRun
from console.web.queries.indicator_names import indicator_name

METRICS = ("auc", "average_precision", "precision", "recall", "lift", "brier")
MOST = 15
NONE, SOME = 0.1, 0.25
"""Bounds of the population stability index: below the first none to speak of, from the second on one to look into."""
_WEIGHT = re.compile(r"^\| (\w+) \| [\w ]+ \| ([\d.e-]+) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Moved:
    """How far something has moved: its name, the index, and whether that is none, some or much."""

    name: str
    index: float
    how: str
    unknown: float | None = None
    unknown_then: float | None = None


def held_out(run: PublishedRun) -> list[tuple[str, list[float | None]]]:
    """For the model and what it is held against, each of :data:`METRICS`."""
    said: Mapping[str, Mapping[str, Any]] = run.model.get("held_out_metrics") or {}
    return [(name.replace(" ", "_"), [values.get(metric) for metric in METRICS]) for name, values in said.items()]


def weights(run: PublishedRun, language: str) -> list[tuple[str, float]]:
    """The indicators that weigh most, by the card's table, with their mean absolute contribution in log-odds."""
    rows = [(column, float(weight)) for column, weight in _WEIGHT.findall(run.model_card)]
    return [(indicator_name(column, language), weight) for column, weight in rows[:MOST]]


def moved(run: PublishedRun, language: str) -> list[Moved]:
    """The indicators that have moved furthest."""
    return [
        Moved(indicator_name(one["indicator"], language), one["index"], how(one["index"]), one["unknown"], one["unknown_then"])
        for one in run.drift.get("indicators", [])[:MOST]
    ]


def how(index: float) -> str:
    """An index in a word."""
    return "none" if index < NONE else "some" if index < SOME else "much"
