"""The risk since the last finding: what visits find beyond the margin, by the state since then.

A business that corrected what was found shows the signs of before for months, so its margin promises what a visit no longer
finds. Each state shifts the margin by what held-out visits in that state found beyond it, in log-odds. The shifts are normal around
0 (partial pooling; Gelman and Hill 2007, "Data Analysis Using Regression and Multilevel/Hierarchical Models", chapter 12), so with
few visits they stay near 0. Reasons of visits have effects of their own: a visit after a complaint finds more at any margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.foundation.inputs import Floats, Ints
from models.risk.calibration import fit_logistic, sigmoid
from models.risk.selection_bias import SENT_SPREAD, Texts

COLUMN = "finding_state"
STATES = ("nothing found", "found", "corrected", "found again")
"""The values of the indicator, in order; the first has no shift."""
SPREAD = 1.0
"""Prior standard deviation of a shift, in log-odds."""
LEVEL_SPREAD, SLOPE_SPREAD = 10.0, 1.0
LEAST_SLOPE = 0.25
"""With a margin that predicts less, shifts are no larger than at this slope."""


@dataclass(frozen=True)
class FindingShift:
    """What each state adds to the margin.

    Attributes:
        shift: by state, in units of the margin.
        visits: held-out visits and follow-ups by state.
        found: how many of them found a violation,
        expected: and how many the margin alone expected.
    """

    shift: tuple[float, ...] = (0.0,) * len(STATES)
    visits: tuple[int, ...] = (0,) * len(STATES)
    found: tuple[float, ...] = (0.0,) * len(STATES)
    expected: tuple[float, ...] = (0.0,) * len(STATES)

    def __call__(self, X: pd.DataFrame) -> Floats:
        """The shift of each row, shape (n,); 0 where the state is unknown."""
        return np.array(self.shift)[states(X)]


NO_SHIFT = FindingShift()


def states(X: pd.DataFrame) -> Ints:
    """The state of each row, shape (n,); the first where it is unknown or features lack it."""
    if COLUMN not in X.columns:
        return np.zeros(len(X), dtype=np.int64)
    value = X[COLUMN].to_numpy(dtype=np.float64, na_value=0.0)
    state: Ints = np.clip(np.nan_to_num(value), 0, len(STATES) - 1).astype(np.int64)
    return state


def fit_finding_shift(
    margin: Floats, y: Floats, state: Ints, reason: Texts, offset: Floats, follow_ups: tuple[Floats, Floats, Ints] | None = None
) -> FindingShift:
    """Fit on held-out visits and on follow-ups; their order does not matter.

    Args:
        margin, y, state: shape (m,).
        reason: why each was visited, shape (m,).
        offset: inspector effects in log-odds, shape (m,).
        follow_ups: margin, result and state of follow-ups, which count as visits for the first reason; None for none.
    """
    count = len(STATES)
    if not len(margin):
        return NO_SHIFT
    reasons, code = np.unique(reason, return_inverse=True)
    if follow_ups is not None:
        more = len(follow_ups[0])
        margin, y, state = (np.concatenate(pair) for pair in zip((margin, y, state), follow_ups, strict=True))
        code, offset = np.concatenate([code, np.zeros(more, dtype=np.int64)]), np.concatenate([offset, np.zeros(more)])
    by_state = (state[:, None] == np.arange(1, count)).astype(np.float64)
    by_reason = (code[:, None] == np.arange(1, len(reasons))).astype(np.float64)
    design = np.column_stack([margin, np.ones(len(margin)), by_state, by_reason])
    spread = np.concatenate([[SLOPE_SPREAD, LEVEL_SPREAD], np.full(count - 1, SPREAD), np.full(by_reason.shape[1], SENT_SPREAD)])
    centre = np.zeros(len(spread))
    centre[0] = 1.0
    fitted = fit_logistic(design, y, np.ones(len(y)), offset, centre, spread**-2.0)
    shift = np.concatenate([[0.0], fitted[2 : 1 + count] / max(fitted[0], LEAST_SLOPE)])
    unshifted = fitted.copy()
    unshifted[2 : 1 + count] = 0.0
    expected = sigmoid(design @ unshifted + offset)

    def sums(values: Floats) -> tuple[float, ...]:
        return tuple(float(value) for value in np.bincount(state, values, minlength=count))

    visits = tuple(int(number) for number in np.bincount(state, minlength=count))
    return FindingShift(tuple(float(value) for value in shift), visits, sums(y), sums(expected))
