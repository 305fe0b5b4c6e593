"""Champion against challenger: the preferred model stays unless another is better beyond noise on visits of later windows.

The first is the champion. Each challenger in turn replaces it only if its mean loss on visits that neither was fitted on is lower
by a least gain, and the interval of the difference, over bootstrap samples of whole entities (Efron and Tibshirani 1993), lies
below zero. Among candidates the more readable is preferred, the loss is the share of findings that an inspection of the first
places of each window misses, and the interval is of one standard error (Breiman et al. 1984, the one-SE rule). Between a new model
and the one in use, the new one is preferred, since it knows the newest labels and today's catalogue; the loss is the log loss after
calibration, and the interval of 95 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats, Ints
from models.foundation.threads import single_threaded_blas
from models.risk.calibration import fit_calibration, log_loss

RESAMPLES = 1000
LEVEL = 0.95
ONE_ERROR = 0.6827
"""The level of an interval of one standard error to either side."""
LEAST_GAIN = 0.01
"""A challenger must find this share of all findings more than the champion within the first places."""
NEW, IN_USE = "the new model", "the model in use"


@dataclass(frozen=True)
class Contest:
    """A challenger against the current champion.

    Attributes:
        difference: the challenger's mean loss minus the champion's; negative is better.
        low, high: its interval.
        least: the gain that the challenger needs.
    """

    challenger: str
    champion: str
    difference: float
    low: float
    high: float
    least: float = 0.0

    @property
    def wins(self) -> bool:
        """Whether the challenger replaces the champion: the interval lies below zero, and the gain is large enough."""
        return self.high < 0 and self.difference <= -self.least


@dataclass(frozen=True)
class Choice:
    """The champion, the mean loss of every candidate, and the contests in order."""

    champion: str
    losses: Mapping[str, float]
    contests: tuple[Contest, ...]


def misses(order: Floats, y: Floats, weight: Floats, window: Ints, share: float) -> Floats:
    """The loss of each visit whose finding is missed if only the first ``share`` of its window is inspected; shape (m,).

    Equal scores share the last place. The weighted mean of the losses is the share of all findings that is missed.

    Args:
        order: larger is inspected first, shape (m,).
        y: 0 or 1.
        weight: of each visit, positive.
        window: the window of each visit, from 0.
    """
    missed = np.zeros(len(order))
    for at in np.unique(window):
        rows = np.flatnonzero(window == at)
        _, tied = np.unique(-order[rows], return_inverse=True)
        heavy = np.bincount(tied, weights=weight[rows])
        inside = np.clip((share * heavy.sum() - (np.cumsum(heavy) - heavy)) / heavy, 0.0, 1.0)
        missed[rows] = 1.0 - inside[tied]
    loss: Floats = missed * y * (weight.sum() / (weight @ y))
    return loss


def choose(
    losses: Mapping[str, Floats],
    weight: Floats,
    entity: npt.NDArray[np.str_],
    *,
    seed: int,
    level: float = LEVEL,
    least: float = 0.0,
) -> Choice:
    """Choose among candidates.

    Args:
        losses: each candidate's loss of the held-out rows, shape (m,), in order of preference.
        weight: of the rows, positive, shape (m,).
        entity: of the rows, shape (m,); an entity is resampled with all its rows.
        seed: of the resamples; the order of the rows does not matter.
        level: of the interval.
        least: the gain that a challenger needs.

    Raises:
        ValueError: when there is no candidate or no row.
    """
    if not losses or not len(weight):
        raise ValueError("a champion needs a candidate and held-out visits")
    _, group = np.unique(entity, return_inverse=True)
    total: Floats = np.bincount(group, weight).astype(np.float64)
    sums: dict[str, Floats] = {name: np.bincount(group, weight * loss).astype(np.float64) for name, loss in losses.items()}
    drawn = _resampled_means(total, sums, seed)
    champion, contests = next(iter(losses)), []
    for challenger in list(losses)[1:]:
        difference = float((sums[challenger] - sums[champion]).sum() / total.sum())
        low, high = np.quantile(drawn[challenger] - drawn[champion], [(1 - level) / 2, (1 + level) / 2])
        contests.append(Contest(challenger, champion, difference, float(low), float(high), least))
        if contests[-1].wins:
            champion = challenger
    return Choice(champion, {name: float(sums[name].sum() / total.sum()) for name in losses}, tuple(contests))


def _resampled_means(total: Floats, sums: Mapping[str, Floats], seed: int) -> dict[str, Floats]:
    """Each candidate's mean loss in every bootstrap sample of entities, all candidates in the same samples."""
    random = np.random.default_rng(seed)
    means = {name: np.empty(RESAMPLES) for name in sums}
    for draw in range(RESAMPLES):
        times = np.bincount(random.integers(0, len(total), len(total)), minlength=len(total))
        for name, losses in sums.items():
            means[name][draw] = (times @ losses) / (times @ total)
    return means


@single_threaded_blas
def contest_with_model_in_use(
    margins: Mapping[str, Floats], y: npt.ArrayLike, weight: npt.ArrayLike, entity: npt.ArrayLike, *, seed: int
) -> Contest | None:
    """Compare the model in use with the new one.

    Args:
        margins: of :data:`NEW` and :data:`IN_USE` on the same visits, shape (m,).
        y: outcomes, 0 or 1.
        weight: of each visit, positive.
        entity: of each visit; an entity is resampled with all its visits.
        seed: of the resamples; the order of the visits does not matter.

    Returns:
        The contest with the model in use as the challenger; None where there is no visit or all outcomes are equal.
    """
    outcome = np.asarray(y, dtype=np.float64)
    if outcome.min(initial=1.0) == outcome.max(initial=0.0) or not len(outcome):
        return None
    names, weights = np.asarray(entity, dtype=object).astype(str), np.asarray(weight, dtype=np.float64)
    order = np.lexsort((weights, outcome, margins[IN_USE], margins[NEW], names))
    outcome, names, weights = outcome[order], names[order], weights[order]
    losses = {}
    for name in (NEW, IN_USE):
        margin = np.asarray(margins[name], dtype=np.float64)[order]
        losses[name] = log_loss(fit_calibration(margin, outcome, weights).log_odds(margin), outcome)
    return choose(losses, weights, names, seed=seed).contests[0]
