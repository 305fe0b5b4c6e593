"""`steelyard outcomes`: what visits found, delivered to the lake."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from console.publishing.open_site import FolderOption, HomeOption, open_site
from jobs.foundation.errors import ConfigError


def outcomes(
    as_of: Annotated[str, typer.Option("--as-of", help="The day, as YYYY-MM-DD, in the profile's time zone.")],
    home: HomeOption,
    sources: Annotated[Path, typer.Option("--sources", help="The folder that the sources deliver into.")],
    folder: FolderOption = "",
    profile: Annotated[str, typer.Option("--profile", help="Taken and not needed: results are of the published profile.")] = "",  # noqa: ARG001
) -> None:
    """Deliver the results that were recorded on a day, as the source console_results; give it again and the file is the same."""
    try:
        on = datetime.strptime(as_of, "%Y-%m-%d").date()
    except ValueError as error:
        raise ConfigError(
            what=f"{as_of!r} is no day", where="--as-of", next_step="write it as YYYY-MM-DD, such as 2026-06-30"
        ) from error
    if not sources.is_dir():
        raise ConfigError(
            what="the sources folder is not there", where=str(sources), next_step="give the folder that holds the deliveries"
        )
    open_site(home, folder)
    from console.publishing.outcomes import export_outcomes

    path, count = export_outcomes(sources, on)
    typer.echo(json.dumps({"stage": "outcomes", "results": count, "file": str(path or "")}), err=True)
