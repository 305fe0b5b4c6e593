"""``steelyard run``: run a whole day without Airflow."""

from __future__ import annotations

from typing import Annotated

import typer

from jobs.commands.options import AsOfOption, HomeOption, ProfileOption, SourcesOption, day, sources_folder
from jobs.foundation.locks import hold_home_lock
from jobs.foundation.log import stage


def run(
    profile: ProfileOption,
    sources: SourcesOption,
    home: HomeOption,
    as_of: AsOfOption,
    top: Annotated[int, typer.Option(help="The number of listed entities to show.", min=0)] = 20,
) -> None:
    """Run a whole day: take in every source, score every entity, and write the day's list and report."""
    from rich.console import Console

    from jobs.engine.lake import Lake
    from jobs.lake.maintenance.migrate import check_migrated
    from jobs.profile.load_profile import load_profile
    from jobs.report.daily_report import gather
    from jobs.report.export_list import export_list
    from jobs.report.terminal import show_list
    from jobs.run_day import run_day

    settings, on, folder = load_profile(profile), day(as_of), sources_folder(sources, home)
    report = home / "reports" / f"risk_list_{on}.html"
    with hold_home_lock(home):
        lake = Lake(home)
        check_migrated(lake)
        run_day(lake, settings, folder, on)
        with stage("export"):
            export_list(home, settings, on, format="html", out=report, language="en")
    console = Console()
    show_list(gather(home, settings, on), console, top=top)
    console.print(
        f"The report is {report}; other formats: steelyard export risk_list --home {home} --as-of {on} --format csv --out FILE",
        soft_wrap=True,
    )
