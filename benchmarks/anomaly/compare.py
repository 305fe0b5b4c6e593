"""The anomaly score and scikit-learn's isolation forest on one set, seed by seed, and what the differences add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.anomaly.sets import KnownAnomalies
from models.anomaly.ensemble import fit_anomaly

FOREST_TREES = 200
OURS, FOREST = "ensemble", "isolation forest"
AUC, PRECISION = "roc_auc", "average_precision"


def compare(known: KnownAnomalies, seeds: Sequence[int]) -> dict[str, Any]:
    """Both fitted on the set and scored on it, without its labels: the figures of each seed."""
    frame, inputs = known.frame, known.inputs
    found: dict[str, dict[str, list[float]]] = {OURS: {AUC: [], PRECISION: []}, FOREST: {AUC: [], PRECISION: []}}
    for seed in seeds:
        forest = IsolationForest(n_estimators=FOREST_TREES, random_state=seed).fit(known.X)
        scores = {OURS: fit_anomaly(frame, inputs, seed=seed).score(frame), FOREST: -forest.score_samples(known.X)}
        for by, score in scores.items():
            found[by][AUC].append(round(float(roc_auc_score(known.y, score)), 6))
            found[by][PRECISION].append(round(float(average_precision_score(known.y, score)), 6))
    return {
        "set": known.name, "half": known.half, "stored_rows": known.stored_rows, "rows": len(known.y),
        "columns": known.X.shape[1], "anomalies": int(known.y.sum()), **found,
    }  # fmt: skip


def gain(measured: dict[str, Any], figure: str) -> float:
    """By how much the mean over seeds is above the isolation forest's on one set."""
    return float(np.mean(measured[OURS][figure]) - np.mean(measured[FOREST][figure]))


def summarise(measured: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What is compared with the bar: mean gains, how many sets are better, and the worst."""
    if not measured:
        return {"sets": 0}
    gains = {one["set"]: gain(one, AUC) for one in measured}
    worst = min(gains, key=gains.__getitem__)
    return {
        "sets": len(gains),
        "roc_auc_gain": round(float(np.mean(list(gains.values()))), 4),
        "average_precision_gain": round(float(np.mean([gain(one, PRECISION) for one in measured])), 4),
        "better": sum(one > 0 for one in gains.values()),
        "worst": worst,
        "worst_gain": round(gains[worst], 4),
    }
