"""The model card: one page of Markdown on what a model is, what it learnt from, how good it is, and its limits.

Parts of the model card: how the champion was chosen, what labels count, how good the model is, and the scorecard to read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.evaluation.bootstrap import Estimate
from models.evaluation.evaluate import Evaluation, Figures
from models.explanation.reasons import BASE
from models.inputs import indicator_of
from models.risk.calibration import SLOPE_FLOOR, Calibration
from models.risk.candidates import BLEND, SCORECARD, TREE, Blend
from models.risk.fallback import FallbackModel
from models.risk.interval import Interval
from models.risk.probability import ProbabilityModel
from models.risk.scorecard import Scorecard
from models.risk_model import RiskModel


def how_learnt(facts: Mapping[str, Any]) -> list[str]:
    """What labels count, who inspected and how the champion was chosen, as the lines of a list and a table."""
    lines = []
    if (drawn := facts.get("drawn_at_random", 0)) > 0:
        lines.append(f"- Of the labelled visits {drawn:,} were drawn at random with a known probability")
    if odds := facts.get("odds_by_reason"):
        told = ", ".join(f"{reason or 'not told'} {times:.2g}" for reason, times in sorted(odds.items()))
        lines.append(
            "- The probability is what a visit drawn at random would find; where somebody was sent for another reason, the odds of "
            f"what the margin tells are so many times as high: {told}"
        )
    if weights := facts.get("weights"):
        lines.append(
            f"- Labels count by {weights['by']}, at most {weights['cap']:g} times the mean of their kind "
            f"({weights['capped']:,} cut to it): they are worth {weights['effective']:,.0f} equal ones"
        )
    if moved := facts.get("shift"):
        lines.append(
            f"- Had all visits counted alike, the mean probability would be {moved['mean_probability_unweighted']:.4f} instead of "
            f"{moved['mean_probability']:.4f}, the correlation of ranks {moved['rank_correlation']:.3f}, and of the riskiest tenth "
            f"{moved['shared_riskiest_tenth']:.0%} would be the same entities"
        )
    if who := facts.get("inspectors"):
        lines.append(
            f"- {who['number']:,} inspectors, whose effects have a standard deviation of {who['spread']:.2f} in log-odds; the "
            "margin is learnt beside them, the probability is a mean over them, and who comes enters no score"
        )
    if contests := facts.get("contests"):
        lines += ["", "The readable candidate stays unless another's log loss on held-out visits is lower beyond noise:", ""]
        table = pd.DataFrame(contests)[["challenger", "champion", "difference", "low", "high", "wins"]]
        table["wins"] = table["wins"].map({True: "yes", False: "no"})
        lines += markdown_table(
            table.rename(
                columns={"difference": "difference in log loss", "low": "95 % from", "high": "to", "wins": "takes its place"}
            )
        )
    return lines


def how_good(judged: Evaluation | None) -> list[str]:
    """Every order's figures on the held-out visits, what the model's probabilities were worth, and its leads, as tables."""
    if judged is None:
        return ["No test window was kept apart."]
    lines = [
        "Each figure is a mean over the cohorts held out; in brackets its 95 % interval, from drawing whole businesses anew.",
        "",
        *_figures(judged.orders),
    ]
    if judged.calibration:
        lines += ["", "What the model's probabilities were worth there:", "", *_figures({"model": judged.calibration})]
    return [
        *lines,
        "",
        "The model's figures less those of each other order, on the same draws; a lead whose interval leaves zero out is no noise:",
        "",
        *_figures(judged.leads),
    ]


def _figures(of: Mapping[str, Figures]) -> list[str]:
    """Figures with their intervals as the lines of a table, one row an order."""
    rows = [{"order": name, **{label: _estimate(figure) for label, figure in figures.items()}} for name, figures in of.items()]
    return markdown_table(pd.DataFrame(rows))


def held_against(facts: Mapping[str, Any]) -> list[str]:
    """How the model that was in use did against this one, as lines of a paragraph; nothing where none was in use."""
    against = facts.get("against")
    if not against:
        return []
    told = f"Before it, {against['model_id']} was in use. "
    if against["difference"] is None:
        return ["", told + "On no visits could the two be held against each other, so this model takes its place."]
    return [
        "",
        f"{told}On {against['visits']:,} visits that neither learnt from, each calibrated on them, its mean log loss less this "
        f"model's (learnt from earlier cohorts alone) is {against['difference']:.4f}, 95 % from {against['low']:.4f} to "
        f"{against['high']:.4f}: "
        + ("it is better beyond noise and stays in use." if against["stays"] else "it is not better beyond noise and makes way."),
    ]


def scorecards(violation: ProbabilityModel | FallbackModel) -> list[str]:
    """The scorecard that the model is, or that a blend has a part in, as paragraphs and a table; nothing for the others."""
    if not isinstance(violation, ProbabilityModel):
        return []
    learner = violation.learner
    parts = list(zip(learner.members, learner.shares, strict=True)) if isinstance(learner, Blend) else [(learner, 1.0)]
    for part, share in parts:
        if isinstance(part, Scorecard):
            table = part.table(violation.columns)
            bins = [_bin(at_least, below) for at_least, below in zip(table["at_least"], table["below"], strict=True)]
            counts = "" if share == 1 else f" Its log-odds count {share:g} in the blend."
            return [
                f"Every entity begins with {part.base} points and is given the points of its bin in each indicator; 100 points "
                "more double the odds of a clean visit. The sum is a log-odds before the anomaly is added and the whole is "
                f"calibrated.{counts}",
                "",
                *markdown_table(pd.DataFrame({"indicator": table["column"], "value": bins, "points": table["points"]})),
            ]
    return []


def _bin(at_least: float, below: float) -> str:
    if np.isnan(at_least) and np.isnan(below):
        return "unknown"
    if np.isnan(at_least):
        return f"below {below:.6g}"
    return f"from {at_least:.6g}" if np.isnan(below) else f"from {at_least:.6g} to below {below:.6g}"


def markdown_table(frame: pd.DataFrame) -> list[str]:
    """A frame as the lines of a Markdown table; numbers to four significant digits."""
    numeric = [pd.api.types.is_numeric_dtype(kind) for kind in frame.dtypes]
    lines = [
        "| " + " | ".join(str(column).replace("_", " ") for column in frame.columns) + " |",
        "|" + "|".join("---:" if is_number else "---" for is_number in numeric) + "|",
    ]
    for row in frame.itertuples(index=False):
        lines.append("| " + " | ".join(_cell(value) for value in row) + " |")
    return lines


def _estimate(figure: Estimate) -> str:
    interval = "" if np.isnan(figure.low) else f" ({_cell(figure.low)} to {_cell(figure.high)})"
    return _cell(figure.value) + interval


def _cell(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "–" if np.isnan(value) else f"{float(value):.4g}"
    return str(value)


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
    model: RiskModel, *, model_id: str, profile: str, as_of: str, judged: Evaluation | None, importance: pd.DataFrame
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
