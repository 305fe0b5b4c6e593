"""``steelyard trace``: trace a reason back to files and rows."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.commands.options import AsOfOption, HomeOption, ProfileOfRunOption, day, profile_of_run


def trace(
    entity: Annotated[str, typer.Argument(help="The entity's identifier.")],
    as_of: AsOfOption,
    home: HomeOption,
    profile: ProfileOfRunOption = "",
    rows: Annotated[int, typer.Option(help="The number of rows of each table to show.", min=0)] = 12,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show an entity's class and points, its reasons, features and silver rows, and the file and row of each."""
    from rich.console import Console

    from jobs.analysis.trace import as_json, show_trace, trace_entity
    from jobs.engine.lake import Lake

    found = trace_entity(Lake(home), profile_of_run(home, day(as_of), profile), entity, day(as_of))
    if json:
        typer.echo(as_json(found))
    else:
        show_trace(found, Console(), rows=rows)
