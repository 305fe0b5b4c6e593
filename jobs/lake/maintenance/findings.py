"""What a check found: a verdict, where, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How it stands."""

    OK = "ok"
    WARN = "warn"
    """Nothing is lost, but somebody should do something."""
    FAIL = "fail"
    """Something is not what it must be."""


@dataclass(frozen=True)
class Finding:
    """One check of one table, source or run; ``then`` says what to do and is empty where all is well."""

    subject: str
    check: str
    verdict: Verdict
    found: str
    then: str = ""


def ok(subject: str, check: str, found: str) -> Finding:
    """All is well."""
    return Finding(subject, check, Verdict.OK, found)


def warn(subject: str, check: str, found: str, then: str) -> Finding:
    """Somebody should do something."""
    return Finding(subject, check, Verdict.WARN, found, then)


def fail(subject: str, check: str, found: str, then: str) -> Finding:
    """It is not what it must be."""
    return Finding(subject, check, Verdict.FAIL, found, then)


def some(names: list[str], most: int = 3) -> str:
    """The first few of many names, and how many there are besides."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
