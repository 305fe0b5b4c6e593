"""``steelyard quarantine``: show rejected records, say why they were rejected, and release those that a rerun accepts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.commands.options import (
    AsOfOption,
    HomeOption,
    ProfileOfRunOption,
    ProfileOption,
    SourcesOption,
    YesOption,
    confirm,
    day,
    existing_home,
    profile_of_last_run,
    sources_folder,
)
from jobs.commands.rows import show as show_rows
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.foundation.locks import hold_home_lock

if TYPE_CHECKING:
    from jobs.engine.lake import Lake
    from jobs.lake.maintenance.quarantined import Cause, Place
    from jobs.profile.mapping import SourceMapping
    from jobs.profile.profile import Profile

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Show, explain and release rejected records.")
SourceArgument = Annotated[str, typer.Argument(help="The source's name.")]
DeliveredOption = Annotated[str, typer.Option("--delivered-on", help="Only the delivery of this day, as YYYY-MM-DD.")]
RuleOption = Annotated[str, typer.Option("--rule", help="Only records that broke this rule, such as key_conflict.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


@app.callback()
def quarantine() -> None:
    """Show the records that a source's checks rejected, say why, and release those that a rerun accepts."""


@app.command()
def show(
    source: SourceArgument,
    home: HomeOption,
    delivered_on: DeliveredOption = "",
    rule: RuleOption = "",
    rows: Annotated[int, typer.Option(help="The number of records to show.", min=1)] = 20,
    json: JsonOption = False,
) -> None:
    """Show rejected records with file, row, rule and value; the newest delivery first. Personal values are masked."""
    from jobs.lake.maintenance.quarantined import quarantined_records
    from jobs.lake.tables import LakeTables

    found = quarantined_records(LakeTables(_home_of(home, source)), source, _where(delivered_on, rule), rows)
    show_rows(found, as_json=json, empty=f"no such record of {source} is in quarantine")


@app.command()
def why(
    source: SourceArgument,
    home: HomeOption,
    profile: ProfileOfRunOption = "",
    delivered_on: DeliveredOption = "",
    rule: RuleOption = "",
) -> None:
    """Say for each rule what was found, where the mapping reads it, and what to do."""
    from jobs.lake.maintenance.quarantined import causes
    from jobs.lake.tables import LakeTables
    from jobs.profile.mapping import load_mapping

    found = causes(LakeTables(_home_of(home, source)), source, _where(delivered_on, rule))
    path = profile_of_last_run(home, date.max, profile).folder / "sources" / f"{source}.toml"
    mapping = load_mapping(path) if path.is_file() else None
    for cause in found:
        for line in _explained(cause, mapping):
            typer.echo(line)
    if not found:
        typer.echo(f"no such record of {source} is in quarantine")


@app.command()
def release(
    source: SourceArgument,
    profile: ProfileOption,
    sources: SourcesOption,
    home: HomeOption,
    as_of: AsOfOption,
    yes: YesOption = False,
) -> None:
    """Say which records a rerun accepts after the mapping, a limit or a file was corrected, and run the source again.

    The question is answered in a temporary home, so nothing changes before you confirm. Lists of finished days stay as they are.
    """
    from jobs.engine.lake import Lake
    from jobs.lake.maintenance.quarantined import records_by_place
    from jobs.profile.load_profile import load_profile
    from jobs.sources.sources_of_day import mappings_of_day
    from jobs.take_in_source import take_in

    settings, on, folder = load_profile(profile), day(as_of), sources_folder(sources, home)
    mapping = mappings_of_day(settings.folder, home, on, folder).get(source)
    if mapping is None:
        raise ConfigError(
            what=f"the profile has no usable mapping {source!r}",
            where=str(settings.folder / "sources"),
            next_step="name one of its sources; `steelyard config check` says what is wrong with a mapping",
        )
    lake = Lake(_home_of(home, source))
    with hold_home_lock(home):
        before = records_by_place(lake, source, on)
        after, delivered, lines = _rehearse(lake, settings, mapping, folder, on)
        withdrawn = {place for place in before if place[1] not in delivered}
        accepted, new = len(before - after - withdrawn), len(after - before)
        typer.echo(f"{source}: {len(before):,} records are in quarantine; a rerun accepts {accepted:,} and rejects {new:,} others")
        if withdrawn:
            names = ", ".join(sorted({name for _, name, _ in withdrawn}))
            typer.echo(f"  {len(withdrawn):,} of them are no longer delivered: {names}")
        for line in lines:
            typer.echo(f"  {line}")
        if before == after:
            typer.echo("nothing changes; `steelyard quarantine why` says what to correct")
            return
        confirm("run the source again?", yes)
        done = take_in(lake, settings, mapping, folder, on)
    typer.echo(f"{source}: {len(records_by_place(lake, source, on)):,} records are in quarantine; verdict: {done.verdict.value}")
    typer.echo(f"next: `steelyard run` makes the list of {on} with them")


def _rehearse(
    lake: Lake, settings: Profile, mapping: SourceMapping, folder: Path, on: date
) -> tuple[set[Place], set[str], list[str]]:
    """Ingest and gate the source in a temporary home. Return what is in quarantine then, the delivered files, and why, in lines."""
    from jobs.engine.lake import Lake
    from jobs.lake.maintenance.quarantined import causes, records_by_place
    from jobs.replay import temporary_home
    from jobs.steps.gate_source import gate_new_days
    from jobs.steps.ingest_source import ingest_source

    with temporary_home() as home:
        trial = Lake(home, lake.session)
        known = ingest_source(trial, settings, mapping, folder, on).known
        batches = gate_new_days(trial, settings, mapping, folder, on)
        lines = [f"rejected: {cause.sentence}" for cause in causes(trial, mapping.name)]
        for batch in batches:
            stopped = f"the delivery of {batch.delivered_on} would be stopped: "
            lines += [f"{stopped}{reason}" for reason in (*batch.unusable, *batch.stopped)]
        delivered = {file.name for batch in known for file in batch.files}
        return records_by_place(trial, mapping.name, on), delivered, lines


def _where(delivered_on: str, rule: str) -> str:
    """SQL that selects the records of the delivery and the rule that the options name."""
    from jobs.lake.maintenance.quarantined import records_of

    return records_of(day(delivered_on, "--delivered-on") if delivered_on else None, rule)


def _home_of(home: Path, source: str) -> Path:
    """The home, if it has deliveries of the source.

    Raises:
        InputMissing: when it has none.
    """
    books = sorted(path.stem for path in (existing_home(home) / "manifests" / "batches").glob("*.json"))
    if source not in books:
        then = f"name one of {', '.join(books)}" if books else "run a day first"
        raise InputMissing(what=f"this home has no deliveries of a source {source!r}", where=str(home), next_step=then)
    return home


_TO_DO = {
    "read": "ask the owner for a corrected file, or correct encoding, delimiter or [raw] of the mapping",
    "map": "correct the expression so that it reads this value, or ask the owner for a corrected file",
    "compare": "say with [group_by], newest_by or same_key of the mapping which record counts, or ask the owner",
    "gate": "ask the owner for a corrected file, or correct the expression if it reads the value wrongly",
}


def _explained(cause: Cause, mapping: SourceMapping | None) -> Iterator[str]:
    yield f"{cause.delivered_on}: {cause.records:,} records broke {cause.rule}"
    yield f"  for example: {cause.reason}"
    if cause.column and mapping is not None:
        written = mapping.known_at if cause.column == "known_at" else mapping.columns.get(cause.column)
        sql = written or mapping.expression(cause.column)
        raw = ", ".join(mapping.raw_inputs(cause.column))
        yield f"  {mapping.path.name}: {cause.column} {f'= {sql}' if sql else 'is not mapped'}{f', from {raw}' if raw else ''}"
    owner = f" ({mapping.owner})" if mapping is not None else ""
    yield f"  to do: {_TO_DO[cause.stage]}{owner}; then `steelyard quarantine release`"
