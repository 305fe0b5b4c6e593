"""How right the scores are: the part of the page that says what was found on public data and on invented worlds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ABOUT = """
## How right the scores are

Each was measured once, by the command beside it; the files in `benchmarks/results` have every set, fold and world.
"""
SELECTIVE_HEAD = "| labels | who | slope | observed ÷ expected | worlds in which both are right |"
ANOMALY_HEAD = "| sets | number | mean gain in ROC-AUC | in average precision | better on | worst |"
LABELS = {"weighted": "weighted, as a day does", "unweighted": "unweighted"}


def render_how_right(results: Mapping[str, dict[str, Any]]) -> str:
    """The section, as Markdown, of what there is of ``planted``, ``selective``, ``polish`` and ``anomaly``; empty where none is."""
    parts = [write(results[name]) for name, write in PARTS.items() if name in results]
    return "\n".join([ABOUT, *parts]) if parts else ""


def _planted(facts: dict[str, Any]) -> str:
    summary, rows = facts["summary"], []
    for name, key in (
        ("the model", "model"), ("the best single indicator", "best_indicator_by_share"), ("a random draw", "random_drawn"),
    ):  # fmt: skip
        of = summary[key]
        rows.append(f"| {name} | {of['mean']:.1%} | {of['least']:.1%} to {of['most']:.1%} |")
    return _section(
        "Violators in invented worlds",
        f"`python -m benchmarks.planted --out DIR`: {len(facts['worlds'])} worlds of {facts['entities']:,} entities and "
        f"{facts['months']} months. The share of the violators that no visit had found yet within the first 5 % by score. No "
        f"single indicator finds them: the best has a ROC-AUC of {summary['best_single_roc_auc']:.3f}.",
        ["| order | mean | worlds |", "|---|---:|---|", *rows],
    )


def _selective(facts: dict[str, Any]) -> str:
    rows = [
        f"| {labels} | {who} | {_span(of['slope'])} | {_span(of['observed_to_expected'])} | {of['right_in']} |"
        for name, labels in LABELS.items()
        for who, of in facts["summary"][name].items()
    ]
    return _section(
        "Are the probabilities true?",
        f"`python -m benchmarks.selective --out DIR`: {len(facts['worlds'])} worlds of {facts['entities']:,} entities, the "
        f"probabilities of their last day compared with what a visit to each would find. Both figures should be 0.9 to 1.1: the "
        f"slope of the truth on the log-odds, and what visits within capacity would find ÷ what was predicted. Means over worlds, "
        f"with the smallest and the largest.",
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
        f"within a year. {len(facts['seeds'])} × {facts['folds']} folds. Chosen as champion, times: {chosen}.",
        ["| | ROC-AUC | against plain boosting (95 %) |", "|---|---:|---:|", *rows],
    )


def _anomaly(facts: dict[str, Any]) -> str:
    rows = [
        f"| {half} | {of['sets']} | {of['roc_auc_gain']:+.4f} | {of['average_precision_gain']:+.4f} | {of['better']} "
        f"| {of['worst']} ({of['worst_gain']:+.4f}) |"
        for half, of in facts["summary"].items()
    ]
    return _section(
        "Anomalies in public data sets",
        f"`python -m benchmarks.anomaly --data DIR`: four detectors against scikit-learn's IsolationForest of "
        f"{facts['forest_trees']} trees, {len(facts['seeds'])} seeds; settings were fixed on half of the sets.",
        [
            "| sets | number | mean gain in ROC-AUC | in average precision | better on | worst |",
            "|---|---:|---:|---:|---:|---|",
            *rows,
        ],
    )


PARTS = {"planted": _planted, "selective": _selective, "polish": _polish, "anomaly": _anomaly}


def _span(of: dict[str, float]) -> str:
    return f"{of['mean']:.3f} ({of['least']:.3f} to {of['most']:.3f})"


def _section(title: str, about: str, table: list[str]) -> str:
    return "\n".join([f"### {title}\n", about + "\n", *table, ""])
