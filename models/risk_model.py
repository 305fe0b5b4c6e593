"""The whole model: probability of a violation (or a rule), plus strangeness, with reasons that add up.

``margin = violation margin + anomaly_weight * anomaly``. Entities unlike any that was ever visited are where labels are
silent; the anomaly keeps them in sight. The probability is calibrated on the whole margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.scoring import ANOMALY, CONTRIBUTION, INDICATOR, MARGIN, PROBABILITY, REASON_RANK, VALUE
from models.anomaly import AnomalyModel, fit_anomaly
from models.calibration import Calibration
from models.candidates import BLEND, CANDIDATES, kind_of
from models.columns import Floats, Inputs, matrix
from models.fallback import FallbackModel, fit_fallback
from models.probability import ProbabilityModel, calibrate, fit_probability

ROW = "row"


@dataclass(frozen=True)
class RiskModel:
    """A fitted model.

    Attributes:
        inputs: the input columns.
        anomaly: the strangeness score.
        violation: the learnt probability, or the rule that stands in for it.
        anomaly_weight: what one unit of the anomaly adds to the margin.
        calibration: from the whole margin to the probability; None for the rule.
        facts: plain numbers of the fit, for the model card.
    """

    inputs: Inputs
    anomaly: AnomalyModel
    violation: ProbabilityModel | FallbackModel
    anomaly_weight: float
    calibration: Calibration | None
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def score(self, X: pd.DataFrame) -> pd.DataFrame:
        """``margin``, ``probability`` (NaN from the rule) and ``anomaly`` for each row, with the rows' own index."""
        anomaly = self.anomaly.score(X)
        margin = self.violation.margin(X) + self.anomaly_weight * anomaly
        probability = np.full(len(margin), np.nan) if self.calibration is None else self.calibration(margin)
        return pd.DataFrame({MARGIN: margin, PROBABILITY: probability, ANOMALY: anomaly}, index=X.index)

    def contributions(self, X: pd.DataFrame) -> pd.DataFrame:
        """What each indicator adds to the margin: one column an indicator (value and peer form together) and ``base``.

        Rows sum to the margin.
        """
        total = self.violation.contributions(X)
        strange = self.anomaly_weight * self.anomaly.contributions(X)
        place = {column: at for at, column in enumerate(self.inputs.columns)}
        for at, column in enumerate(self.anomaly.columns):
            total[:, place[column]] += strange[:, at]
        total[:, -1] += strange[:, -1]
        names = list(dict.fromkeys(self.inputs.indicators))
        grouped = np.zeros((len(X), len(names) + 1))
        for at, indicator in enumerate(self.inputs.indicators):
            grouped[:, names.index(indicator)] += total[:, at]
        grouped[:, -1] = total[:, -1]
        return pd.DataFrame(grouped, columns=[*names, "base"], index=X.index)

    def reasons(self, X: pd.DataFrame, top: int = 5) -> pd.DataFrame:
        """The indicators that add most to each row's margin.

        Only what adds to the margin is a reason; equal contributions are ordered by the indicator's name.

        Returns:
            ``row`` (position in ``X``, from 0), ``reason_rank`` (from 1), ``indicator``, ``contribution`` (log-odds) and
            ``value`` (the indicator's value, NaN when unknown), ordered by row and rank.
        """
        contributions = self.contributions(X).drop(columns="base")
        names = sorted(contributions.columns)
        added = contributions[names].to_numpy()
        values = X.reindex(columns=names).to_numpy(dtype=np.float64, na_value=np.nan)
        order = np.argsort(-added, axis=1, kind="stable")[:, :top]
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


def fit_risk_model(
    population: pd.DataFrame,
    X: pd.DataFrame,
    y: npt.ArrayLike,
    time: npt.ArrayLike,
    entity: npt.ArrayLike,
    inputs: Inputs,
    *,
    anomaly_weight: float,
    minimum_labels: int,
    minimum_positives: int,
    seed: int,
    weight: npt.ArrayLike | None = None,
    inspector: npt.ArrayLike | None = None,
    is_random: npt.ArrayLike | None = None,
    candidates: tuple[str, ...] = CANDIDATES,
    threads: int = 1,
) -> RiskModel:
    """Fit the whole model.

    Args:
        population: features of all entities on one day, against which strangeness is measured.
        X, y, time, entity, weight, inspector, is_random, candidates: the labelled rows, and what may learn from them, as for
            :func:`models.probability.fit_probability`; may be empty.
        inputs: the columns to use of ``population`` and ``X``.
        anomaly_weight: zero or more.
        minimum_labels: with fewer labels than this the rule stands in,
        minimum_positives: and with fewer found, or fewer clean, visits than this.
        seed: of every draw.
        threads: threads of LightGBM.

    Raises:
        ValueError: when the population is empty, the weight negative, or labels break their rules.
    """
    if anomaly_weight < 0:
        raise ValueError(f"the anomaly weight must be zero or more, not {anomaly_weight}")
    found = np.asarray(y, dtype=np.float64)
    visits, positives = len(found), int(found.sum())
    anomaly = fit_anomaly(population, inputs, seed=seed)
    facts: dict[str, Any] = {"population": len(population), "visits": visits, "found": positives, "seed": seed}
    if visits < minimum_labels or min(positives, visits - positives) < max(minimum_positives, 1):
        rule = fit_fallback(population, inputs, found=positives, visits=visits)
        return RiskModel(inputs, anomaly, rule, anomaly_weight, None, {**facts, "kind": "rule"})
    labelled = pd.DataFrame(matrix(X, inputs.columns), columns=list(inputs.columns))
    learnt = fit_probability(
        labelled, found, time, entity, inputs.directions,
        weight=weight, inspector=inspector, is_random=is_random, candidates=candidates, seed=seed, threads=threads,
    )  # fmt: skip
    drawn = np.zeros(visits, dtype=bool) if is_random is None else np.asarray(is_random, dtype=bool)
    calibration = _calibrate(learnt, anomaly, labelled, found, anomaly_weight, weight, drawn)
    dates = np.asarray(time, dtype="datetime64[D]")
    facts |= {
        "kind": "learnt",
        "champion": kind_of(learnt.learner),
        "learner": learnt.learner.name,
        "rounds": {kind: rounds for kind, rounds in learnt.rounds.items() if kind_of(learnt.learner) in (kind, BLEND)},
        "first_cohort": str(dates.min()),
        "last_cohort": str(dates.max()),
        "held_out_by": learnt.held_out.split if learnt.held_out else "none",
        "held_out": len(learnt.held_out.rows) if learnt.held_out else 0,
        "drawn_at_random": int(drawn.sum()),
        **fit_facts(learnt),
    }
    return RiskModel(inputs, anomaly, learnt, anomaly_weight, calibration, facts)


def fit_facts(learnt: ProbabilityModel) -> dict[str, Any]:
    """How the champion was chosen, and how far inspectors differ, as plain numbers for the card."""
    facts: dict[str, Any] = {}
    if learnt.choice is not None:
        facts["log_loss"] = dict(learnt.choice.losses)
        facts["contests"] = [{**asdict(contest), "wins": contest.wins} for contest in learnt.choice.contests]
    if learnt.effects is not None and len(learnt.effects.names):
        facts["inspectors"] = {"number": len(learnt.effects.names), "spread": learnt.effects.spread}
    return facts


def _calibrate(
    learnt: ProbabilityModel,
    anomaly: AnomalyModel,
    X: pd.DataFrame,
    y: Floats,
    anomaly_weight: float,
    weight: npt.ArrayLike | None,
    is_random: npt.NDArray[np.bool_],
) -> Calibration:
    """Calibrate the whole margin on rows that the margin's model had not seen."""
    held = learnt.held_out
    if held is None or not len(held.rows):
        return learnt.calibration
    margin = held.margin + anomaly_weight * anomaly.score(X.iloc[held.rows])
    weights = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    return calibrate(margin, y[held.rows], weights[held.rows], is_random[held.rows], held.offset, learnt.effects)
