"""Champion against challenger: the readable model stays unless another is better on later visits beyond noise.

Candidates stand in order of readability. The first is the champion; each next one takes its place only if its mean log loss on
visits that neither was fitted on is lower, and the 95 % interval of the difference, over bootstrap samples of whole entities
(Efron and Tibshirani 1993), lies below zero. Each candidate is calibrated on those visits first, so that only what a calibration
could not mend tells them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.inputs import Floats

DRAWS = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Contest:
    """A challenger against the champion of the moment.

    Attributes:
        difference: the challenger's mean log loss less the champion's; negative is better.
        low, high: its interval.
        wins: whether the interval lies below zero.
    """

    challenger: str
    champion: str
    difference: float
    low: float
    high: float

    @property
    def wins(self) -> bool:
        """Whether the challenger takes the champion's place."""
        return self.high < 0


@dataclass(frozen=True)
class Choice:
    """The champion, the mean log loss of every candidate, and the contests in their order."""

    champion: str
    losses: Mapping[str, float]
    contests: tuple[Contest, ...]


def choose(losses: Mapping[str, Floats], weight: Floats, entity: npt.NDArray[np.str_], *, seed: int) -> Choice:
    """Choose among candidates, the most readable first.

    Args:
        losses: each candidate's log loss of the held-out rows, shape (m,), in order of readability.
        weight: of the rows, positive, shape (m,).
        entity: of the rows, shape (m,); an entity is drawn with all its rows.
        seed: of the draws; the order of the rows changes nothing.

    Raises:
        ValueError: when there is no candidate or no row.
    """
    if not losses or not len(weight):
        raise ValueError("a champion needs a candidate and held-out visits")
    _, group = np.unique(entity, return_inverse=True)
    total: Floats = np.bincount(group, weight).astype(np.float64)
    sums: dict[str, Floats] = {name: np.bincount(group, weight * loss).astype(np.float64) for name, loss in losses.items()}
    drawn = _draws(total, sums, seed)
    champion, contests = next(iter(losses)), []
    for challenger in list(losses)[1:]:
        difference = float((sums[challenger] - sums[champion]).sum() / total.sum())
        low, high = np.quantile(drawn[challenger] - drawn[champion], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        contests.append(Contest(challenger, champion, difference, float(low), float(high)))
        if contests[-1].wins:
            champion = challenger
    return Choice(champion, {name: float(sums[name].sum() / total.sum()) for name in losses}, tuple(contests))


def _draws(total: Floats, sums: Mapping[str, Floats], seed: int) -> dict[str, Floats]:
    """Each candidate's mean loss in every bootstrap sample of entities, all candidates in the same samples."""
    random = np.random.default_rng(seed)
    means = {name: np.empty(DRAWS) for name in sums}
    for draw in range(DRAWS):
        times = np.bincount(random.integers(0, len(total), len(total)), minlength=len(total))
        for name, losses in sums.items():
            means[name][draw] = (times @ losses) / (times @ total)
    return means
