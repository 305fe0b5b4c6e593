"""Scoring's part of the page of benchmarks."""

from __future__ import annotations

from typing import Any

ABOUT = """
## Everybody scored, without engine or real features

`python -m benchmarks.scoring --home FOLDER` makes up features and a model, and does what a day does with them: reads the features,
scores everybody, sees whose class moved and on whose word, writes the scores; then explains the listed, with the way to a better
class. On a first day nobody had a class before, so that all who are not ordinary moved; on the day after one in a hundred did. The
fits of a day's training are made on 128,000 made-up labels, 28 % more than a day learns from at most.
"""
STEPS = {
    "train": "fit the model, the same without weights, and the one that is judged",
    "first_day": "score everybody on a first day",
    "day_after": "score everybody on the day after",
    "explain": "explain the listed",
}


def render_scoring(facts: dict[str, Any]) -> str:
    """The section, as Markdown, of what was measured."""
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
            f"`{machine['revision']}`. When it began, {machine['load']} processes wanted to run on the machine.\n",
            "| step | seconds | CPU seconds | peak MiB of the process so far |",
            "|---|---:|---:|---:|",
            *rows,
            f"\nOf all entities, what the indicators add is at most {facts['farthest_from_sum']:.1e} from the margin (log-odds).\n",
        ]
    )
