"""What is asked of the worlds together: enough violators found, and none of it by one indicator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

FOUND = 0.60
"""Of the violators not yet found, this share is in the top 5 % by score, the mean of the worlds."""
GIVEN_AWAY = 0.85
"""No single indicator's ROC-AUC is above this, in any world: else finding them would be no feat."""
SHARES = ("model", "best_indicator_by_share", "random_drawn")


def summarise(worlds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means and ranges over worlds, and whether the two bars hold.

    Args:
        worlds: assessments (:class:`simulation.assessment.assess.Assessment`) as dictionaries; at least one.
    """
    shares = {name: [float(world[name]["share_in_top"]) for world in worlds] for name in SHARES}
    best = max(float(world["best_indicator_by_auc"]["roc_auc"]) for world in worlds)
    told: dict[str, Any] = {
        name: {"mean": float(np.mean(values)), "least": min(values), "most": max(values)} for name, values in shares.items()
    }
    return told | {
        "best_single_roc_auc": best,
        "enough_found": told["model"]["mean"] >= FOUND,
        "none_given_away": best <= GIVEN_AWAY,
    }


HEAD = "| seed | violators | model | best indicator | random draw | best indicator's ROC-AUC |\n|---|---:|---:|---:|---:|---:|"


def line(seed: int, world: Mapping[str, Any]) -> str:
    """A world as a row of the table: shares of the violators in the top 5 %, and the best single indicator's ROC-AUC."""
    shares = [f"{world[name]['share_in_top']:.1%}" for name in SHARES]
    cells = [str(seed), str(world["violators"]), *shares, f"{world['best_indicator_by_auc']['roc_auc']:.3f}"]
    return f"| {' | '.join(cells)} |"
