"""What a check found: a verdict on a subject, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_NAMED = 3  # of several things, a sentence names the first ones and counts the others


class Verdict(StrEnum):
    """The result of a check."""

    OK = "ok"
    WARN = "warn"
    """Nothing is lost, but somebody should do something."""
    FAIL = "fail"
    """Something is wrong."""


@dataclass(frozen=True)
class Finding:
    """One check of one subject.

    Attributes:
        subject: what was checked, such as a package, a table, a source or a run.
        next_step: what to do; empty when the verdict is ``ok``.
        check: the name of the check, where a subject has several.
    """

    subject: str
    verdict: Verdict
    found: str
    next_step: str = ""
    check: str = ""


def ok(subject: str, found: str, *, check: str = "") -> Finding:
    """A finding that needs no action."""
    return Finding(subject, Verdict.OK, found, check=check)


def warn(subject: str, found: str, next_step: str, *, check: str = "") -> Finding:
    """A finding that somebody should look at."""
    return Finding(subject, Verdict.WARN, found, next_step, check)


def fail(subject: str, found: str, next_step: str, *, check: str = "") -> Finding:
    """A finding of something wrong."""
    return Finding(subject, Verdict.FAIL, found, next_step, check)


def some(names: list[str], most: int = MOST_NAMED) -> str:
    """The first ``most`` names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
