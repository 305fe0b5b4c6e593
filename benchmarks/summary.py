"""Figures that results come to: medians over rounds, ratios, growth over sizes, shares of stages."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.harness.machine import origin_of


@dataclass(frozen=True)
class Figure:
    """A step at one size, medians over rounds.

    Attributes:
        rounds: how often it was measured.
        spread: the longest wall time over the shortest.
        rows_per_second: rows that the step works over, each second of wall time.
        stages: seconds of each stage, in the order they came.
        measured: on which kinds of processor and on which days; figures of which this differs say nothing of each other.
        listed: how many its list holds; None of a step that makes none.
    """

    step: str
    entities: int
    rounds: int
    rows: int
    wall_seconds: float
    cpu_seconds: float
    peak_mib: float
    spread: float
    stages: dict[str, float]
    measured: frozenset[tuple[str | None, str | None]]
    listed: int | None = None

    @property
    def rows_per_second(self) -> float:
        return self.rows / self.wall_seconds


@dataclass(frozen=True)
class Summary:
    """A result's figures by step and size, and what was left out."""

    figures: dict[tuple[str, int], Figure]
    left_out: list[tuple[str, int, str]]

    @property
    def sizes(self) -> list[int]:
        """Numbers of entities, ascending."""
        return sorted({entities for _, entities in self.figures})

    def of(self, step: str) -> list[Figure]:
        """A step's figures, by size."""
        return [self.figures[step, entities] for entities in self.sizes if (step, entities) in self.figures]

    def ratio(self, step: str, to: str, entities: int, attribute: str) -> float | None:
        """How many times another step's figure a step's is, such as ``cpu_seconds``.

        None when one was not measured, or on another day or kind of processor than the other.
        """
        one, other = self.figures.get((step, entities)), self.figures.get((to, entities))
        if one is None or other is None or one.measured != other.measured:
            return None
        return float(getattr(one, attribute) / getattr(other, attribute))

    def growth(self, step: str, attribute: str) -> float | None:
        """The exponent with which a step's figure grows with entities, by least squares of logarithms; None of one size.

        Of the sizes that were measured on the day and the kind of processor of the largest.
        """
        figures = self.of(step)
        alike = [figure for figure in figures if figure.measured == figures[-1].measured]
        if len(alike) < 2:
            return None
        points = [(math.log(figure.entities), math.log(getattr(figure, attribute))) for figure in alike]
        x_mean, y_mean = (sum(values) / len(points) for values in zip(*points, strict=True))
        return sum((x - x_mean) * (y - y_mean) for x, y in points) / sum((x - x_mean) ** 2 for x, _ in points)


def summarise(results: dict[str, Any]) -> Summary:
    """The figures of a results file."""
    by_step: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    left_out = []
    for found in results["measurements"]:
        if "left_out" in found:
            left_out.append((found["step"], found["entities"], found["left_out"]))
        else:
            by_step[found["step"], found["entities"]].append(found)
    figures = {key: _figure(*key, rounds) for key, rounds in by_step.items()}
    return Summary(figures, sorted(set(left_out)))


def _figure(step: str, entities: int, rounds: list[dict[str, Any]]) -> Figure:
    walls = [found["wall_seconds"] for found in rounds]
    stages: dict[str, list[float]] = {}
    for found in rounds:
        for name, seconds in _stages(found["stages"]).items():
            stages.setdefault(name, []).append(seconds)
    return Figure(
        step=step,
        entities=entities,
        rounds=len(rounds),
        rows=rounds[0]["rows"],
        wall_seconds=median(walls),
        cpu_seconds=median(found["cpu_seconds"] for found in rounds),
        peak_mib=median(found["peak_mib"] for found in rounds),
        spread=max(walls) / min(walls),
        stages={name: median(seconds) for name, seconds in stages.items()},
        measured=frozenset((origin["processor"], origin["measured_on"]) for origin in map(origin_of, rounds)),
        listed=next((stage["listed"] for found in rounds for stage in found["stages"] if "listed" in stage), None),
    )


def _stages(told: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds by stage; a stage that every source goes through is added up."""
    seconds: dict[str, float] = defaultdict(float)
    for stage in told:
        seconds[stage["stage"]] += stage["seconds"]
    return dict(seconds)
