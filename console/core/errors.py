"""Failures of the console's verbs that a person can act on, said as the command line says its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import typer

P = ParamSpec("P")
R = TypeVar("R")


class Refused(Exception):
    """A verb cannot go on: what was wrong, where, and what to do; the exit codes are those of docs/reference/exit-codes.md."""

    exit_code = 2

    def __init__(self, *, what: str, where: str, then: str) -> None:
        super().__init__(f"{what} ({where}); {then}")
        self.what = what
        self.where = where
        self.then = then


class NothingThere(Refused):
    """What a verb works on is not there yet."""

    exit_code = 4


class Busy(Refused):
    """Another process is at the same work."""

    exit_code = 6


class Damaged(Refused):
    """Something is not as it was written."""

    exit_code = 9


def explained(verb: Callable[P, R]) -> Callable[P, R]:
    """The verb, whose refusals are explained on standard error and end the command with their exit code."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(*args, **kwargs)
        except Refused as error:
            typer.echo(f"steelyard: {error.what}\n  where: {error.where}\n  next: {error.then}", err=True)
            raise typer.Exit(error.exit_code) from error

    return run
