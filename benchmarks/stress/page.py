"""Render the page of the stress suite from its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from scipy import stats

from benchmarks.page import table
from benchmarks.stress.measures import Figures
from benchmarks.stress.scenarios import PLAIN, SCENARIOS

FEW_LABELS = "few labels"
LIST = {
    "listed": "{:.0f}", "findings": "{:.1f}", "oracle": "{:.1f}", "random": "{:.1f}", "promised": "{:.1f}",
    "found before": "{:.0f}", "found before, clean now": "{:.0f}", "list shared": "{:.1%}",
}  # fmt: skip
TOP = {
    "violators in the top": "{:.1%}", "best indicator in the top": "{:.1%}", "best indicator's ROC-AUC": "{:.3f}",
    "mean probability": "{:.4f}",
}  # fmt: skip
CLASSES = {
    **{f"size of {letter}": "{:.1%}" for letter in "ABCD"}, **{f"findings per visit of {letter}": "{:.3f}" for letter in "ABCD"},
    "violators in bad classes": "{:.1%}", "classes shared": "{:.1%}",
}  # fmt: skip
INTERVALS = {
    f"{what} of {who}": form
    for who in ("all", "thin files", "first ranks")
    for what, form in (("coverage", "{:.0%}"), ("width", "{:.3f}"))
}
STEPS = {"findings": "{:.1f}", "violators in the top": "{:.1%}", "list shared": "{:.1%}", "mean probability": "{:.4f}"}
DIFFERENCES = ("findings", "violators in the top", "mean probability")

ABOUT = Path(__file__).parent / "about.md"


def render(results: Mapping[str, Any]) -> str:
    """The page of a results file."""
    worlds = results["worlds"]
    scenarios = summarise([world["scenarios"] for world in worlds.values()], PLAIN)
    steps = [world[FEW_LABELS] for world in worlds.values() if world[FEW_LABELS]]
    machine = results["machine"]
    return ABOUT.read_text(encoding="utf-8").format(
        size=f"{len(worlds)} worlds of {results['entities']:,} entities and {results['months']} months, seeds {', '.join(worlds)}; "
        f"revision `{machine['revision']}`, measured {machine['measured_on']}.",
        scenarios=table(
            ["scenario", "what it changes", "worlds"],
            [[str(name), SCENARIOS[str(name)][0], str(number)] for name, number in scenarios["worlds"]["findings"].items()],
        ),
        list=_table("scenario", scenarios, LIST),
        top=_table("scenario", scenarios, TOP),
        classes=_table("scenario", scenarios, CLASSES),
        intervals=_table("scenario", scenarios, INTERVALS),
        labels=_table("positives", summarise(steps, "0"), STEPS) if steps else "Not measured.",
    )


def summarise(worlds: Sequence[Mapping[str, Figures]], against: str) -> dict[str, pd.DataFrame]:
    """``mean`` over ``worlds`` (a number), and mean paired ``difference`` from one scenario with the ends of its interval.

    The interval is that of Student's t at 95 %. Each frame has a row a scenario and a column a figure, NaN where there is none.
    """
    figures = pd.concat({at: pd.DataFrame(world, dtype=float).T for at, world in enumerate(worlds)}, names=["world", "scenario"])
    differences = figures - figures.xs(against, level="scenario").reindex(figures.index, level="world")
    means, paired = (rows.groupby("scenario", sort=False) for rows in (figures, differences))
    mean, reach = paired.mean(), stats.t.ppf(0.975, paired.count() - 1) * paired.sem()
    return {"worlds": means.count(), "mean": means.mean(), "difference": mean, "low": mean - reach, "high": mean + reach}


def cells_of(figures: Mapping[str, float | None], forms: Mapping[str, str]) -> list[str]:
    """The figures as text, in the order of their forms."""
    return ["-" if pd.isna(value := figures.get(name)) else form.format(value) for name, form in forms.items()]


def _table(what: str, summary: Mapping[str, pd.DataFrame], forms: Mapping[str, str]) -> str:
    """One row a scenario: the means, and for some figures the difference with its interval."""
    compared = [name for name in DIFFERENCES if name in forms]
    signed = {figure: forms[figure].replace(":", ":+") for figure in compared}
    rows = []
    for name in summary["mean"].index:
        means, *ends = (summary[of].loc[name].to_dict() for of in ("mean", "difference", "low", "high"))
        intervals = zip(*(cells_of(end, signed) for end in ends), strict=True)
        rows.append([name, *cells_of(means, forms), *(f"{mean} ({low} to {high})" for mean, low, high in intervals)])
    return table([what, *forms, *(f"difference in {figure} (95 %)" for figure in compared)], rows)
