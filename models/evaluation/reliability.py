"""Whether a probability means what it says: of visits promised alike, the share that did find a violation."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.risk.equal_groups import equal_groups

_Z = 1.959964
"""The normal quantile of a 95 % interval."""


def reliability(
    probability: npt.ArrayLike, found: npt.ArrayLike, *, entity: npt.ArrayLike | None = None, bins: int = 10
) -> pd.DataFrame:
    """Visits in bins of about equal number by their probability, each bin's promise beside what came of it.

    Equal probabilities share a bin, so the order of rows changes nothing and there may be fewer bins than asked for.

    Args:
        probability: shape (n,).
        found: 0 or 1, shape (n,).
        entity: each visit's business, shape (n,); None where no two visits are of one.
        bins: how many bins to cut, 1 or more.

    Returns:
        ``predicted`` (mean probability), ``observed`` (share found), ``low`` and ``high`` (Wilson's 95 % interval of that share,
        1927, of as many visits as the bin has businesses: those of one business are alike, and a visit that judges two days is
        one) and ``visits``, in ascending order of probability.

    Raises:
        ValueError: when lengths differ, there is no visit, a probability is not in [0, 1], or ``bins`` is below 1.
    """
    p, y = np.asarray(probability, dtype=np.float64), np.asarray(found, dtype=np.float64)
    who = np.arange(y.size) if entity is None else np.asarray(entity, dtype=object).astype(str)
    if not p.shape == y.shape == who.shape or p.ndim != 1 or not len(p) or bins < 1:
        raise ValueError("there must be visits, as many probabilities as outcomes, and at least one bin")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a probability is not in [0, 1]")
    frame = pd.DataFrame({"bin": equal_groups(p, bins), "predicted": p, "observed": y, "entity": who})
    grouped = frame.groupby("bin", sort=True)
    table = grouped[["predicted", "observed"]].mean()
    worth, share = grouped["entity"].nunique().to_numpy(dtype=np.float64), table["observed"].to_numpy()
    centre = (share + _Z**2 / (2 * worth)) / (1 + _Z**2 / worth)
    reach = _Z * np.sqrt(share * (1 - share) / worth + _Z**2 / (4 * worth**2)) / (1 + _Z**2 / worth)
    return table.assign(
        low=np.clip(centre - reach, 0.0, 1.0), high=np.clip(centre + reach, 0.0, 1.0), visits=grouped.size().to_numpy()
    ).reset_index(drop=True)
