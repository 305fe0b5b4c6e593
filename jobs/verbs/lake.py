"""``steelyard lake``: look after a home's tables."""

from __future__ import annotations

import typer

from jobs.verbs.options import AsOfOption, HomeOption, ProfileOfRunOption, day

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look after a home's tables.")


@app.callback()
def lake() -> None:
    """Look after a home's tables: what they were, whether they are sound, copies of them, and the room that they take."""


@app.command()
def maintain(home: HomeOption, as_of: AsOfOption, profile: ProfileOfRunOption = "") -> None:
    """Trim old features, join small files, and drop what the policy's days of time travel no longer need."""
    from jobs.lake_care.maintain import maintain as do
    from jobs.runtime.lake import Lake
    from jobs.runtime.lock import only_writer
    from jobs.runtime.log import stage
    from jobs.verbs.options import existing_home, profile_of_run

    on = day(as_of)
    retention = profile_of_run(existing_home(home), on, profile).retention
    with only_writer(home), stage("maintain") as current:
        done = do(Lake(home), retention, on)
        current.note(
            since=str(done.since), trimmed_days=len(done.trimmed), joined=done.joined, freed=done.freed, log_files=done.log_files
        )


@app.command()
def migrate(home: HomeOption) -> None:
    """Bring a home made by an earlier Steelyard up to the columns that this one writes; a home that is up to date stays as it is."""
    from jobs.lake_care.migrate import migrate as do
    from jobs.runtime.lake import Lake
    from jobs.runtime.lock import only_writer
    from jobs.verbs.options import existing_home

    with only_writer(existing_home(home)):
        done = do(Lake(home))
    for table in done:
        typer.echo(f"{table.table}: version {table.before} to {table.after}")
    if not done:
        typer.echo("every table is up to date")
