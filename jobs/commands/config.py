"""``steelyard config``: check or show a profile and its mappings."""

from __future__ import annotations

import json
import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from jobs.commands.options import ProfileOption

INVALID = 2
app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check a profile and its source mappings, or show them.")

SourcesFolder = Annotated[
    Path | None,
    typer.Option(
        "--sources", help="The folder of deliveries. Expressions over Parquet columns are then checked with the types in the files."
    ),
]


@app.command()
def check(
    profile: ProfileOption,
    sources: SourcesFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Report every problem in a profile and its mappings, and what to do. Exit with 2 if one is an error."""
    from jobs.engine.session import open_session
    from jobs.onboarding.mapping_check import check_profile
    from jobs.profile.load_profile import profile_folder

    folder = profile_folder(profile)
    findings = check_profile(folder, open_session, sources)
    errors = sum(finding.problem.is_error for finding in findings)
    rows = [
        {
            "severity": "error" if finding.problem.is_error else "warning",
            "file": str(finding.file.relative_to(folder) if finding.file.is_relative_to(folder) else finding.file),
            "setting": finding.problem.setting,
            "what": finding.problem.what,
            "then": finding.problem.next_step,
        }
        for finding in findings
    ]
    if as_json:
        typer.echo(json.dumps({"profile": str(folder), "errors": errors, "findings": rows}, ensure_ascii=False, indent=2))
    else:
        _show_findings(rows)
        typer.echo(f"{folder.name}: {errors} errors, {len(rows) - errors} warnings")
    if errors:
        raise typer.Exit(INVALID)


def _show_findings(rows: list[dict[str, str]]) -> None:
    """Print a table on a terminal; otherwise one line a finding."""

    if not rows:
        return
    if not sys.stdout.isatty():
        for row in rows:
            typer.echo(f"{row['severity']}: {row['file']}: {row['setting']}: {row['what']}; {row['then']}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(show_lines=True)
    for heading in ("", "file", "setting", "what is wrong", "what to do"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        style = "bold red" if row["severity"] == "error" else "yellow"
        table.add_row(Text(row["severity"], style=style), *(Text(row[name]) for name in ("file", "setting", "what", "then")))
    Console().print(table)


@app.command()
def show(profile: ProfileOption) -> None:
    """Print the profile and its mappings as JSON, with all defaults and the final SQL, without secrets."""
    from jobs.profile.load_profile import load_profile
    from jobs.profile.mapping import known_at_expression, load_mappings, select_expressions

    loaded = load_profile(profile)
    mappings = {
        name: {
            **vars(mapping),
            "contract": mapping.contract.name,
            "known_at": known_at_expression(mapping, loaded.time_zone),
            "columns": select_expressions(mapping),
        }
        for name, mapping in load_mappings(loaded.folder).items()
    }
    shown = {**vars(loaded), "fingerprint": loaded.fingerprint(), "sources": mappings}
    typer.echo(json.dumps(shown, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    """A setting of a type that JSON does not have."""
    if is_dataclass(value):
        return vars(value)
    return sorted(value) if isinstance(value, frozenset) else str(value)
