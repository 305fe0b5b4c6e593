"""Parts of the model card: how the champion was chosen, what labels count, how good the model is, and the scorecard to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.evaluation.bootstrap import Estimate
from models.evaluation.evaluate import Figures, Judgement
from models.risk.blend import Blend
from models.risk.fallback import FallbackModel
from models.risk.probability import ProbabilityModel
from models.risk.scorecard import Scorecard


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


def how_good(judged: Judgement | None) -> list[str]:
    """Every order's figures on the held-out visits, what the model's probabilities were worth, and its leads, as tables."""
    if judged is None:
        return ["No test window was kept apart."]
    lines = [
        "Each figure is a mean over the cohorts held out; in brackets its 95 % interval, from drawing whole businesses anew.",
        "",
        *_figures(judged.orders),
    ]
    if judged.promises:
        lines += ["", "What the model's probabilities were worth there:", "", *_figures({"model": judged.promises})]
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
