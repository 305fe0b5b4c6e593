"""The model card: one page of Markdown on what a model is, what it learnt from, how good it is, and its limits."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.card_sections import held_against, how_good, how_learnt, markdown_table, scorecards
from models.evaluation.evaluate import Judgement
from models.explanation.reasons import BASE
from models.inputs import indicator_of
from models.risk.calibration import SLOPE_FLOOR, Calibration
from models.risk.candidates import BLEND, SCORECARD, TREE
from models.risk.interval import Interval
from models.risk_model import RiskModel

DIRECTIONS = {1: "more is riskier", -1: "less is riskier", 0: "either way"}
WHAT = {
    SCORECARD: "An additive scorecard, every indicator in bins of whole points",
    TREE: "Gradient-boosted trees",
    BLEND: "The mean of an additive scorecard and gradient-boosted trees",
}
LIMITS = (
    "A score proposes a visit; it decides nothing, and no penalty may rest on it.",
    "Labels come from visits that were made. Labels count by how probable the visit was, and where enough visits were drawn at "
    "random, the probability is what such a visit would find; else it is what a visit like those that were made would find. Of "
    "entities unlike any that was ever visited it knows little.",
    "The probability keeps to each indicator's direction; the anomaly has no such guarantee, though values on the safe side of "
    "the peers' median add nothing to it.",
    "An unknown value counts as ordinary in the anomaly; the probability learns from past visits what an unknown value means.",
)


def importances(model: RiskModel, X: pd.DataFrame) -> pd.DataFrame:
    """Mean absolute contribution to the margin an indicator, over rows ``X``, largest first.

    Returns:
        ``indicator, direction, importance``; ties are ordered by name.
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


def model_card(
    model: RiskModel, *, model_id: str, profile: str, as_of: str, judged: Judgement | None, importance: pd.DataFrame
) -> str:
    """The card as Markdown.

    Args:
        model: the model.
        model_id: its name.
        profile: the profile it was trained for.
        as_of: the day of training.
        judged: on the held-out cohorts, or None when no test window could be kept apart.
        importance: from :func:`importances`.
    """
    facts = model.facts
    learnt = facts.get("kind") == "learnt"
    lines = [
        f"# Model {model_id}",
        "",
        f"Profile {profile}, trained as of {as_of}, seed {facts.get('seed')}.",
        "",
        "## What it is",
        "",
    ]
    if learnt:
        lines.append(
            f"{WHAT[facts['champion']]} ({facts['learner']}; {_rounds(facts['rounds'])}), monotone where an indicator has a "
            f"direction, gives the log-odds that a visit would find a violation. To them {model.anomaly_weight:g} times the "
            "anomaly is added: how rare an entity is among its peers to four detectors, three of oblique isolation trees and one "
            "of random projections (LODA), 1 for one in ten, 2 for one in a hundred. The sum is the margin that entities are "
            "ranked by; the probability is a strictly increasing function of it."
        )
    else:
        lines.append(
            "Too few visits have been labelled to learn from. A declared rule stands in: robust distances from the population, "
            f"averaged within each dimension, plus {model.anomaly_weight:g} times the anomaly: how rare an entity is among its "
            "peers to four detectors, 1 for one in ten, 2 for one in a hundred. It gives no probability."
        )
    lines += ["", "## Data", "", f"- Population compared with: {facts.get('population', 0):,} entities"]
    lines.append(f"- Labelled visits: {facts.get('visits', 0):,}, of which {facts.get('found', 0):,} found a violation")
    if (share := facts.get("labels_share", 1.0)) < 1:
        lines.append(f"- They are those of a sample of businesses, {100 * share:.3g} % of the labels of these cohorts")
    if learnt:
        lines.append(f"- Cohorts: {facts['first_cohort']} to {facts['last_cohort']}")
        lines.append(f"- Calibrated on {facts['held_out']:,} visits held out by {facts['held_out_by']}")
    if model.calibration is not None and model.interval is not None:
        lines += _from_margin_to_probability(model.calibration, model.interval)
        lines += how_learnt(facts)
    lines += ["", "## How good it is", "", *how_good(judged)]
    lines += held_against(facts)
    lines += ["", "## Limits", "", *(f"- {limit}" for limit in LIMITS), "", "## Indicators", ""]
    shown = importance.assign(direction=importance["direction"].map(DIRECTIONS))
    lines += ["Importance is the mean absolute contribution to the margin, in log-odds.", "", *markdown_table(shown)]
    if learnt and (cards := scorecards(model.violation)):
        lines += ["", "## Scorecard", "", *cards]
    return "\n".join(lines) + "\n"


def _from_margin_to_probability(calibration: Calibration, interval: Interval) -> list[str]:
    """The strictly increasing map, and the interval at a full and at a quarter of the evidence, at some margins."""
    at = np.unique(np.quantile(interval.margin, [0, 0.1, 0.25, 0.5, 0.75, 0.9, 1]))
    probability = calibration(at)
    columns = {"margin": at, "probability": probability}
    for name, share in (("", 1.0), (" of a quarter of the evidence", 0.25)):
        columns[f"low{name}"], columns[f"high{name}"] = interval(at, probability, np.full(len(at), share))
    return [
        "",
        "## From margin to probability",
        "",
        f"{_formula(calibration)}, which rises strictly. "
        f"The interval is to hold the rate of violations of {interval.level:.0%} of margins; it is wider where less is known of an "
        "entity.",
        "",
        *markdown_table(pd.DataFrame(columns)),
    ]


def _formula(calibration: Calibration) -> str:
    """The probability as a formula of the margin."""
    own = f"1 / (1 + exp(-({calibration.slope:.6g} × margin + {calibration.intercept:.6g})))"
    if calibration.background is None:
        return f"Probability = {own}"
    background = f"1 / (1 + exp(-({SLOPE_FLOOR:g} × margin + {calibration.background:.6g})))"
    return f"Probability = a + b - a × b of what the margin tells, a = {own}, and what visits find anywhere, b = {background}"


def _rounds(rounds: Mapping[str, int]) -> str:
    return ", ".join(f"{number} rounds of the {kind}" for kind, number in sorted(rounds.items()))
