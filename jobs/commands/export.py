"""``steelyard export``: write a day's list to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.options import AsOfOption, HomeOption, ProfileOfRunOption, day, profile_of_run
from jobs.foundation.errors import ConfigError
from jobs.foundation.log import stage
from jobs.texts.languages import DEFAULT, LANGUAGES

TABLES = ("risk_list",)


def export(
    table: Annotated[str, typer.Argument(help="What to export: risk_list.")],
    as_of: AsOfOption,
    home: HomeOption,
    out: Annotated[Path, typer.Option("--out", help="The file to write; an existing file is replaced.")],
    format: Annotated[
        str, typer.Option("--format", help="The format: csv, parquet, or html (one page that opens without a network).")
    ] = "html",
    profile: ProfileOfRunOption = "",
    language: Annotated[
        str, typer.Option("--language", help=f"The language of reasons and page: {', '.join(LANGUAGES)}.")
    ] = DEFAULT,
) -> None:
    """Write a day's list with its reasons to an HTML, CSV or Parquet file."""
    from jobs.report.export_list import export_list

    if table not in TABLES:
        raise ConfigError(what=f"{table!r} cannot be exported", where="the argument TABLE", next_step=f"name {', '.join(TABLES)}")
    on = day(as_of)
    with stage("export", table=table, format=format) as current:
        size = export_list(home, profile_of_run(home, on, profile), on, format=format, out=out, language=language)
        current.note(bytes=size, out=str(out))
