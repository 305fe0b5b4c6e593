"""Champion against challenger: the readable model stays unless another is better on later visits beyond noise.

Candidates stand in order of readability. The first is the champion; each next one takes its place only if its mean log loss on
visits that neither was fitted on is lower, and the 95 % interval of the difference, over bootstrap samples of whole entities
(Efron and Tibshirani 1993), lies below zero. Each candidate is calibrated on those visits first, so that only what a calibration
could not mend tells them apart.

The model in use against the one that was trained to take its place: it stays only if it is better beyond noise.

Both order visits that neither learnt from, each calibrated on them first, by the rule above. There the readable
candidate is preferred; here the new model is, which knows the newest labels and today's catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.inputs import Floats
from models.risk.calibration import fit_calibration, log_loss
from models.threads import single_threaded_blas

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


NEW, IN_USE = "the new model", "the model in use"


@single_threaded_blas
def contest_with_model_in_use(
    margins: Mapping[str, Floats], y: npt.ArrayLike, weight: npt.ArrayLike, entity: npt.ArrayLike, *, seed: int
) -> Contest | None:
    """Hold the model in use against the new one.

    Args:
        margins: of :data:`NEW` and :data:`IN_USE` on the same visits, shape (m,).
        y: what the visits found, 0 or 1.
        weight: what each visit counts, positive.
        entity: of each visit; an entity is drawn with all its visits.
        seed: of the draws; the order of the visits changes nothing.

    Returns:
        The contest, which the model in use wins only beyond noise; None where all visits ended alike, or there is none.
    """
    found = np.asarray(y, dtype=np.float64)
    if found.min(initial=1.0) == found.max(initial=0.0) or not len(found):
        return None
    names, weights = np.asarray(entity, dtype=object).astype(str), np.asarray(weight, dtype=np.float64)
    order = np.lexsort((weights, found, margins[IN_USE], margins[NEW], names))
    found, names, weights = found[order], names[order], weights[order]
    losses = {}
    for name in (NEW, IN_USE):
        margin = np.asarray(margins[name], dtype=np.float64)[order]
        losses[name] = log_loss(fit_calibration(margin, found, weights).log_odds(margin), found)
    return choose(losses, weights, names, seed=seed).contests[0]
