"""The page's section on scoring."""

from __future__ import annotations

from typing import Any

ABOUT = """
## Scoring of synthetic features

`python -m benchmarks.scoring --home FOLDER` generates features and a model, and scores as a day does: it reads the features, scores
all entities, finds the sources that changed each class, and writes the scores. Then it explains the listed entities, with the way
to a better class. On a first day no entity had a class before, so all without the ordinary class changed; on the second day one in
a hundred did. The fits of a day's training use 128,000 synthetic labels, 28 % more than the limit of a day.
"""
STEPS = {
    "train": "fit the model, the same without weights, and the one for evaluation",
    "first_day": "score all entities on a first day",
    "day_after": "score all entities on the second day",
    "explain": "explain the listed entities",
}


def render_scoring(facts: dict[str, Any]) -> str:
    """Render the section as Markdown."""
    machine = facts["machine"]
    rows = [
        f"| {name} | {facts[step]['seconds']:,.1f} | {facts[step]['cpu_seconds']:,.1f} | {facts[step]['peak_mib']:,} |"
        for step, name in STEPS.items()
    ]
    return "\n".join(
        [
            ABOUT,
            f"{facts['entities']:,} entities, {facts['indicators']} indicators in {facts['columns']} columns, {facts['listed']:,} "
            f"listed, {facts['labels']:,} labels; {machine['processor']}, {machine['cores']} processors; revision "
            f"`{machine['revision']}`. Load average at the start: {machine['load']}.\n",
            "| step | seconds | CPU seconds | peak MiB of the process so far |",
            "|---|---:|---:|---:|",
            *rows,
            f"\nLargest difference between margin and sum of contributions: {facts['farthest_from_sum']:.1e} (log-odds).\n",
        ]
    )
