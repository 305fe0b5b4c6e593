"""The simulation's commands: ``generate`` and ``assess-demo``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from jobs.commands.options import AsOfOption, HomeOption, ProfileOption, day

if TYPE_CHECKING:
    from rich.table import Table

    from simulation.assessment.assess import Assessment


def generate(
    entities: Annotated[int, typer.Option(help="Number of market entities over the whole window.")],
    out: Annotated[Path, typer.Option(help="Empty or new folder. Receives OUT/sources and OUT/truth.")],
    months: Annotated[int, typer.Option(help="Months of history; the last is the month of --as-of.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 20260101,
    as_of: AsOfOption = "2026-06-30",
) -> None:
    """Simulate a world: registration, tax, complaint and inspection files as agencies deliver them, with the truth apart."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from simulation.generate import generate_world

    last = day(as_of)
    columns = (TextColumn("generating entities"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task("", total=entities)
        generate_world(
            entities=entities,
            months=months,
            seed=seed,
            out=out,
            as_of=last,
            advance=lambda done: progress.update(task, completed=done),
        )
    typer.echo(f"{entities} entities over {months} months to {last} are in {out / 'sources'}; the truth is in {out / 'truth'}")


def assess_demo(
    home: HomeOption,
    truth: Annotated[Path, typer.Option(help="Folder OUT/truth of the generated world.")],
    as_of: AsOfOption,
    profile: ProfileOption = "cn",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the random order that the model is compared with.")] = 1,
) -> None:
    """Compare a day's scores with the truth of a simulated world: how many unknown violators are in the top 5 %."""
    from rich.console import Console

    from simulation.assessment.assess import assess_home, write_report

    on = day(as_of)
    assessment = assess_home(home=home, truth_folder=truth, profile_name=profile, as_of=on, seed=seed)
    path = home / "reports" / f"assess_demo_{on}.json"
    write_report(assessment, path)
    console = Console()
    console.print(_table(assessment))
    console.print(
        f"{assessment.violators} of {assessment.population} entities without a known finding were violating; "
        f"the top 5 % are {assessment.top} entities. Report: {path}",
        soft_wrap=True,
    )
    for line in _sentences(assessment):
        console.print(line, soft_wrap=True)


def _sentences(assessment: Assessment) -> list[str]:
    """Sentences about reasons and intervals, if there are any."""
    sentences, reasons, intervals = [], assessment.reasons, assessment.intervals
    if reasons is not None:
        sentences.append(f"{reasons.listed_violators} violators were listed.")
        for what, named in (("a sign of their typology", reasons.any_sign), ("a full sign of their typology", reasons.full_signs)):
            sentences.append(
                f"An indicator of {what} is among the first three reasons of {named.among_first_three:.1%} and the first reason "
                f"of {named.first:.1%}; three random indicators would name one for {named.by_chance:.1%}."
            )
    if intervals is not None:
        sentences.append(
            f"In {intervals.covered:.0%} of {len(intervals.groups)} groups by probability, the mean interval covers the true share "
            "of visits that would find a violation."
        )
    return sentences


def _table(assessment: Assessment) -> Table:
    from rich.table import Table

    table = Table(title=f"Violators not yet found, {assessment.as_of}")
    table.add_column("ranked by")
    table.add_column("share in top 5 %", justify="right")
    table.add_column("ROC-AUC", justify="right")
    for label, ranking in (
        ("the model's margin", assessment.model),
        (f"best single indicator by share: {assessment.best_indicator_by_share.name}", assessment.best_indicator_by_share),
        (f"best single indicator by ROC-AUC: {assessment.best_indicator_by_auc.name}", assessment.best_indicator_by_auc),
        ("a random draw", assessment.random_drawn),
    ):
        table.add_row(label, f"{ranking.share_in_top:.1%}", f"{ranking.roc_auc:.3f}")
    table.add_row("chance, expected", f"{assessment.random_expected:.1%}", "0.500")
    return table
