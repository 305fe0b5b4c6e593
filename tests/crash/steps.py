"""The steps of a day, each a command of its own, and where each ends among the points that the whole day passes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from jobs.profile.mapping import load_mappings
from jobs.sources.sources_of_day import in_order

Words = list[object]


@dataclass(frozen=True)
class Step:
    """A step of a command.

    Attributes:
        words: what does it alone.
        last: the last point that it passes.
        times: how often it passes that point.
    """

    words: Words
    last: str
    times: int = 1


@dataclass(frozen=True)
class Part:
    """The points of a step: from number ``first`` on, before number ``end``."""

    words: Words
    first: int
    end: int


def steps_of_day(profile: Path, home: Path, sources: Path, as_of: date, whole: Words) -> list[Step]:
    """The steps of a day. The last, the page, is done by the ``whole`` day: ``export`` takes no other's drafts away."""
    given: Words = ["--profile", profile, "--home", home, "--as-of", as_of]
    steps = []
    for mapping in in_order(load_mappings(profile)):
        of_source = [*given, "--source", mapping.name, "--sources", sources]
        steps += [
            # What is unfinished is noted, and the note taken back.
            Step(["ingest", *of_source], f"after:manifests/unfinished/{mapping.name}/ingest", 2),
            Step(["gate", *of_source], f"after:manifests/unfinished/{mapping.name}/gate", 2),
            Step(["conform", *of_source], f"after:manifests/sources/{mapping.name}"),
        ]
    return [
        *steps,
        # The note of an earlier build is forgotten, and one of this written.
        Step(["link", *given], "after:manifests/links", 2),
        Step(["features", *given], "after:manifests/features", 2),
        Step(["train", *given, "--if-due"], "after:models/in_use"),
        Step(["score", *given], "after:manifests/scores", 2),
        Step(["target", *given], "after:manifests/runs"),
        Step(whole, "after:reports/risk_list"),
    ]


def parts_of(points: list[str], steps: list[Step]) -> list[Part]:
    """Where each step is among the points.

    Raises:
        ValueError: when a step does not end among them, or points are left over.
    """
    parts, first = [], 0
    for step in steps:
        passed: Counter[str] = Counter()
        for number in range(first, len(points)):
            passed[points[number]] += 1
            if passed[step.last] == step.times:
                parts.append(Part(step.words, first, number + 1))
                break
        else:
            raise ValueError(f"{step.words[0]} does not end at {step.last}, {step.times} times, after point {first}")
        first = parts[-1].end
    if first != len(points):
        raise ValueError(f"no step passes {points[first:]}")
    return parts
