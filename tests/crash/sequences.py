"""Work to be killed in: the first day ever, a second after new deliveries and a corrected one, and the training of a model."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.crash.contents import Contents, contents
from tests.crash.forks import Forks
from tests.crash.steps import Step, Words, steps_of_day
from tests.day.town import PROFILE, SOURCES, TODAY, YESTERDAY

_CORRECTED = Path("returns", "2026-06-20", "2026-05.csv")
# One that cannot be read, one whose month is none, one that owes less than nothing: too few to stop the delivery.
_BAD = "S01;2026-05\nS02;yesterday;2026-06-10;1;1;1;1;1;0;1;0;1\nS03;2026-04;2026-06-10;1;1;1;-5;1;0;1;0;1\n"


@dataclass(frozen=True)
class Sequence:
    """A command to be killed in, and what comes before it.

    Attributes:
        name: of the sequence.
        deliver: makes the folder of deliveries.
        prepare: does in a home what comes before the command.
        command: the words of the command, given home and deliveries.
        finished: a day that was finished before, None when there is none.
        compared: what of a home must be as it is undisturbed.
        steps: the command's steps, given home and deliveries; None when it is one.
        ends: the exit codes that the command may end with, undisturbed or given again.
        is_quick: whether it is among those that are tried before every change.
    """

    name: str
    deliver: Callable[[Path], None]
    prepare: Callable[[Forks, Path, Path], None]
    command: Callable[[Path, Path], Words]
    finished: date | None = None
    compared: Callable[[Path], Contents] = contents
    steps: Callable[[Path, Path], list[Step]] | None = None
    ends: tuple[int, ...] = (0,)
    is_quick: bool = True


def as_params(sequences: Iterable[Sequence]) -> list[ParameterSet]:
    """The sequences for a test, whose id ends with the sequence's name."""
    return [pytest.param(sequence, id=sequence.name) for sequence in sequences]


def deliver_town(sources: Path) -> None:
    """The town's deliveries; three of their records are bad."""
    shutil.copytree(SOURCES, sources)
    with (sources / _CORRECTED).open("a", encoding="utf-8") as file:
        file.write(_BAD)


def correct_and_add(sources: Path) -> None:
    """The bad records put right, another's figure corrected, and a bad record in a delivery of today."""
    lines = (SOURCES / _CORRECTED).read_text(encoding="utf-8").splitlines()
    fields = lines[1].split(";")
    lines[1] = ";".join([*fields[:3], str(int(fields[3]) + 1000), *fields[4:]])
    (sources / _CORRECTED).write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (sources / "complaints" / TODAY.isoformat() / "day.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"no": "C19", "on": "some day"}) + "\n")


def run(home: Path, sources: Path, as_of: date, profile: str | Path = PROFILE) -> Words:
    """The command that does a whole day."""
    return ["run", "--profile", profile, "--sources", sources, "--home", home, "--as-of", as_of, "--top", 0]


def _nothing(_forks: Forks, _home: Path, _sources: Path) -> None:
    """The home is not there yet."""


def _yesterday(forks: Forks, home: Path, sources: Path) -> None:
    assert forks.run(run(home, sources, YESTERDAY)) == 0, forks.said()
    correct_and_add(sources)


def _deliver_visits(sources: Path) -> None:
    """The town's deliveries, and beside them a profile that learns from its few visits."""
    shutil.copytree(SOURCES, sources)
    shutil.copytree(PROFILE, _profile(sources))
    path = _profile(sources) / "profile.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(minimum_(labels|positives)) = \d+", r"\1 = 1", text), encoding="utf-8")


def _profile(sources: Path) -> Path:
    return sources.parent / "profile"


def _day_without_model(forks: Forks, home: Path, sources: Path) -> None:
    assert forks.run(run(home, sources, TODAY, _profile(sources))) == 0, forks.said()
    (card,) = home.glob("models/*/model.json")
    assert "learnt" in json.loads(card.read_text(encoding="utf-8")), "too few visits to learn from"
    shutil.rmtree(home / "models")


def _train(home: Path, sources: Path) -> Words:
    return ["train", "--profile", _profile(sources), "--home", home, "--as-of", TODAY]


def _day(name: str, as_of: date, prepare: Callable[[Forks, Path, Path], None], finished: date | None = None) -> Sequence:
    """The town's day."""

    def whole(home: Path, sources: Path) -> Words:
        return run(home, sources, as_of)

    def steps(home: Path, sources: Path) -> list[Step]:
        return steps_of_day(PROFILE, home, sources, as_of, whole(home, sources))

    return Sequence(name, deliver_town, prepare, whole, finished, steps=steps)


RUNS = (
    _day("first-day", YESTERDAY, _nothing),
    _day("second-day", TODAY, _yesterday, finished=YESTERDAY),
    Sequence("training", _deliver_visits, _day_without_model, _train),
)
