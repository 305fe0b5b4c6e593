"""A blend: the mean of the log-odds of several candidates, in stated shares."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.inputs import Floats
from models.risk.learner import Learner


@dataclass(frozen=True)
class Blend:
    """Candidates and their shares, which add up to 1; margins and what columns add are the shares' sums."""

    members: tuple[Learner, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.members) != len(self.shares) or not self.members:
            raise ValueError(f"a blend of {len(self.members)} candidates needs as many shares, not {len(self.shares)}")
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"the shares of a blend must be zero or more and add up to 1, not {self.shares}")

    @property
    def name(self) -> str:
        """What it is made of."""
        return " + ".join(f"{share:g} {member.name}" for share, member in zip(self.shares, self.members, strict=True))

    def margin(self, rows: Floats) -> Floats:
        """Log-odds, shape (n,)."""
        total = np.zeros(len(rows))
        for share, member in zip(self.shares, self.members, strict=True):
            total += share * member.margin(rows)
        return total

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """The margins, to the bit, and what each column adds to them: shape (n, k + 1), the last the base."""
        total, added = np.zeros(len(rows)), np.zeros((len(rows), rows.shape[1] + 1))
        for share, member in zip(self.shares, self.members, strict=True):
            of_member, parts = member.explain(rows)
            total += share * of_member
            added += share * parts
        return total, added
