"""Failures of the console's verbs that a person can act on, said as the command line says its own."""

from __future__ import annotations

import click


class Refused(click.ClickException):
    """A verb cannot go on: what was wrong, where, and what to do; the exit codes are those of docs/operations.md."""

    exit_code = 2

    def __init__(self, *, what: str, where: str, then: str) -> None:
        super().__init__(what)
        self.where = where
        self.then = then

    def show(self, file: object = None) -> None:  # noqa: ARG002 (click's signature)
        """Write the three lines to standard error."""
        click.echo(f"steelyard: {self.message}\n  where: {self.where}\n  next: {self.then}", err=True)


class NothingThere(Refused):
    """What a verb works on is not there yet."""

    exit_code = 4


class Damaged(Refused):
    """Something is not as it was written."""

    exit_code = 9
