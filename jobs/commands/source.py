"""``steelyard source``: onboard a source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Onboard a source.")


@app.callback()
def source() -> None:
    """Onboard a source: draft a mapping from a raw file."""


@app.command()
def infer(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A raw file of the source: CSV, JSON Lines or Parquet.")],
    contract: Annotated[
        str | None, typer.Option("--contract", help="The contract of its records, such as complaint; guessed by default.")
    ] = None,
) -> None:
    """Write a draft mapping for FILE to standard output. Review each line with a ?, then run `steelyard config check`."""
    from jobs.onboarding.mapping_draft import draft_mapping

    typer.echo(draft_mapping(file, contract), nl=False)
