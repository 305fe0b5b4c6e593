"""Run a verb as the command line would, in this process, and return its output."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jobs.cli import main


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


def steelyard(capfd: pytest.CaptureFixture[str], *arguments: object) -> Outcome:
    """Give a command; its exit code and what it wrote, also what libraries wrote past Python's own streams."""
    capfd.readouterr()
    code = 0
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        code = int(end.code or 0)
    said = capfd.readouterr()
    return Outcome(code, said.out, said.err)
