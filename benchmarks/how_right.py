"""The page's section on accuracy: results on public data and on simulated worlds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ABOUT = """
## Accuracy of the scores

Each result was measured once with the command beside it. The files in `benchmarks/results` have the figures of every set, fold
and world.
"""
SELECTIVE_HEAD = "| labels | entities | slope | found ÷ expected | worlds with both in range |"
LABELS = {"weighted": "weighted (default)", "unweighted": "unweighted"}


def render_how_right(results: Mapping[str, dict[str, Any]]) -> str:
    """Render the results of ``selective`` and ``polish`` that exist; empty if there are none."""
    parts = [write(results[name]) for name, write in PARTS.items() if name in results]
    return "\n".join([ABOUT, *parts]) if parts else ""


def _selective(facts: dict[str, Any]) -> str:
    rows = [
        f"| {labels} | {who} | {_span(of['slope'])} | {_span(of['observed_to_expected'])} | {of['right_in']} |"
        for name, labels in LABELS.items()
        for who, of in facts["summary"][name].items()
    ]
    return _section(
        "Calibration of probabilities",
        f"`python -m benchmarks.selective --out DIR`: {len(facts['worlds'])} worlds of {facts['entities']:,} entities. The "
        f"probabilities of the last day are compared with the true chance that a visit finds a violation. The target is 0.9 to "
        f"1.1 for both figures: the slope of the truth on the log-odds, and found ÷ expected findings within capacity. Means "
        f"over worlds, with minimum and maximum.",
        [SELECTIVE_HEAD, "|---|---|---|---|---:|", *rows],
    )


def _polish(facts: dict[str, Any]) -> str:
    rows = [
        f"| {name} | {of['auc']:.4f} | {of['difference']:+.4f} ({of['low']:+.4f} to {of['high']:+.4f}) |"
        for name, of in facts["summary"].items()
    ]
    chosen = ", ".join(f"{name} {times}" for name, times in facts["chosen"].items())
    return _section(
        "Bankruptcies predicted from financial ratios",
        f"`python -m benchmarks.polish --data DIR`: {facts['firms']:,} Polish firms; {facts['bankrupt']:,} of them went bankrupt "
        f"within a year. {len(facts['seeds'])} × {facts['folds']} folds. Folds by champion: {chosen}.",
        ["| | ROC-AUC | difference to plain boosting (95 %) |", "|---|---:|---:|", *rows],
    )


PARTS = {"selective": _selective, "polish": _polish}


def _span(of: dict[str, float]) -> str:
    return f"{of['mean']:.3f} ({of['least']:.3f} to {of['most']:.3f})"


def _section(title: str, about: str, table: list[str]) -> str:
    return "\n".join([f"### {title}\n", about + "\n", *table, ""])
