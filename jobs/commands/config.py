"""``steelyard config``: check or show a profile and its mappings."""

from __future__ import annotations

import json
import sys
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jobs.commands.options import ProfileOption
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.texts.languages import DEFAULT, LANGUAGES, Texts, load_texts

if TYPE_CHECKING:
    from jobs.onboarding.possible_indicators import Possible

INVALID = 2
PARTS = ("sources", "columns", "values", "partly", "unseen", "empty", "single", "uncounted")
app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check a profile and its source mappings, or show them.")

SourcesFolder = Annotated[
    Path | None,
    typer.Option(
        "--sources",
        help="The folder of deliveries. Expressions over Parquet columns are then checked with the types in the files, and the"
        " indicators are computed on a sample of the newest deliveries.",
    ),
]


@app.command()
def check(
    profile: ProfileOption,
    sources: SourcesFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
    language: Annotated[str, typer.Option("--language", help=f"The language of the indicators: {', '.join(LANGUAGES)}.")] = DEFAULT,
) -> None:
    """Report every problem in a profile and its mappings, and what to do; and which indicators the mappings make possible.

    With --sources and without errors, the indicators are those of a sample, computed in a temporary home in half a minute.

    Exit with 2 if one is an error.
    """
    from jobs.engine.session import open_session
    from jobs.onboarding.mapping_check import check_profile
    from jobs.onboarding.possible_indicators import possible_indicators
    from jobs.profile.load_profile import load_profile, profile_folder

    texts, folder = load_texts(language), profile_folder(profile)
    if sources is not None and not sources.is_dir():
        then = "give the folder that holds the deliveries with --sources"
        raise ConfigError(what="the sources folder does not exist", where=str(sources), next_step=then)
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
    possible, title = possible_indicators(folder), texts("possible.title")
    sample: dict[str, str] = {}
    if sources is not None and not errors and possible:
        from jobs.onboarding.sample_indicators import indicators_on_sample
        from jobs.take_in_source import take_in

        try:
            as_of, possible = indicators_on_sample(possible, load_profile(profile), sources.resolve(), take_in)
            sample, title = {"as_of": str(as_of)}, texts("possible.on_sample", day=str(as_of))
        except InputMissing as error:
            sample, title = {"missing": str(error)}, f"{texts('possible.no_sample', why=str(error))}\n{title}"
    if as_json:
        indicators = {one.indicator.column: {k: v for k, v in vars(one).items() if v and k != "indicator"} for one in possible}
        found = {"profile": str(folder), "errors": errors, "findings": rows, "sample": sample, "indicators": indicators}
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        if errors:
            typer.echo(texts("possible.after_errors"))
        else:
            _show_possible(possible, title, texts)
        _show_findings(rows)
        typer.echo(f"{folder.name}: {errors} errors, {len(rows) - errors} warnings")
    if errors:
        raise typer.Exit(INVALID)


def _show_possible(possible: list[Possible], title: str, texts: Texts) -> None:
    """Print for each indicator whether it is computed, constant or null, and what it lacks."""
    from jobs.onboarding.possible_indicators import OUTCOMES

    typer.echo(title)
    width = max(len(one.indicator.column) for one in possible)
    for one in possible:
        lacks = [texts(f"possible.{part}", names="; ".join(names)) for part in PARTS if (names := getattr(one, part))]
        outcome = texts("possible.always", value=one.always) if one.always else texts(f"possible.{one.outcome}")
        typer.echo(f"  {one.indicator.column:<{width}}  {'; '.join([outcome, *lacks])}")
    numbers = {outcome: sum(one.outcome == outcome for one in possible) for outcome in OUTCOMES}
    typer.echo(texts("possible.total", **numbers))


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
