"""``steelyard lake``: look after a home's tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jobs.commands.options import AsOfOption, HomeOption, ProfileOfRunOption, ProfileOption, day

JsonOption = Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")]

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look after a home's tables.")


@app.callback()
def lake() -> None:
    """Look after a home's tables: what they were, whether they are sound, copies of them, and the room that they take."""


@app.command()
def history(
    home: HomeOption,
    table: Annotated[str, typer.Argument(metavar="[TABLE]", help="A table, such as gold.risk_list; all of them by default.")] = "",
    limit: Annotated[int, typer.Option("--limit", help="How many versions to show, the newest first.", min=1)] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show the tables as they are; or a table's versions: when each was made, by what, and which days' runs left it."""
    from jobs.commands.options import existing_home
    from jobs.commands.rows import show
    from jobs.lake.maintenance.history import table_states, table_versions
    from jobs.lake.maintenance.table_files import table_of
    from jobs.lake.tables import LakeTables

    there = LakeTables(existing_home(home))
    found = table_versions(there, table_of(there, table), limit) if table else table_states(there)
    show(found, as_json=as_json, empty="there are no tables yet")


@app.command()
def check(home: HomeOption, as_json: JsonOption = False) -> None:
    """Check every table, finished day and source's counts; exit with 9 when one is not what it must be."""
    import json

    from jobs.commands.options import existing_home
    from jobs.foundation.errors import Damaged
    from jobs.foundation.findings import Verdict
    from jobs.foundation.locks import hold_home_lock
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
    table: Annotated[str, typer.Argument(metavar="[TABLE]", help="A table; all that the day's run left by default.")] = "",
    version: Annotated[int | None, typer.Option("--version", help="The version, as `lake history TABLE` shows it.")] = None,
    as_of_run: Annotated[str, typer.Option("--as-of-run", help="A finished day, as YYYY-MM-DD: as its run left the tables.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
) -> None:
    """Bring a table, or all of a finished day, back to what it was, by a new version; what the next run must do again is said."""
    from jobs.commands.options import existing_home
    from jobs.foundation.errors import ConfigError
    from jobs.foundation.locks import hold_home_lock
    from jobs.lake.maintenance.restore import plan_day, plan_table
    from jobs.lake.maintenance.restore import restore as do
    from jobs.lake.tables import LakeTables

    if (version is None) == (not as_of_run) or (version is not None and not table):
        raise ConfigError(
            what="it is not said what to go back to",
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
        if not yes:
            _ask("go back to them?")
        do(there, plan)


def _ask(question: str) -> None:
    """Go on only when a person at a terminal says yes.

    Raises:
        ConfigError: when nobody can be asked.
    """
    import sys

    from jobs.foundation.errors import ConfigError

    if not sys.stdin.isatty():
        raise ConfigError(
            what="nobody is there to be asked", where="the terminal", next_step="read the lines above, then add --yes"
        )
    typer.confirm(question, abort=True)


@app.command()
def backup(
    to: Annotated[Path, typer.Option("--to", help="The folder of the copies, outside the home and best on another disk.")],
    home: HomeOption,
    verify: Annotated[
        bool, typer.Option("--verify", help="Make no copy, but read the newest and compare it with its hashes.")
    ] = False,
) -> None:
    """Copy the home, of one moment, into a folder of its own under --to; what did not change since the last copy takes no room."""
    from jobs.commands.options import existing_home
    from jobs.foundation.locks import hold_folder_lock, hold_home_lock
    from jobs.foundation.log import stage
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
    """Compare the newest copy with its hashes.

    Raises:
        InputMissing: when there is none.
        Damaged: when a file is not what it was.
    """
    from jobs.foundation.errors import Damaged, InputMissing
    from jobs.foundation.log import stage
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
            what=f"{len(wrong)} files are not as they were copied",
            where=str(folder),
            next_step="move this copy away, make a new one, and look after the disk",
        )
    typer.echo(f"{folder}: every file is as it was copied")


@app.command()
def maintain(home: HomeOption, as_of: AsOfOption, profile: ProfileOfRunOption = "") -> None:
    """Trim old features and links, join small files, and drop what the policy's days of time travel no longer need."""
    from jobs.commands.options import existing_home, profile_of_last_run
    from jobs.foundation.locks import hold_home_lock
    from jobs.foundation.log import stage
    from jobs.lake.maintenance.maintain import maintain as do
    from jobs.lake.tables import LakeTables

    on = day(as_of)
    retention = profile_of_last_run(existing_home(home), on, profile).retention
    with hold_home_lock(home), stage("maintain") as current:
        done = do(LakeTables(home), retention, on)
        current.note(
            since=str(done.since), trimmed_days=len(done.trimmed), joined=done.joined, freed=done.freed, log_files=done.log_files
        )


@app.command()
def forget(
    source: Annotated[str, typer.Argument(help="A source that the profile maps no more.")],
    profile: ProfileOption,
    home: HomeOption,
    yes: Annotated[bool, typer.Option("--yes", help="Do it without asking.")] = False,
) -> None:
    """Take out what a source delivered that the profile maps no more; lists of finished days stay as they are."""
    from jobs.commands.options import existing_home
    from jobs.foundation.errors import ConfigError, InputMissing
    from jobs.foundation.locks import hold_home_lock
    from jobs.lake.maintenance.orphaned_sources import count_orphaned_rows, forget_source, is_known
    from jobs.lake.tables import LakeTables
    from jobs.profile.load_profile import load_profile
    from jobs.profile.mapping import mapped_sources

    folder = load_profile(profile).folder
    mapped = mapped_sources(folder)
    if source in mapped:
        raise ConfigError(
            what=f"the profile maps {source}",
            where=str(folder / "sources" / f"{source}.toml"),
            next_step="take the mapping out of the profile first",
        )
    with hold_home_lock(existing_home(home)):
        there = LakeTables(home)
        unmapped = count_orphaned_rows(there, mapped)
        if not is_known(there, source):
            others = f"name one of {', '.join(unmapped)}" if unmapped else "silver has rows of no source but those that are mapped"
            raise InputMissing(what=f"the lake has nothing of a source {source!r}", where=str(home), next_step=others)
        typer.echo(f"{source}: {unmapped.get(source, 0)} rows in silver, and all that is of it in bronze and quarantine")
        if not yes:
            _ask("take them out?")
        forget_source(there, source)


@app.command()
def migrate(home: HomeOption) -> None:
    """Bring a home made by an earlier Steelyard up to the columns that this one writes; one that is up to date stays as it is."""
    from jobs.commands.options import existing_home
    from jobs.foundation.locks import hold_home_lock
    from jobs.lake.maintenance.migrate import migrate as do
    from jobs.lake.tables import LakeTables

    with hold_home_lock(existing_home(home)):
        done = do(LakeTables(home))
    for table in done:
        typer.echo(f"{table.table}: version {table.before} to {table.after}")
    if not done:
        typer.echo("every table is up to date")
