"""The error classes of the project."""

from __future__ import annotations

from jobs.foundation.errors import SteelyardError


def error_classes(base: type[SteelyardError] = SteelyardError) -> set[type[SteelyardError]]:
    """The class and all its subclasses, recursively."""
    return {base}.union(*(error_classes(subclass) for subclass in base.__subclasses__()))
