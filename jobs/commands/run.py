"""``steelyard run``: run a whole day, or a range of days, without Airflow."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.commands.options import HomeOption, ProfileOption, SourcesOption, day, sources_folder
from jobs.foundation.errors import ConfigError
from jobs.foundation.locks import hold_home_lock
from jobs.foundation.log import stage

if TYPE_CHECKING:
    from jobs.engine.lake import Lake
    from jobs.profile.profile import Profile


def run(
    profile: ProfileOption,
    sources: SourcesOption,
    home: HomeOption,
    as_of: Annotated[str, typer.Option("--as-of", help="The day, as YYYY-MM-DD, in the profile's time zone.")] = "",
    first: Annotated[str, typer.Option("--first", help="The first day of a range, instead of --as-of.")] = "",
    last: Annotated[str, typer.Option("--last", help="The last day of the range.")] = "",
    top: Annotated[int, typer.Option(help="The number of listed entities to show.", min=0)] = 20,
) -> None:
    """Run a whole day: take in every source, score every entity, and write the day's list and report. A range runs in order.

    The terminal shows the list of the day, or of the last day of the range. A day that fails ends the range.
    """
    from rich.console import Console

    from jobs.engine.lake import Lake
    from jobs.lake.maintenance.migrate import check_migrated
    from jobs.profile.load_profile import load_profile
    from jobs.report.daily_report import gather
    from jobs.report.terminal import show_list

    settings, days, folder = load_profile(profile), _days(as_of, first, last), sources_folder(sources, home)
    with hold_home_lock(home):
        lake = Lake(home)
        check_migrated(lake)
        reports = [_run_day(lake, settings, folder, on) for on in days]
    console = Console()
    show_list(gather(home, settings, days[-1]), console, top=top)
    console.print(
        f"The report is {reports[-1]}; other formats: steelyard export risk_list --home {home} --as-of {days[-1]} --format csv"
        " --out FILE",
        soft_wrap=True,
    )


def _run_day(lake: Lake, settings: Profile, sources: Path, on: date) -> Path:
    """Run one day; return its report."""
    from jobs.report.export_list import export_list
    from jobs.run_day import run_day

    report = lake.home / "reports" / f"risk_list_{on}.html"
    run_day(lake, settings, sources, on)
    with stage("export", as_of=str(on)):
        export_list(lake.home, settings, on, format="html", out=report, language="en")
    return report


def _days(as_of: str, first: str, last: str) -> list[date]:
    """The days that the options name.

    Raises:
        ConfigError: when they name no day, or both a day and a range, or a range that ends before it begins.
    """
    if as_of and not first and not last:
        return [day(as_of)]
    if as_of or not (first and last):
        raise ConfigError(
            what="the options name no day" if not (as_of or first or last) else "the options name neither one day nor one range",
            where="--as-of, --first, --last",
            next_step="give --as-of DAY, or --first DAY and --last DAY",
        )
    begin, end = day(first, "--first"), day(last, "--last")
    if end < begin:
        raise ConfigError(what=f"{end} is before {begin}", where="--last", next_step="give a last day that is not before the first")
    return [begin + timedelta(days=count) for count in range((end - begin).days + 1)]
