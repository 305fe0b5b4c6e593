"""``steelyard lake``: inspect and maintain a home's tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.options import (
    AsOfOption,
    HomeOption,
    ProfileOfRunOption,
    ProfileOption,
    YesOption,
    check_profile_of_home,
    confirm,
    day,
    existing_home,
    profile_of_last_run,
)
from jobs.foundation.errors import ConfigError, Damaged, InputMissing
from jobs.foundation.findings import Verdict
from jobs.foundation.locks import hold_folder_lock, hold_home_lock
from jobs.foundation.log import stage

JsonOption = Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")]

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Inspect and maintain a home's tables.")


@app.command()
def history(
    home: HomeOption,
    table: Annotated[str, typer.Argument(metavar="[TABLE]", help="A table, such as gold.risk_list; all tables by default.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="The number of versions to show, newest first.", min=1)] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show all tables; or the versions of one table: when and by what each was made, and which days' runs used it."""
    from jobs.commands.rows import show
    from jobs.lake.maintenance.history import table_states, table_versions
    from jobs.lake.maintenance.table_files import table_of
    from jobs.lake.tables import LakeTables

    there = LakeTables(existing_home(home))
    found = table_versions(there, table_of(there, table), limit) if table else table_states(there)
    show(found, as_json=as_json, empty="there are no tables yet")


@app.command()
def check(home: HomeOption, as_json: JsonOption = False) -> None:
    """Check every table, every finished day and every source's counts. Exit with 9 if one is damaged."""

    from jobs.lake.maintenance.check import check as do
    from jobs.lake.tables import LakeTables

    findings = []
    with hold_home_lock(existing_home(home)):
        for finding in do(LakeTables(home)):
            findings.append(finding)
            if not as_json:
                typer.echo(f"{finding.verdict:<4}  {finding.subject:<22}  {finding.check:<9}  {finding.found}")
                if finding.next_step:
                    typer.echo(f"{'':<4}  -> {finding.next_step}")
    failed = [finding for finding in findings if finding.verdict is Verdict.FAIL]
    if as_json:
        rows = [
            {"subject": one.subject, "check": one.check, "verdict": one.verdict, "found": one.found, "then": one.next_step}
            for one in findings
        ]
        typer.echo(json.dumps({"sound": not failed, "findings": rows}, ensure_ascii=False, indent=2))
    else:
        typer.echo(f"this home is {'not sound' if failed else 'sound'}")
    if failed:
        raise typer.Exit(Damaged.exit_code)


@app.command()
def restore(
    home: HomeOption,
    table: Annotated[str, typer.Argument(metavar="[TABLE]", help="A table; by default all tables of the day's run.")] = "",
    version: Annotated[
        int | None, typer.Option("--version", help="The version, as `steelyard lake history TABLE` shows it.")
    ] = None,
    as_of_run: Annotated[
        str, typer.Option("--as-of-run", help="A finished day, as YYYY-MM-DD, whose run's versions to restore.")
    ] = "",
    yes: YesOption = False,
) -> None:
    """Restore a table, or all tables of a finished day, by a new version, and say what the next run has to do again."""
    from jobs.lake.maintenance.restore import plan_day, plan_table
    from jobs.lake.maintenance.restore import restore as do
    from jobs.lake.tables import LakeTables

    if (version is None) == (not as_of_run) or (version is not None and not table):
        raise ConfigError(
            what="the version to restore is not named",
            where="--version and --as-of-run",
            next_step="give TABLE --version N, or --as-of-run DAY with a table or without one for all",
        )
    there = LakeTables(existing_home(home))
    with hold_home_lock(home):
        plan = plan_day(there, day(as_of_run, "--as-of-run"), table) if version is None else plan_table(there, table, version)
        if not plan.tables:
            typer.echo("the tables hold those rows already")
            return
        for line in plan.sentences():
            typer.echo(line)
        confirm("restore them?", yes)
        do(there, plan)


@app.command()
def backup(
    to: Annotated[Path, typer.Option("--to", help="The folder for backups, outside the home and preferably on another disk.")],
    home: HomeOption,
    verify: Annotated[bool, typer.Option("--verify", help="Make no backup; compare the newest one with its hashes.")] = False,
) -> None:
    """Back up a consistent copy of the home below --to. Files that are unchanged since the last backup take no space."""
    from jobs.lake.maintenance.backup import back_up, check_apart

    if verify:
        _verify(to)
        return
    check_apart(existing_home(home), to)
    with hold_home_lock(home), hold_folder_lock(to), stage("backup") as current:
        done = back_up(home, to)
        current.note(files=done.files, bytes=done.bytes, copied=done.copied, copied_bytes=done.copied_bytes)
    typer.echo(str(done.folder))


def _verify(to: Path) -> None:
    """Compare the newest backup with its hashes.

    Raises:
        InputMissing: when there is no backup.
        Damaged: when a file has changed.
    """
    from jobs.lake.maintenance.backup import newest_backup
    from jobs.lake.maintenance.backup import verify as differences

    folder = newest_backup(to)
    if folder is None:
        raise InputMissing(what="there is no backup here", where=str(to), next_step="make one with `steelyard lake backup`")
    with stage("verify", folder=str(folder)):
        wrong = differences(folder)
    for line in wrong:
        typer.echo(line)
    if wrong:
        raise Damaged(
            what=f"{len(wrong)} files have changed since they were copied",
            where=str(folder),
            next_step="move this backup away, make a new one, and check the disk",
        )
    typer.echo(f"{folder}: every file is unchanged")


@app.command()
def maintain(home: HomeOption, as_of: AsOfOption, profile: ProfileOfRunOption = "") -> None:
    """Delete old features and links, merge small files, and delete versions older than the profile's time travel."""
    from jobs.lake.maintenance.maintain import maintain as do
    from jobs.lake.tables import LakeTables

    on = day(as_of)
    chosen = profile_of_last_run(existing_home(home), on, profile)
    if profile:
        check_profile_of_home(home, chosen)
    with hold_home_lock(home), stage("maintain") as current:
        done = do(LakeTables(home), chosen.retention, on)
        current.note(
            since=str(done.since), trimmed_days=len(done.trimmed), joined=done.joined, freed=done.freed, log_files=done.log_files
        )


@app.command()
def forget(
    source: Annotated[str, typer.Argument(help="A source that the profile does not map.")],
    profile: ProfileOption,
    home: HomeOption,
    yes: YesOption = False,
) -> None:
    """Delete all rows of a source that the profile does not map; lists of finished days stay as they are."""
    from jobs.lake.maintenance.orphaned_sources import count_orphaned_rows, forget_source, is_known
    from jobs.lake.tables import LakeTables
    from jobs.profile.load_profile import load_profile
    from jobs.profile.mapping import mapped_sources

    chosen = load_profile(profile)
    check_profile_of_home(existing_home(home), chosen)
    folder = chosen.folder
    mapped = mapped_sources(folder)
    if source in mapped:
        raise ConfigError(
            what=f"the profile maps {source}",
            where=str(folder / "sources" / f"{source}.toml"),
            next_step="remove the mapping from the profile first",
        )
    with hold_home_lock(existing_home(home)):
        there = LakeTables(home)
        unmapped = count_orphaned_rows(there, mapped)
        if not is_known(there, source):
            others = f"name one of {', '.join(unmapped)}" if unmapped else "silver has rows of mapped sources only"
            raise InputMissing(what=f"the lake has no rows of a source {source!r}", where=str(home), next_step=others)
        typer.echo(f"{source}: {unmapped.get(source, 0)} rows in silver, and all its rows in bronze and quarantine")
        confirm("delete them?", yes)
        forget_source(there, source)


@app.command()
def migrate(home: HomeOption) -> None:
    """Migrate the tables of an earlier version of Steelyard to the current columns."""
    from jobs.lake.maintenance.migrate import migrate as do
    from jobs.lake.tables import LakeTables

    with hold_home_lock(existing_home(home)):
        done = do(LakeTables(home))
    for table in done:
        typer.echo(f"{table.table}: version {table.before} to {table.after}")
    if not done:
        typer.echo("every table is up to date")
