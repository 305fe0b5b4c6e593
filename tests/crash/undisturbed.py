"""Work that nobody disturbed, and the home as it stood at each point of it."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tests.crash.contents import Contents, differing, disk_state, finished_day
from tests.crash.forks import Forks
from tests.crash.sequences import Sequence
from tests.crash.steps import Part, Words, parts_of

_SETTLED = "after:manifests/sources/"


@dataclass
class Undisturbed:
    """A sequence's command, given once.

    Attributes:
        sources: the deliveries.
        before: the home before the command; there is no such folder when the command makes it.
        home: the home after it.
        copies: the home at each point, in folders of the points' numbers.
        points: the points in the order in which they were passed.
        seconds: how long the command took.
    """

    sequence: Sequence
    sources: Path
    before: Path
    home: Path
    copies: Path
    points: list[str]
    seconds: float
    _done: dict[int, Contents] = field(default_factory=dict)

    @cached_property
    def contents(self) -> Contents:
        """What the command left."""
        return self.sequence.compared(self.home)

    def differing(self, home: Path) -> list[str]:
        """What a home holds that the command, undisturbed, does not leave, or leaves otherwise."""
        return differing(self.sequence.compared(home), self.contents)

    @cached_property
    def finished(self) -> Contents:
        """What readers of the day before see; nothing when there was none."""
        return finished_day(self.before, self.sequence.finished) if self.sequence.finished else {}

    def differing_finished(self, home: Path) -> list[str]:
        """What readers of the day before would see otherwise in a home: nothing, whatever was killed since."""
        return differing(finished_day(home, self.sequence.finished), self.finished) if self.sequence.finished else []

    @cached_property
    def distinct(self) -> list[int]:
        """The numbers of points that differ in what they leave on the disk, the last of each run of equals."""
        states = [disk_state(self.copies / str(number)) for number in range(len(self.points))]
        return [number for number, state in enumerate(states) if states[number + 1 : number + 2] != [state]]

    def command(self, home: Path) -> Words:
        """The command, for a home."""
        return self.sequence.command(home, self.sources)

    def copy_at(self, number: int, to: Path) -> Path:
        """The home as a run that is killed at a point leaves it."""
        return Path(shutil.copytree(self.copies / str(number), to))

    def copy_start(self, to: Path, start: Path | None = None) -> Path:
        """The home before the command, or at another ``start`` of it; ``to`` stays away where there was none."""
        start = start or self.before
        if start.is_dir():
            shutil.copytree(start, to)
        return to

    def step_at(self, number: int, home: Path) -> Part:
        """The step that passes a point, to be given for a home; the command where that is one step."""
        if self.sequence.steps is None:
            return Part(self.command(home), 0, len(self.points))
        return next(part for part in parts_of(self.points, self.sequence.steps(home, self.sources)) if number < part.end)

    def whole_at(self, number: int, home: Path) -> Part:
        """The command, to be given for a home that has all sources which were settled before a point."""
        settled = [at for at in range(number) if self.points[at].startswith(_SETTLED)]
        return Part(self.command(home), settled[-1] + 1 if settled else 0, len(self.points))

    def copy_before(self, number: int, part: Part, to: Path) -> str:
        """The home where a part begins that is to die at a point.

        Returns:
            The point and how often the part passes it until then: ``after:gold.features#2``.
        """
        self.copy_start(to, self.copies / str(part.first - 1) if part.first else None)
        passed = self.points[part.first : number + 1]
        return f"{passed[-1]}#{passed.count(passed[-1])}"

    def done(self, part: Part) -> Contents:
        """What the home held when a part was done."""
        if part.end == len(self.points):
            return self.contents
        if part.end not in self._done:
            self._done[part.end] = self.sequence.compared(self.copies / str(part.end - 1))
        return self._done[part.end]


def do_undisturbed(sequence: Sequence, forks: Forks, folder: Path) -> Undisturbed:
    """Do a sequence in ``folder``, recording its command."""
    sources, before, home, copies = (folder / name for name in ("sources", "before", "home", "copies"))
    sequence.deliver(sources)
    sequence.prepare(forks, home, sources)
    if home.is_dir():
        shutil.copytree(home, before)
    copies.mkdir()
    began = time.monotonic()
    assert forks.run(sequence.command(home, sources), record=(home, copies), ends=sequence.ends) == 0, forks.said()
    seconds = time.monotonic() - began
    points = json.loads((copies / "points.json").read_text())
    return Undisturbed(sequence, sources, before, home, copies, points, seconds)
