"""Tests of one sequence in one process, so that it is done undisturbed once: not every pytest hands marks of groups on.

With every kill the two days have more to do than all other sequences together, so they are dealt out part by part, after the
others in the order of collection that ``make test-crash`` asks for: each process does them undisturbed, once, and all end together.
"""

from __future__ import annotations

import re

from xdist.scheduler import LoadScopeScheduling

from tests.crash.care import CARE
from tests.crash.sequences import RUNS

NAMES = tuple(sequence.name for sequence in (*RUNS, *CARE))
IN_PARTS = ("first-day", "second-day")
_PART = re.compile(r"\[(\d+)-")


class BySequence(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out sequences rather than tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


class ByPart(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out sequences, and the days by part."""

    def _split_scope(self, nodeid: str) -> str:
        return part_of(nodeid)


def group_of(nodeid: str) -> str:
    """The sequence whose name ends a test's parameters, ``…[3-first-day]``; the test itself when there is none."""
    return next((name for name in NAMES if nodeid.endswith((f"[{name}]", f"-{name}]"))), nodeid)


def part_of(nodeid: str) -> str:
    """The same; of a day, with the number of the test's part."""
    name, part = group_of(nodeid), _PART.search(nodeid)
    return f"{name} {part[1]}" if name in IN_PARTS and part else name
