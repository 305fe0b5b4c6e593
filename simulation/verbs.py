"""The simulation's verbs: ``generate`` and ``assess-demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def generate(
    entities: Annotated[int, typer.Option(help="How many market entities, over the whole window.")],
    out: Annotated[Path, typer.Option(help="An empty or new folder: OUT/sources and OUT/truth are written.")],
    months: Annotated[int, typer.Option(help="Months of history; the last is the month of --as-of.")] = 24,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 20260101,
    as_of: Annotated[str, typer.Option(help="The world's last day, YYYY-MM-DD.")] = "2026-06-30",
) -> None:
    """Invent a world: registration, tax, complaint and inspection files as agencies hand them over, and the truth apart."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from simulation.generate import generate_world
    from simulation.options import day_named

    last = day_named(as_of, "--as-of")
    columns = (TextColumn("inventing entities"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, disable=not _is_terminal()) as progress:
        task = progress.add_task("", total=entities)
        generate_world(
            entities=entities,
            months=months,
            seed=seed,
            out=out,
            as_of=last,
            advance=lambda done: progress.update(task, completed=done),
        )
    typer.echo(f"{entities} entities over {months} months to {last} are in {out / 'sources'}; the truth is in {out / 'truth'}")


def _is_terminal() -> bool:
    import sys

    return sys.stderr.isatty()
