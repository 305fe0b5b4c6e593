"""The two requirements on all worlds: enough violators are found, and no single indicator identifies them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

MINIMUM_FOUND = 0.60
"""Required share of the violators not yet found in the top 5 % by score, as the mean over worlds."""
MAXIMUM_SINGLE_AUC = 0.85
"""Highest allowed ROC-AUC of a single indicator in any world; above it the task would be too easy."""
SHARES = ("model", "best_indicator_by_share", "random_drawn")


def summarise(worlds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Means and ranges over worlds, and whether the two requirements hold.

    Args:
        worlds: at least one assessment (:class:`simulation.assessment.assess.Assessment`) as a dictionary.
    """
    shares = {name: [float(world[name]["share_in_top"]) for world in worlds] for name in SHARES}
    best = max(float(world["best_indicator_by_auc"]["roc_auc"]) for world in worlds)
    summary: dict[str, Any] = {
        name: {"mean": float(np.mean(values)), "least": min(values), "most": max(values)} for name, values in shares.items()
    }
    return summary | {
        "best_single_roc_auc": best,
        "enough_found": summary["model"]["mean"] >= MINIMUM_FOUND,
        "none_given_away": best <= MAXIMUM_SINGLE_AUC,
    }


HEAD = "| seed | violators | model | best indicator | random draw | best indicator's ROC-AUC |\n|---|---:|---:|---:|---:|---:|"


def line(seed: int, world: Mapping[str, Any]) -> str:
    """A table row: shares of the violators in the top 5 %, and the ROC-AUC of the best single indicator."""
    shares = [f"{world[name]['share_in_top']:.1%}" for name in SHARES]
    cells = [str(seed), str(world["violators"]), *shares, f"{world['best_indicator_by_auc']['roc_auc']:.3f}"]
    return f"| {' | '.join(cells)} |"
