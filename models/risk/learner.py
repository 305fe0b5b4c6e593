"""What every candidate for the probability is, once fitted: log-odds, and what each column adds to them."""

from __future__ import annotations

from typing import Protocol

from models.inputs import Floats


class Learner(Protocol):
    """A fitted candidate; ``rows`` are of shape (n, k), NaN is unknown."""

    @property
    def name(self) -> str:
        """What it is, and which library fitted it."""

    def margin(self, rows: Floats) -> Floats:
        """Log-odds of a violation, shape (n,)."""

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """The margins, to the bit, and what each column adds to them: shape (n, k + 1), the last the base."""
