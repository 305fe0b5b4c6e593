"""The whole model: the probability of a violation (or a rule) plus the anomaly score, with additive reasons.

``margin = violation margin + anomaly_weight * anomaly``. Labels say nothing about entities unlike any that was visited; the anomaly
score keeps them visible. The probability is calibrated on the whole margin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.inspection import FOUND_VIOLATION
from expectations.contracts.scoring import ANOMALY, EVIDENCE, MARGIN, PROBABILITY, PROBABILITY_HIGH, PROBABILITY_LOW
from models.anomaly.anomaly_model import AnomalyModel, fit_anomaly
from models.evidence.availability import WHOLE, Availability, fit_absence
from models.evidence.evidence import Evidence, fit_evidence
from models.explanation.reasons import BASE
from models.foundation.inputs import Floats, Inputs, Ints, matrix
from models.foundation.threads import single_threaded_blas
from models.risk.calibration import Calibration
from models.risk.candidates import BLEND, CANDIDATES, GROWTHS, TREE, kind_of
from models.risk.fallback import FallbackModel, fit_fallback
from models.risk.finding_state import COLUMN, NO_SHIFT, FindingShift, fit_finding_shift, states
from models.risk.interval import USUAL, Interval, IntervalPolicy, fit_interval
from models.risk.probability import FIRST_PLACES, ProbabilityModel, calibrate, fit_probability, optional_texts
from models.risk.selection_bias import RANDOM, SelectionBiasCalibration
from models.targeting.class_bounds import BaseRate, ClassScale, base_rate, class_scale


@dataclass(frozen=True)
class RiskModel:
    """A fitted model.

    Attributes:
        inputs: the input columns.
        anomaly: the anomaly score.
        violation: the learnt probability, or the rule that replaces it.
        anomaly_weight: margin added by one unit of the anomaly.
        calibration: from the whole margin to the probability; None for the rule.
        evidence: the evidence rule.
        interval: of the probability; None for the rule.
        facts: plain numbers of the fit, for the model card.
        since_finding: margin added by the state since the last finding.
        class_scale: what bounds of classes are computed from; None for a model of an earlier version.
        absence: margin added where a source is absent, by source.
    """

    inputs: Inputs
    anomaly: AnomalyModel
    violation: ProbabilityModel | FallbackModel
    anomaly_weight: float
    calibration: Calibration | None
    evidence: Evidence
    interval: Interval | None
    facts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    since_finding: FindingShift = NO_SHIFT
    class_scale: ClassScale | None = None
    absence: Mapping[str, float] = field(default_factory=dict)

    def score(self, X: pd.DataFrame, available: Availability = WHOLE) -> pd.DataFrame:
        """Scores with the rows' own index: ``margin``, ``probability`` with ``probability_low`` and ``probability_high`` (all three
        NaN from the rule), ``anomaly`` and ``evidence``.

        Args:
            available: which sources the day lacks.
        """
        return self._scores(X, self.violation.margin(X), self.anomaly.score(X), available)

    def explain(self, X: pd.DataFrame, available: Availability = WHOLE) -> tuple[pd.DataFrame, pd.DataFrame]:
        """:meth:`score`, bit for bit, and :meth:`contributions` in one pass."""
        margin, added = self.violation.explain(X)
        anomaly, strange = self.anomaly.explain(X)
        return self._scores(X, margin, anomaly, available), self._grouped(X, added, strange, available)

    def contributions(self, X: pd.DataFrame, available: Availability = WHOLE) -> pd.DataFrame:
        """Each indicator's contribution to the margin (value and peer form together) and ``base``; rows sum to the margin."""
        return self._grouped(X, self.violation.contributions(X), self.anomaly.contributions(X), available)

    def of_margin(self, margin: Floats, evidence: Floats) -> pd.DataFrame:
        """The columns of :meth:`score` but the anomaly, for a known margin and evidence, each of shape (n,)."""
        probability = np.full(len(margin), np.nan) if self.calibration is None else self.calibration(margin)
        low, high = (probability, probability) if self.interval is None else self.interval(margin, probability, evidence)
        columns = {MARGIN: margin, PROBABILITY: probability, PROBABILITY_LOW: low, PROBABILITY_HIGH: high, EVIDENCE: evidence}
        return pd.DataFrame(columns)

    def _scores(self, X: pd.DataFrame, violation: Floats, anomaly: Floats, available: Availability) -> pd.DataFrame:
        margin = violation + self.anomaly_weight * anomaly + self.since_finding(X) + available.shift(self.absence)
        scores = self.of_margin(margin, self.evidence(X, available.stale_days)).assign(**{str(ANOMALY): anomaly}).set_axis(X.index)
        return scores[[MARGIN, PROBABILITY, PROBABILITY_LOW, PROBABILITY_HIGH, ANOMALY, EVIDENCE]]

    def _grouped(self, X: pd.DataFrame, total: Floats, anomaly: Floats, available: Availability) -> pd.DataFrame:
        """Contributions to the violation's margin plus those to the anomaly, summed by indicator."""
        strange = self.anomaly_weight * anomaly
        place = {column: at for at, column in enumerate(self.inputs.columns)}
        for at, column in enumerate(self.anomaly.columns):
            total[:, place[column]] += strange[:, at]
        total[:, -1] += strange[:, -1] + available.shift(self.absence)
        if COLUMN in place:
            total[:, place[COLUMN]] += self.since_finding(X)
        names = list(dict.fromkeys(self.inputs.indicators))
        grouped = np.zeros((len(X), len(names) + 1))
        for at, indicator in enumerate(self.inputs.indicators):
            grouped[:, names.index(indicator)] += total[:, at]
        grouped[:, -1] = total[:, -1]
        return pd.DataFrame(grouped, columns=[*names, BASE], index=X.index)


@single_threaded_blas
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
    known_on: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    inspector: npt.ArrayLike | None = None,
    reason: npt.ArrayLike | None = None,
    candidates: tuple[str, ...] = CANDIDATES,
    share: float = FIRST_PLACES,
    threads: int = 1,
    interval: IntervalPolicy = USUAL,
    anomaly: AnomalyModel | None = None,
    follow_ups: pd.DataFrame | None = None,
) -> RiskModel:
    """Fit the whole model.

    Args:
        population: features of all entities on one day, the reference of the anomaly score.
        X, y, time, entity, known_on, weight, inspector, reason, candidates, share: as for
            :func:`models.risk.probability.fit_probability`; may be empty.
        inputs: the columns to use of ``population`` and ``X``.
        anomaly_weight: zero or more.
        minimum_labels: with fewer labels the rule replaces the learnt probability,
        minimum_positives: and with fewer visits of either outcome.
        anomaly: an anomaly model already fitted with the same population, inputs and seed.
        follow_ups: features of follow-ups and their result ``found_violation``, which are no labels; None for none.

    Raises:
        ValueError: when the population is empty, the weight negative, or labels are invalid.
    """
    if anomaly_weight < 0:
        raise ValueError(f"the anomaly weight must be zero or more, not {anomaly_weight}")
    outcome = np.asarray(y, dtype=np.float64)
    visits, positives = len(outcome), int(outcome.sum())
    anomaly = fit_anomaly(population, inputs, seed=seed) if anomaly is None else anomaly
    evidence = fit_evidence(population, inputs, fresh_days=interval.fresh_days, half_life_days=interval.half_life_days)
    why = optional_texts(reason, visits)
    weights = np.ones(visits) if weight is None else np.asarray(weight, dtype=np.float64)
    rate = base_rate(outcome, weights, why)
    facts: dict[str, Any] = {"population": len(population), "visits": visits, "found": positives, "seed": seed}
    facts["base_rate"] = None if rate is None else asdict(rate)
    if visits < minimum_labels or min(positives, visits - positives) < max(minimum_positives, 1):
        rule = fit_fallback(population, inputs, found=positives, visits=visits)
        ranked = RiskModel(inputs, anomaly, rule, anomaly_weight, None, evidence, None, {**facts, "kind": "rule"})
        return _with_scale(ranked, population, rate)
    labelled = pd.DataFrame(matrix(X, inputs.columns), columns=list(inputs.columns))
    learnt = fit_probability(
        labelled, outcome, time, entity, inputs.directions,
        known_on=known_on, weight=weight, inspector=inspector, reason=reason, candidates=candidates,
        added=anomaly_weight * anomaly.score(labelled), share=share, seed=seed, threads=threads,
    )  # fmt: skip
    margin, rows = _held_out(learnt, anomaly, labelled, anomaly_weight)
    since_finding = NO_SHIFT
    if learnt.held_out is not None and COLUMN in inputs.columns:
        state = states(labelled.iloc[rows])
        again = _follow_ups(follow_ups, learnt, anomaly, anomaly_weight)
        since_finding = fit_finding_shift(margin, outcome[rows], state, why[rows], learnt.held_out.offset, again)
        margin = margin + np.array(since_finding.shift)[state]
    fitted = SelectionBiasCalibration(learnt.calibration, weights[rows])
    if learnt.held_out is not None and len(rows):
        fitted = calibrate(margin, outcome[rows], weights[rows], why[rows], learnt.held_out.offset, learnt.effects)
    between = fit_interval(
        margin, outcome[rows], np.asarray(entity, dtype=object)[rows], level=interval.level, seed=seed,
        weight=fitted.weight, redraw=fitted.tilt.drawn if fitted.tilt else None,
    )  # fmt: skip
    dates = np.asarray(time, dtype="datetime64[D]")
    facts |= {
        "kind": "learnt",
        "champion": kind_of(learnt.learner),
        "learner": learnt.learner.name,
        "rounds": {
            one: n for one, n in learnt.rounds.items() if kind_of(learnt.learner) in (BLEND, TREE if one in GROWTHS else one)
        },
        "first_cohort": str(dates.min()),
        "last_cohort": str(dates.max()),
        "held_out_by": learnt.held_out.split if learnt.held_out else "none",
        "held_out": len(learnt.held_out.rows) if learnt.held_out else 0,
        "drawn_at_random": int((why == RANDOM).sum()),
        "odds_by_reason": dict(fitted.odds),
        "since_finding": asdict(since_finding),
        **fit_facts(learnt),
    }
    model = RiskModel(inputs, anomaly, learnt, anomaly_weight, fitted.calibration, evidence, between, facts, since_finding)
    absence = fit_absence(population, inputs, lambda rows: model.score(rows)[MARGIN].to_numpy(), fitted.calibration)
    return _with_scale(replace(model, absence=absence), population, rate)


def _with_scale(model: RiskModel, population: pd.DataFrame, rate: BaseRate | None) -> RiskModel:
    return replace(model, class_scale=class_scale(model.score(population), rate))


def _held_out(learnt: ProbabilityModel, anomaly: AnomalyModel, X: pd.DataFrame, anomaly_weight: float) -> tuple[Floats, Ints]:
    """The whole margin of held-out rows, and their positions."""
    held = learnt.held_out
    if held is None or not len(held.rows):
        return np.zeros(0), np.zeros(0, dtype=np.int64)
    return held.margin + anomaly_weight * anomaly.score(X.iloc[held.rows]), held.rows


def _follow_ups(
    rows: pd.DataFrame | None, learnt: ProbabilityModel, anomaly: AnomalyModel, anomaly_weight: float
) -> tuple[Floats, Floats, Ints]:
    """Whole margin, result and state of follow-ups of a known finding.

    The labels of the finding itself are among those that the model was fitted on, as they are for each entity with a finding that
    is scored later; so its own margin is the one to compare with.
    """
    if rows is None:
        return np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64)
    known = rows[states(rows) > 0]
    margin = learnt.margin(known) + anomaly_weight * anomaly.score(known)
    return margin, known[FOUND_VIOLATION].to_numpy(dtype=np.float64), states(known)


def fit_facts(learnt: ProbabilityModel) -> dict[str, Any]:
    """How the champion was chosen and how far inspectors differ, as plain numbers."""
    facts: dict[str, Any] = {}
    if learnt.choice is not None:
        facts["missed"] = dict(learnt.choice.losses)
        facts["contests"] = [{**asdict(contest), "wins": contest.wins} for contest in learnt.choice.contests]
    if learnt.effects is not None and len(learnt.effects.names):
        facts["inspectors"] = {"number": len(learnt.effects.names), "spread": learnt.effects.spread}
    return facts
