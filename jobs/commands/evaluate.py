"""``steelyard evaluate``: evaluate the scores of past days by later visits."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from jobs.commands.options import HomeOption, ProfileOption, SourcesOption, day, sources_folder
from jobs.foundation.locks import hold_home_lock
from jobs.foundation.log import progress_of


def evaluate(
    profile: ProfileOption,
    sources: SourcesOption,
    home: HomeOption,
    first: Annotated[str, typer.Option("--first", help="A day of the first month to score, as YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--last", help="A day of the last month to score, as YYYY-MM-DD.")],
) -> None:
    """Score past month ends with what was known then, and evaluate the scores and simple baselines by the visits that followed.

    Write the figures as JSON, and as a page in each language that opens without a network. Exit with 10 if a score or an indicator
    seems to know the outcomes.
    """
    from rich.console import Console

    from jobs.engine.lake import Lake
    from jobs.profile.load_profile import load_profile
    from jobs.report.evaluation.page import write_pages
    from jobs.report.evaluation.terminal import show_evaluation
    from jobs.sources.sources_of_day import mappings_of_day, newest_delivery
    from jobs.take_in_source import take_in_sources
    from jobs.training.evaluate_profile import check_has_outcomes, evaluate_days, last_window_end, month_ends
    from jobs.training.summarise_evaluation import refuse_suspects, summarise, write_summary

    settings, days = load_profile(profile), month_ends(day(first, "--first"), day(last, "--last"))
    folder = sources_folder(sources, home)
    # A delivery that came later may hold what was known then, as one folder with all of history does; known_at says what counts.
    until = max(last_window_end(settings, days), newest_delivery(settings.folder, folder) or date.min)
    check_has_outcomes(mappings_of_day(settings.folder, home, until, folder), settings)
    with hold_home_lock(home), progress_of("evaluate", len(days)) as advance:
        lake = Lake(home)
        take_in_sources(lake, settings, folder, until)
        windows = evaluate_days(lake, settings, days, advance)
        content = summarise(windows, settings)
        figures = write_summary(home, content)
        pages = write_pages(figures, settings)
    console = Console()
    show_evaluation(content, console)
    for path in (figures, *pages):
        console.print(f"Written: {path}", soft_wrap=True, highlight=False)
    refuse_suspects(content)
