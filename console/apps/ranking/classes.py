"""The classes of risk, and which is worse."""

from __future__ import annotations

CLASSES = ("D", "C", "B", "A")
"""From the worst to the best."""


def is_worse(now: str, before: str) -> bool:
    """Whether a class is worse than another; not where either is none."""
    return now in CLASSES and before in CLASSES and CLASSES.index(now) < CLASSES.index(before)
