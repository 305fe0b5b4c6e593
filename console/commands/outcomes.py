"""`steelyard outcomes`: export the results of visits to the lake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from console.publishing.open_site import AsOfOption, FolderOption, HomeOption, open_existing_site, parse_day
from jobs.foundation.errors import ConfigError


def outcomes(
    as_of: AsOfOption,
    home: HomeOption,
    sources: Annotated[Path, typer.Option("--sources", help="The folder that the sources deliver into.")],
    folder: FolderOption = "",
    profile: Annotated[str, typer.Option("--profile", help="Accepted and not needed: it is the published profile.")] = "",  # noqa: ARG001
) -> None:
    """Export the results that were recorded on a day as the source console_results. The same day gives the same file."""
    on = parse_day(as_of)
    if not sources.is_dir():
        raise ConfigError(
            what="the sources folder does not exist", where=str(sources), next_step="give the folder with the deliveries"
        )
    open_existing_site(home, folder)
    from console.publishing.outcomes import export_outcomes

    path, count = export_outcomes(sources, on)
    typer.echo(json.dumps({"stage": "outcomes", "results": count, "file": str(path or "")}), err=True)
