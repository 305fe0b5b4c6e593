"""Summarise results: medians over rounds, ratios, growth with size, seconds by stage."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import linear_regression, median
from typing import Any

from benchmarks.harness.machine import origin_of


@dataclass(frozen=True)
class Figure:
    """Medians over the rounds of a step at one size.

    Attributes:
        rounds: number of measurements.
        spread: longest ÷ shortest wall time.
        stages: seconds by stage, in order.
        measured: processors and days of the measurements. Figures can be compared only if these are equal.
        listed: number of listed entities; None for a step without a list.
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
        """Rows that the step processes per second of wall time."""
        return self.rows / self.wall_seconds


@dataclass(frozen=True)
class Summary:
    """Figures by step and size, and the steps left out with their reasons."""

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
        """An attribute of ``step``, such as ``cpu_seconds``, divided by that of ``to``.

        None if one was not measured, or not on the same days and processors.
        """
        one, other = self.figures.get((step, entities)), self.figures.get((to, entities))
        if one is None or other is None or one.measured != other.measured:
            return None
        return float(getattr(one, attribute) / getattr(other, attribute))

    def growth(self, step: str, attribute: str) -> float | None:
        """The exponent of growth with the number of entities, by least squares of logarithms.

        Uses the sizes measured on the same days and processors as the largest; None if it is the only one.
        """
        figures = self.of(step)
        alike = [figure for figure in figures if figure.measured == figures[-1].measured]
        if len(alike) < 2:
            return None
        sizes, values = zip(*((math.log(figure.entities), math.log(getattr(figure, attribute))) for figure in alike), strict=True)
        return linear_regression(sizes, values).slope


def summarise(results: dict[str, Any]) -> Summary:
    """Summarise the content of a results file."""
    by_step: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    left_out = []
    for one in results["measurements"]:
        if "left_out" in one:
            left_out.append((one["step"], one["entities"], one["left_out"]))
        else:
            by_step[one["step"], one["entities"]].append(one)
    figures = {key: _figure(*key, rounds) for key, rounds in by_step.items()}
    return Summary(figures, sorted(set(left_out)))


def _figure(step: str, entities: int, rounds: list[dict[str, Any]]) -> Figure:
    walls = [one["wall_seconds"] for one in rounds]
    stages: dict[str, list[float]] = defaultdict(list)
    for one in rounds:
        for name, seconds in _stages(one["stages"]).items():
            stages[name].append(seconds)
    return Figure(
        step=step,
        entities=entities,
        rounds=len(rounds),
        rows=rounds[0]["rows"],
        wall_seconds=median(walls),
        cpu_seconds=median(one["cpu_seconds"] for one in rounds),
        peak_mib=median(one["peak_mib"] for one in rounds),
        spread=max(walls) / min(walls),
        stages={name: median(seconds) for name, seconds in stages.items()},
        measured=frozenset((origin["processor"], origin["measured_on"]) for origin in map(origin_of, rounds)),
        listed=next((stage["listed"] for one in rounds for stage in one["stages"] if "listed" in stage), None),
    )


def _stages(stages: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds by stage, summed over sources."""
    seconds: dict[str, float] = defaultdict(float)
    for stage in stages:
        seconds[stage["stage"]] += stage["seconds"]
    return seconds
