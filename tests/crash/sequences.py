"""Work to be killed in: the first day ever, a second after new deliveries and a mended one, and the training of a model."""

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

from jobs.run_day import in_order
from jobs.runtime.mapping import load_mappings
from jobs.runtime.settings import CONFIG_ROOT
from simulation.generate import generate_world
from tests.crash.contents import Contents, contents
from tests.crash.forks import Forks
from tests.day.town import PROFILE, SOURCES, TODAY, YESTERDAY

Words = list[object]
SOURCE_NAMES = tuple(mapping.name for mapping in in_order(load_mappings(PROFILE)))
_MENDED = Path("returns", "2026-06-20", "2026-05.csv")
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
    """

    name: str
    deliver: Callable[[Path], None]
    prepare: Callable[[Forks, Path, Path], None]
    command: Callable[[Path, Path], Words]
    finished: date | None = None
    compared: Callable[[Path], Contents] = contents


def as_params(sequences: Iterable[Sequence]) -> list[ParameterSet]:
    """The sequences for a test, each kept to one process, which does it undisturbed once."""
    return [pytest.param(sequence, id=sequence.name, marks=pytest.mark.xdist_group(sequence.name)) for sequence in sequences]


def deliver_town(sources: Path) -> None:
    """The town's deliveries, three records of which are bad."""
    shutil.copytree(SOURCES, sources)
    with (sources / _MENDED).open("a", encoding="utf-8") as file:
        file.write(_BAD)


def mend_and_add(sources: Path) -> None:
    """The bad records put right, another's figure corrected, and a bad record in a delivery of today."""
    mended = (SOURCES / _MENDED).read_text(encoding="utf-8").splitlines()
    fields = mended[1].split(";")
    mended[1] = ";".join([*fields[:3], str(int(fields[3]) + 1000), *fields[4:]])
    (sources / _MENDED).write_text("\n".join(mended) + "\n", encoding="utf-8")
    with (sources / "complaints" / TODAY.isoformat() / "day.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps({"no": "C19", "on": "some day"}) + "\n")


def run(home: Path, sources: Path, as_of: date, profile: str | Path = PROFILE) -> Words:
    """The command that does a whole day."""
    return ["run", "--profile", profile, "--sources", sources, "--home", home, "--as-of", as_of, "--top", 0]


def settle_until(last: str, home: Path, sources: Path, as_of: date) -> list[Words]:
    """The commands that do a day's sources, up to ``last`` in the order of the day."""
    return [
        [step, "--profile", PROFILE, "--source", name, "--sources", sources, "--home", home, "--as-of", as_of]
        for name in SOURCE_NAMES[: SOURCE_NAMES.index(last) + 1]
        for step in ("ingest", "gate", "conform")
    ]


def _nothing(_forks: Forks, _home: Path, _sources: Path) -> None:
    """The home is not there yet."""


def _yesterday(forks: Forks, home: Path, sources: Path) -> None:
    assert forks.run(run(home, sources, YESTERDAY)) == 0, forks.said()
    mend_and_add(sources)


def _deliver_world(sources: Path) -> None:
    """A small world, and beside it a profile that is content with the few visits of one."""
    generate_world(entities=500, months=15, seed=3, out=sources.parent / "world", as_of=TODAY)
    (sources.parent / "world" / "sources").rename(sources)
    shutil.copytree(CONFIG_ROOT / "cn", _profile(sources))
    path = _profile(sources) / "profile.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(minimum_(labels|positives)) = \d+", r"\1 = 5", text), encoding="utf-8")


def _profile(sources: Path) -> Path:
    return sources.parent / "profile"


def _day_without_model(forks: Forks, home: Path, sources: Path) -> None:
    assert forks.run(run(home, sources, TODAY, _profile(sources))) == 0, forks.said()
    assert list(home.glob("models/*/violation.lightgbm.txt")), "too few visits to learn from"
    shutil.rmtree(home / "models")


def _train(home: Path, sources: Path) -> Words:
    return ["train", "--profile", _profile(sources), "--home", home, "--as-of", TODAY]


RUNS = (
    Sequence("first-day", deliver_town, _nothing, lambda home, sources: run(home, sources, YESTERDAY)),
    Sequence("second-day", deliver_town, _yesterday, lambda home, sources: run(home, sources, TODAY), finished=YESTERDAY),
    Sequence("training", _deliver_world, _day_without_model, _train),
)
