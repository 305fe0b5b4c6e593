"""``steelyard source`` and ``steelyard profile``: draft a mapping, or a profile with its mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

source_app = typer.Typer(add_completion=False, no_args_is_help=True, help="Onboard a source.")
profile_app = typer.Typer(add_completion=False, no_args_is_help=True, help="Create a profile.")


@source_app.callback()
def source() -> None:
    """Onboard a source: draft a mapping from a raw file."""


@source_app.command()
def infer(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A raw file of the source, of a format that mappings know.")],
    contract: Annotated[
        str | None, typer.Option("--contract", help="The contract of its records, such as complaint; guessed by default.")
    ] = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", help="The time zone of its timestamps, such as Europe/Berlin; none is assumed.")
    ] = "",
) -> None:
    """Write a draft mapping for FILE to standard output. Review each line with a ?, then run `steelyard config check`."""
    from jobs.onboarding.mapping_draft import draft_mapping

    typer.echo(draft_mapping(file, contract, time_zone), nl=False)


@profile_app.callback()
def profile() -> None:
    """Create a profile: what a jurisdiction decides, and its sources."""


@profile_app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name for a folder in config/, or a path with a /.")],
    sources: Annotated[
        Path | None, typer.Option("--from", help="A folder of deliveries: a mapping is drafted for each kind of file in it.")
    ] = None,
    time_zone: Annotated[str, typer.Option("--time-zone", help="The IANA name of its time zone, such as America/Toronto.")] = "UTC",
    currency: Annotated[str, typer.Option("--currency", help="The ISO 4217 code of its currency; XXX is no currency.")] = "XXX",
) -> None:
    """Write a new profile with a comment on every setting. Decide the lines with a ?, then run `steelyard config check`."""
    from jobs.onboarding.profile_draft import create_profile

    folder, drafts = create_profile(name, sources, time_zone, currency)
    typer.echo(f"profile: {folder}")
    for one in drafts:
        place = f"sources/{one.mapping}: {one.contract}, {one.found} columns found" if one.mapping else "not a source"
        typer.echo(f"{one.file.name} -> {place}{f' ({one.needs})' if one.needs else ''}")
        for other in one.others:
            typer.echo(f"  {other}")
    shown = folder if "/" in name else name
    typer.echo(f"next: decide the lines with a ?, then run `steelyard config check --profile {shown}`")
