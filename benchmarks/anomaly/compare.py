"""Compare the anomaly score with scikit-learn's isolation forest on one set, and summarise over sets."""

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
    """Fit and score both on the set without its labels, and return the figures by seed."""
    frame, inputs = known.frame, known.inputs
    figures: dict[str, dict[str, list[float]]] = {OURS: {AUC: [], PRECISION: []}, FOREST: {AUC: [], PRECISION: []}}
    for seed in seeds:
        forest = IsolationForest(n_estimators=FOREST_TREES, random_state=seed).fit(known.X)
        scores = {OURS: fit_anomaly(frame, inputs, seed=seed).score(frame), FOREST: -forest.score_samples(known.X)}
        for by, score in scores.items():
            figures[by][AUC].append(round(float(roc_auc_score(known.y, score)), 6))
            figures[by][PRECISION].append(round(float(average_precision_score(known.y, score)), 6))
    return {
        "set": known.name, "half": known.half, "stored_rows": known.stored_rows, "rows": len(known.y),
        "columns": known.X.shape[1], "anomalies": int(known.y.sum()), **figures,
    }  # fmt: skip


def gain(measured: dict[str, Any], figure: str) -> float:
    """The mean over seeds minus that of the isolation forest, on one set."""
    return float(np.mean(measured[OURS][figure]) - np.mean(measured[FOREST][figure]))


def summarise(measured: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Mean gains, the number of sets with a gain, and the set with the lowest."""
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
