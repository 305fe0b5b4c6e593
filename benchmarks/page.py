"""Write the page of benchmarks and its plots from the results: ``python -m benchmarks.page``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.console.table import render_console
from benchmarks.harness.machine import origin_of
from benchmarks.harness.plans import PLANS
from benchmarks.how_right import render_how_right
from benchmarks.plots import NAMES, plot_features, plot_stages
from benchmarks.summary import Figure, Summary, summarise

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
PLOTS = ROOT / "docs" / "reference" / "benchmarks"
STEPS = {"generate": "`generate`: simulate the world", "intake": "ingest, gate, conform and link the whole history"}
SCORING = {
    "score": "score every entity",
    "target": "make the day's list with reasons",
    "target-spark": "make the list on Apache Spark",
}
NEWS = {
    "day": "next day: ingest, gate, conform, link, features",
    "rebuild": "rebuild from bronze: gate, conform, link, features",
}
ABOUT = Path(__file__).parent / "about.md"
SCORING_ABOUT = """
## Scoring of synthetic features

`python -m benchmarks.scoring --home FOLDER` generates features and a model, and scores as a day does: it reads the features, scores
all entities, finds the sources that changed each class, and writes the scores. Then it explains the listed entities, with the way
to a better class. On a first day no entity had a class before, so all without the ordinary class changed; on the second day one in
a hundred did. The fits of a day's training use 128,000 synthetic labels, 28 % more than the limit of a day.
"""
TIMED = {
    "train": "fit the model, the same without weights, and the one for evaluation",
    "first_day": "score all entities on a first day",
    "day_after": "score all entities on the second day",
    "explain": "explain the listed entities",
}


def render(results: Sequence[dict[str, Any]]) -> str:
    """Render the results files of plans as Markdown, in the given order."""
    return "\n".join([ABOUT.read_text(encoding="utf-8"), *[_section(result) for result in results]])


def _title(sizes: Sequence[int]) -> str:
    return f"{sizes[0]:,} entities" if len(sizes) == 1 else f"From {sizes[0]:,} to {sizes[-1]:,} entities"


def _section(result: dict[str, Any]) -> str:
    name, summary = result["name"], summarise(result)
    parts = [
        f"## {_title(summary.sizes)}\n",
        _machine(result),
        "### A day's features\n",
        _features(summary),
        f"![Seconds and memory of a day's features, by program and entities](benchmarks/{name}-features.svg)\n",
        "### A next day, and a rebuild\n",
        "On a next day one entity in two hundred has new records: returns, complaints or changes of registration.\n",
        _steps(summary, NEWS),
        _saved(summary),
        f"![Seconds of a next day and of a rebuild, by stage](benchmarks/{name}-news.svg)\n",
        "### Scores and list\n",
        "A first day of the whole population: features are read and scored, the sources that changed each class are found, and\n"
        "scores are written. Then the list is made within the regions' capacity, with reasons and the way to a better class.\n",
        _steps(summary, SCORING),
        _scoring(summary),
        "### Other stages\n",
        _steps(summary, STEPS),
    ]
    if summary.of("whole day"):
        parts += [
            "### A whole first day\n",
            "`steelyard run` on an empty home: it ingests the history, builds the features of twelve past days (of six at five\n"
            "million entities), trains on them, and makes a list.\n",
            _whole(summary),
            f"![Seconds of a whole day, by stage](benchmarks/{name}-whole.svg)\n",
        ]
    if summary.left_out:
        rows = [[f"`{step}`", f"{entities:,}", why] for step, entities, why in summary.left_out]
        parts += ["### Not measured\n", table(["step", "entities", "reason"], rows)]
    return "\n".join(parts)


def _machine(result: dict[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    java = f", Java {machine['java']}" if machine["java"] else ""
    return (
        f"{machine['processor']}, {machine['cores']} processors, {machine['memory_gib']} GiB; {machine['system']}; "
        f"Python {machine['python']}{java}; {versions}. Measured {_origins(result)}. Load average at the last start: "
        f"{machine['load']}. Memory limit of DuckDB and Apache Spark: {result['memory_limit_gib']} GiB.\n"
    )


def _origins(result: dict[str, Any]) -> str:
    """Days, revisions and processors of the measurements, oldest first."""
    origins = [origin_of(one) for one in result["measurements"] if "left_out" not in one]
    distinct = {tuple(str(origin[fact] or "unknown") for fact in ("measured_on", "revision", "processor")) for origin in origins}
    return "; ".join(f"{day} at revision `{revision}` on {processor}" for day, revision, processor in sorted(distinct))


def _features(summary: Summary) -> str:
    rows = []
    for entities in summary.sizes:
        for step, name in NAMES.items():
            figure = summary.figures.get((step, entities))
            if figure is not None:
                ratios = [summary.ratio(step, "features-duckdb", entities, what) for what in ("wall_seconds", "cpu_seconds")]
                rows.append([f"{entities:,}", name, *_cells(figure), *["-" if r is None else f"{r:.2f}" for r in ratios]])
    compared = table(["entities", "program", *HEADS, "seconds × DuckDB", "CPU × DuckDB"], rows)
    return f"{compared}\n{_growths(summary, NAMES)}"


HEADS = ["seconds", "CPU seconds", "peak MiB", "rows a second", "rounds", "longest ÷ shortest"]


def _cells(figure: Figure) -> list[str]:
    cells = [f"{figure.wall_seconds:,.1f}", f"{figure.cpu_seconds:,.1f}", f"{figure.peak_mib:,.0f}"]
    return [*cells, f"{figure.rows_per_second:,.0f}", str(figure.rounds), f"{figure.spread:.2f}"]


def _steps(summary: Summary, steps: dict[str, str]) -> str:
    rows = [[name, f"{figure.entities:,}", *_cells(figure)] for step, name in steps.items() for figure in summary.of(step)]
    return f"{table(['step', 'entities', *HEADS], rows)}\n{_growths(summary, steps)}"


def _scoring(summary: Summary) -> str:
    """Scores and list of a day together, by size."""
    rows = []
    for scored in summary.of("score"):
        listed = summary.figures.get(("target", scored.entities))
        if listed is not None:
            together = scored.wall_seconds + listed.wall_seconds
            peak = max(scored.peak_mib, listed.peak_mib)
            explained = "-" if listed.listed is None else f"{listed.listed:,}"
            rows.append([f"{scored.entities:,}", explained, f"{together:,.1f}", f"{peak:,.0f}"])
    return table(["entities scored", "listed, with reasons", "seconds together", "peak MiB"], rows) if rows else ""


def _saved(summary: Summary) -> str:
    """The time of a next day as a share of a rebuild, by size."""
    rows = []
    for entities in summary.sizes:
        ratios = [summary.ratio("day", "rebuild", entities, what) for what in ("wall_seconds", "cpu_seconds")]
        if None not in ratios:
            rows.append([f"{entities:,}", *[f"{ratio:.1%}" for ratio in ratios]])
    return table(["entities", "next day ÷ rebuild, seconds", "CPU seconds"], rows) if rows else ""


def _growths(summary: Summary, steps: dict[str, str]) -> str:
    rows = []
    for step, name in steps.items():
        exponents = [summary.growth(step, attribute) for attribute in ("wall_seconds", "cpu_seconds", "peak_mib")]
        if None not in exponents:
            rows.append([name, *[f"{value:.2f}" for value in exponents]])
    return table(["growth with entities", "seconds", "CPU seconds", "peak MiB"], rows) if rows else ""


def _whole(summary: Summary) -> str:
    figures = summary.of("whole day")
    stages = list(dict.fromkeys(stage for figure in figures for stage in figure.stages))
    rows = []
    for figure in figures:
        shares = [f"{figure.stages.get(stage, 0) / figure.wall_seconds:.0%}" for stage in stages]
        rows.append([f"{figure.entities:,}", f"{figure.wall_seconds:,.0f}", f"{figure.peak_mib:,.0f}", *shares])
    return f"{table(['entities', 'seconds', 'peak MiB', *stages], rows)}\n{_growths(summary, {'whole day': 'a whole day'})}"


def table(heads: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *[[cell.replace("|", "\\|") for cell in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def render_scoring(facts: dict[str, Any]) -> str:
    """Render the section on scoring synthetic features as Markdown."""
    machine = facts["machine"]
    rows = [
        f"| {name} | {facts[step]['seconds']:,.1f} | {facts[step]['cpu_seconds']:,.1f} | {facts[step]['peak_mib']:,} |"
        for step, name in TIMED.items()
    ]
    return "\n".join(
        [
            SCORING_ABOUT,
            f"{facts['entities']:,} entities, {facts['indicators']} indicators in {facts['columns']} columns, {facts['listed']:,} "
            f"listed, {facts['labels']:,} labels; {machine['processor']}, {machine['cores']} processors; revision "
            f"`{machine['revision']}`. Load average at the start: {machine['load']}.\n",
            "| step | seconds | CPU seconds | peak MiB of the process so far |",
            "|---|---:|---:|---:|",
            *rows,
            f"\nLargest difference between margin and sum of contributions: {facts['farthest_from_sum']:.1e} (log-odds).\n",
        ]
    )


def draw(result: dict[str, Any], folder: Path) -> None:
    """Write the plots of a results file."""
    folder.mkdir(parents=True, exist_ok=True)
    name, summary = result["name"], summarise(result)
    plot_features(summary, folder / f"{name}-features.svg")
    plot_stages(summary, {"day": "next day", "rebuild": "rebuild"}, folder / f"{name}-news.svg")
    if summary.of("whole day"):
        plot_stages(summary, {"whole day": "a whole day"}, folder / f"{name}-whole.svg")


def read_results(folder: Path) -> list[dict[str, Any]]:
    """Read the results of plans, largest sizes first."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json") if path.stem in PLANS]
    return sorted(results, key=lambda result: max(one["entities"] for one in result["measurements"]), reverse=True)


def whole_page(folder: Path) -> str:
    """The whole page: speed of days, scoring and the console, then accuracy, for all results in a folder."""
    others = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json") if path.stem not in PLANS}
    parts = [render(read_results(folder))]
    parts += [write(others[name]) for name, write in (("scoring", render_scoring), ("console", render_console)) if name in others]
    return "".join([*parts, render_how_right(others)])


def main() -> None:
    """Write the page and its plots."""
    for result in read_results(RESULTS):
        draw(result, PLOTS)
    PAGE.write_text(whole_page(RESULTS), encoding="utf-8")


if __name__ == "__main__":
    main()
