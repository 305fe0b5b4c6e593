"""Compare every candidate with plain boosting on the same folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from models.foundation.inputs import Floats, Ints
from models.risk.candidates import BLEND, SCORECARD, TREE, CandidateFitter, Labels, blended
from models.risk.inspector_effects import NOBODY
from models.risk.probability import fit_probability

PLAIN, CHAMPION = "plain boosting", "champion"
FOLDS = 5
LEVEL = 0.95


def compare(X: pd.DataFrame, y: Floats, seeds: Sequence[int]) -> list[dict[str, Any]]:
    """ROC-AUC of every candidate on every fold of every repetition, fitted on the other four folds."""
    results = []
    for seed in seeds:
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for fold, (train, test) in enumerate(folds.split(X, y)):
            results.append({"seed": seed, "fold": fold, **_one_fold(X, y, train, test, seed)})
    return results


def _one_fold(X: pd.DataFrame, y: Floats, train: Ints, test: Ints, seed: int) -> dict[str, Any]:
    """Fit scikit-learn's booster with default settings and each candidate, and score the held-out rows."""
    with threadpool_limits(1, user_api="openmp"):
        plain = HistGradientBoostingClassifier(random_state=seed).fit(X.iloc[train], y[train])
        scores = {PLAIN: plain.decision_function(X.iloc[test])}
    # All firms are of one year, so rounds and champion are chosen by holding out firms.
    when, who = np.full(len(train), "2012-12-31", dtype="datetime64[D]"), train.astype(str)
    known = X.iloc[train], y[train], when, who, (0,) * X.shape[1]
    model = fit_probability(*known, seed=seed)
    chosen = model.choice.champion if model.choice else SCORECARD
    order = np.argsort(who)
    labels = Labels(
        X.iloc[train].to_numpy(dtype=np.float64)[order], y[train][order], np.ones(len(train)), np.full(len(train), NOBODY)
    )
    growing = CandidateFitter(known[-1], seed, threads=1)
    effects = growing.effects(labels)
    scorecard, trees = (growing.learner(labels, effects, kind, dict(model.rounds)) for kind in (SCORECARD, TREE))
    rows = X.iloc[test].to_numpy(dtype=np.float64)
    scores |= {SCORECARD: scorecard.margin(rows), TREE: trees.margin(rows)}
    scores[BLEND] = blended(scores[SCORECARD], scores[TREE])
    aucs = {name: round(float(roc_auc_score(y[test], score)), 6) for name, score in scores.items()}
    return {"aucs": {**aucs, CHAMPION: aucs[chosen]}, "chosen": chosen, "rounds": dict(model.rounds)}


def summarise(folds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The mean of each candidate, and its difference to plain boosting with a 95 % interval.

    Folds share most of their training rows, so the variance of the differences is corrected by the ratio of test to training rows
    (Nadeau and Bengio 2003, "Inference for the generalization error").
    """
    table = pd.DataFrame([fold["aucs"] for fold in folds])
    summary: dict[str, Any] = {}
    for name in table:
        gap = table[name] - table[PLAIN]
        spread = float(np.sqrt((1 / len(gap) + 1 / (FOLDS - 1)) * gap.var(ddof=1)))
        reach = float(t.ppf((1 + LEVEL) / 2, len(gap) - 1)) * spread
        summary[str(name)] = {
            "auc": round(float(table[name].mean()), 4),
            "difference": round(float(gap.mean()), 4),
            "low": round(float(gap.mean()) - reach, 4),
            "high": round(float(gap.mean()) + reach, 4),
        }
    return summary
