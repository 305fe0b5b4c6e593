"""Tests of one sequence in one process, so that it is done undisturbed once: not every pytest hands marks of groups on."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from tests.crash.care import CARE
from tests.crash.sequences import RUNS

NAMES = tuple(sequence.name for sequence in (*RUNS, *CARE))


class BySequence(LoadScopeScheduling):  # type: ignore[misc]
    """Hands out sequences rather than tests."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


def group_of(nodeid: str) -> str:
    """The sequence whose name ends a test's parameters, ``…[3-first-day]``; the test itself when there is none."""
    return next((name for name in NAMES if nodeid.endswith((f"[{name}]", f"-{name}]"))), nodeid)
