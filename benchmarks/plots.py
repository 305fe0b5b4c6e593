"""Draw the plots of the page as SVG files. The same figures give the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import FuncFormatter, LogLocator

from benchmarks.summary import Summary

NAMES = {
    "features": "Steelyard on Sail",
    "features-duckdb": "DuckDB, by hand",
    "features-polars": "Polars, by hand",
    "features-spark": "Steelyard on Apache Spark",
}
COLOURS = {"features": "#37718e", "features-duckdb": "#bd5f27", "features-polars": "#98802f", "features-spark": "#7a5c85"}
COLOUR_OF_STAGE = {
    "ingest": "#a9bfca", "gate": "#37718e", "conform": "#4f8587", "link": "#98802f", "features": "#bd5f27", "cohort": "#d08c60",
    "train": "#962f28", "score": "#7a5c85", "target": "#4c5b64", "export": "#d5dde1",
}  # fmt: skip
REST = "#eeeeee"
"""Colour of the time outside all stages."""
LEGEND_COLUMNS = 6
_SETTINGS: Any = {
    "svg.hashsalt": "steelyard",
    "svg.fonttype": "none",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot_features(summary: Summary, path: Path) -> None:
    """Draw wall time and peak memory of a day's features by entities, both axes logarithmic, one line per program."""
    with mpl.rc_context(_SETTINGS):
        canvas = Canvas(figsize=(9, 3.6), layout="constrained")
        for axes, attribute, title in zip(
            canvas.subplots(1, 2), ("wall_seconds", "peak_mib"), ("seconds", "peak memory, MiB"), strict=True
        ):
            for step, name in NAMES.items():
                figures = summary.of(step)
                if figures:
                    sizes = [figure.entities for figure in figures]
                    axes.plot(sizes, [getattr(f, attribute) for f in figures], "o-", color=COLOURS[step], label=name, markersize=4)
            axes.set(xscale="log", yscale="log", xlabel="entities", title=title)
            axes.set_xticks(summary.sizes, [f"{size:,}" for size in summary.sizes])
            axes.minorticks_off()
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
            axes.grid(color="#d5dde1", linewidth=0.6)
        canvas.axes[0].legend(frameon=False, fontsize=8)
        canvas.savefig(path, format="svg", metadata={"Date": None})


def plot_stages(summary: Summary, steps: dict[str, str], path: Path) -> None:
    """Draw one bar of seconds per step and size, divided into stages; ``steps`` gives the labels by step."""
    bars = [(f"{name}, {figure.entities:,}", figure) for step, name in steps.items() for figure in summary.of(step)]
    with mpl.rc_context(_SETTINGS):
        canvas = Canvas(figsize=(9, 1.2 + 0.42 * len(bars)), layout="constrained")
        axes = canvas.subplots()
        for row, (_, figure) in enumerate(bars):
            left = 0.0
            rest = max(0.0, figure.wall_seconds - sum(figure.stages.values()))
            parts = [(figure.stages.get(stage, 0.0), colour) for stage, colour in COLOUR_OF_STAGE.items()]
            for seconds, colour in [*parts, (rest, REST)]:
                axes.barh(row, seconds, left=left, color=colour, height=0.7)
                left += seconds
            axes.text(left, row, f" {figure.wall_seconds:,.0f} s", va="center", fontsize=8)
        axes.set_yticks(range(len(bars)), [label for label, _ in bars])
        axes.invert_yaxis()
        axes.set_xlabel("seconds")
        used = {stage for _, figure in bars for stage in figure.stages}
        handles = [mpl.patches.Patch(color=colour, label=stage) for stage, colour in COLOUR_OF_STAGE.items() if stage in used]
        handles.append(mpl.patches.Patch(color=REST, label="start of interpreter and engine"))
        columns = min(len(handles), LEGEND_COLUMNS)
        axes.legend(handles=handles, frameon=False, fontsize=8, ncols=columns, loc="lower center", bbox_to_anchor=(0.45, 1.0))
        canvas.savefig(path, format="svg", metadata={"Date": None})
