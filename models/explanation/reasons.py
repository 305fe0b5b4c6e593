"""Reasons for a score: the indicators that add most to the margin."""

from __future__ import annotations

import numpy as np
import pandas as pd

from expectations.contracts.scoring import CONTRIBUTION, INDICATOR, REASON_RANK, VALUE
from models.foundation.inputs import Floats, Ints

BASE = "base"
ROW = "row"
TOP = 5
EXACT = 1e-6


class NotAdditiveError(ValueError):
    """Contributions do not add up to the margin that they explain."""


def check_additive(contributions: pd.DataFrame, margin: pd.Series) -> None:
    """Check that each row's contributions, with the base, sum to its margin.

    Raises:
        NotAdditiveError: when a sum is off by more than 1e-6; the message names the worst row.
    """
    if contributions.empty:
        return
    off = np.abs(contributions.to_numpy().sum(axis=1) - margin.to_numpy())
    worst = int(np.argmax(np.where(np.isnan(off), np.inf, off)))
    if not off[worst] <= EXACT:
        raise NotAdditiveError(
            f"the contributions of row {contributions.index[worst]!r} sum to {contributions.iloc[worst].sum():.9g}, its margin is "
            f"{margin.iloc[worst]:.9g}: no reason may be given from them"
        )


def strongest(contributions: pd.DataFrame, X: pd.DataFrame, top: int = TOP) -> pd.DataFrame:
    """The indicators that add most to each row's margin; only positive contributions are reasons, names break ties.

    Args:
        contributions: as :meth:`models.risk_model.RiskModel.contributions` returns them.
        X: the features of the same rows.
        top: at most so many a row.

    Returns:
        ``row`` (position in ``X``, from 0), ``reason_rank`` (from 1), ``indicator``, ``contribution`` (log-odds) and
        ``value`` (the indicator's value, NaN when unknown), ordered by row and rank.
    """
    names, added, order = _in_order(contributions, top)
    values = X.reindex(columns=names).to_numpy(dtype=np.float64, na_value=np.nan)
    row = np.repeat(np.arange(len(X)), order.shape[1])
    chosen = order.ravel()
    frame = pd.DataFrame(
        {
            ROW: row,
            REASON_RANK: np.tile(np.arange(1, order.shape[1] + 1), len(X)),
            INDICATOR: np.array(names, dtype=object)[chosen],
            CONTRIBUTION: added[row, chosen],
            VALUE: values[row, chosen],
        }
    )
    return frame[frame[CONTRIBUTION] > 0].reset_index(drop=True)


def _in_order(contributions: pd.DataFrame, top: int) -> tuple[list[str], Floats, Ints]:
    """Indicators by name, their contributions, and each row's positions of the ``top`` largest, names breaking ties."""
    names = sorted(name for name in contributions.columns if name != BASE)
    added = contributions[names].to_numpy()
    return names, added, np.argsort(-added, axis=1, kind="stable")[:, :top]
