"""The model card as data: what a model is, its training data, its quality and its scorecard. jobs.texts.model_card renders it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from models.evaluation.evaluate import AS_IT_WAS, RANDOM, Evaluation, Figures
from models.explanation.reasons import BASE
from models.foundation.inputs import Inputs, indicator_of, matrix
from models.risk.calibration import SLOPE_FLOOR, Calibration
from models.risk.candidates import Blend
from models.risk.fallback import FallbackModel
from models.risk.interval import Interval
from models.risk.probability import ProbabilityModel
from models.risk.scorecard import Scorecard
from models.risk_model import RiskModel

CONSTANT, EQUAL = "constant_indicators", "equal_orders"
"""Kinds of warnings: indicators with one value, and orders that rank all held-out visits equal."""
QUANTILES = (0, 0.1, 0.25, 0.5, 0.75, 0.9, 1)
"""Quantiles of the margin in the table from margin to probability."""


def importances(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute contribution of each indicator to the margin over rows ``X``, largest first.

    Returns:
        ``indicator, direction, importance``; names break ties.
    """
    contributions = model.contributions(X).drop(columns=BASE)
    direction = {indicator_of(column): way for column, way in zip(model.inputs.columns, model.inputs.directions, strict=True)}
    frame = pd.DataFrame(
        {
            "indicator": list(contributions.columns),
            "direction": [direction[name] for name in contributions.columns],
            "importance": contributions.abs().to_numpy().mean(axis=0) if len(X) else np.zeros(contributions.shape[1]),
        }
    )
    return frame.sort_values(["importance", "indicator"], ascending=[False, True], ignore_index=True)


def model_warnings(population: pd.DataFrame, inputs: Inputs, evaluation: Evaluation | None) -> dict[str, list[str]]:
    """What a reader must know before trusting the figures: a sign that a column is mapped wrongly, or that data is missing.

    Args:
        population: the entities' indicators, shape (n, k).
        evaluation: on the held-out cohorts; None without any.

    Returns:
        By kind, only those that occur: ``constant_indicators`` have at least two known values, all of them equal;
        ``equal_orders`` (the model or a baseline) have an AUC of exactly 0.5, that of an order without any information.
    """
    columns = [column for column in inputs.columns if column == indicator_of(column)]
    values = matrix(population, tuple(columns))
    of_column = [known[~np.isnan(known)] for known in values.T]
    orders = {} if evaluation is None else {name: of["auc"].value for name, of in evaluation.orders.items()}
    found = {
        CONSTANT: [name for name, known in zip(columns, of_column, strict=True) if len(known) > 1 and (known == known[0]).all()],
        # A mean of halves over windows may differ from a half in its last digit.
        EQUAL: [name for name, auc in orders.items() if name not in (RANDOM, AS_IT_WAS) and abs(auc - 0.5) < 1e-12],
    }
    return {kind: names for kind, names in found.items() if names}


def model_card(
    model: RiskModel, *, profile: str, as_of: str, evaluation: Evaluation | None, importance: pd.DataFrame
) -> dict[str, Any]:
    """The card as JSON-serialisable data; an undefined number is None.

    Args:
        profile: the profile that it was trained for.
        as_of: the day of training.
        evaluation: on the held-out cohorts; None without any.
        importance: from :func:`importances`.

    Returns:
        - ``profile, as_of, anomaly_weight``.
        - ``facts``: as :attr:`models.risk_model.RiskModel.facts`, and ``warnings`` from :func:`model_warnings`.
        - ``calibration``: ``slope, intercept, background`` (or None), ``background_slope``; None for the rule.
        - ``interval``: ``level`` and ``rows`` of ``margin, probability, low, high, low_quarter, high_quarter``, the last two with a
          quarter of the evidence; None for the rule.
        - ``evaluation``: ``orders`` and ``leads`` (by order and metric) and ``calibration`` (by metric), each figure with
          ``value, low, high``; None without an evaluation.
        - ``indicators``: rows of ``indicator, direction`` (1, -1, 0) and ``importance``.
        - ``scorecard``: ``base, share`` (of a blend) and ``rows`` of ``indicator, at_least, below, points``; None without one.
    """
    return {
        "profile": profile,
        "as_of": as_of,
        "anomaly_weight": model.anomaly_weight,
        "facts": dict(model.facts),
        "calibration": None if model.calibration is None else {**asdict(model.calibration), "background_slope": SLOPE_FLOOR},
        "interval": _interval(model.calibration, model.interval),
        "evaluation": None
        if evaluation is None
        else {
            "orders": {name: _figures(of) for name, of in evaluation.orders.items()},
            "calibration": _figures(evaluation.calibration),
            "leads": {name: _figures(of) for name, of in evaluation.leads.items()},
        },
        "indicators": _rows(importance),
        "scorecard": _scorecard(model.violation),
    }


def _interval(calibration: Calibration | None, interval: Interval | None) -> dict[str, Any] | None:
    """Probability and interval at some margins, with the full and a quarter of the evidence."""
    if calibration is None or interval is None:
        return None
    at = np.unique(np.quantile(interval.margin, QUANTILES))
    probability = calibration(at)
    columns = {"margin": at, "probability": probability}
    for suffix, share in (("", 1.0), ("_quarter", 0.25)):
        columns[f"low{suffix}"], columns[f"high{suffix}"] = interval(at, probability, np.full(len(at), share))
    return {"level": interval.level, "rows": _rows(pd.DataFrame(columns))}


def _scorecard(violation: ProbabilityModel | FallbackModel) -> dict[str, Any] | None:
    """The scorecard that the model is, or that its blend contains."""
    if not isinstance(violation, ProbabilityModel):
        return None
    learner = violation.learner
    members = list(zip(learner.members, learner.shares, strict=True)) if isinstance(learner, Blend) else [(learner, 1.0)]
    for member, share in members:
        if isinstance(member, Scorecard):
            table = member.table(violation.columns).rename(columns={"column": "indicator"})
            return {"base": member.base, "share": share, "rows": _rows(table)}
    return None


def _figures(figures: Figures) -> dict[str, Any]:
    return {name: _plain(asdict(figure)) for name, figure in figures.items()}


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [_plain(row) for row in frame.to_dict("records")]


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row for JSON: NaN as None, numpy numbers as Python's."""
    values = {str(name): value.item() if isinstance(value, np.generic) else value for name, value in row.items()}
    return {name: None if isinstance(value, float) and np.isnan(value) else value for name, value in values.items()}
