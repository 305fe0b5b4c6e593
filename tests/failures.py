"""Every kind of failure that is explained to people."""

from __future__ import annotations

from jobs.foundation.errors import SteelyardError


def kinds_of(failure: type[SteelyardError] = SteelyardError) -> set[type[SteelyardError]]:
    """The failure itself and every kind of it, and of those in turn."""
    return {failure}.union(*(kinds_of(kind) for kind in failure.__subclasses__()))
