"""The day's list in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from jobs.lake.manifests import outages_of_run
from jobs.report.daily_report import Context, Listed
from jobs.texts.classes import moves_line
from jobs.texts.names import Names
from jobs.texts.numbers import number, percent
from jobs.texts.outages import outage_in_words

_CLASS_STYLES = {"A": "green", "B": "yellow", "C": "dark_orange", "D": "bold red"}


def show_list(context: Context, console: Console, *, top: int = 20, language: str = "en") -> None:
    """Print the first rows of each region with their first reason, and how many rows are left out.

    Args:
        top: the largest number of rows in all. Regions get their rows in turn.

    Raises:
        ConfigError: for an unknown language.
    """
    names = Names.of(context.profile, language)
    texts = names.texts
    facts = f"{number(context.entities)} {texts('day.entities')} · {number(len(context.listed))} {texts('day.listed')}"
    model = escape(context.model_id or texts("page.unknown"))
    title = f"{texts('page.title')} {context.as_of.isoformat()}"
    console.print(f"[bold]{title}[/] · {facts} · {texts('fact.model')} {model}", highlight=False)
    sizes = " · ".join(f"{count.letter} {number(count.entities)}" for count in context.classes)
    console.print(f"{texts('chart.classes')}: {sizes}  {moves_line(context.run, texts)}".rstrip(), highlight=False)
    if context.ranking_rule:
        console.print(texts("list.by_rule", **context.ranking_rule), highlight=False)
    outages = outages_of_run(context.run)
    for source in context.late_sources:
        verdict = texts.either(f"verdict.{source.verdict}", source.verdict)
        data = texts("banner.used", day=source.newest_delivery) if source.newest_delivery else texts("banner.nothing")
        line = f"! {texts('banner.line', source=source.name, verdict=verdict)}{texts('page.space')}{data}"
        line = f"{line}{texts('page.space')}{outage_in_words(outages.get(source.name), texts)}".rstrip()
        console.print(Text(line, style="bold red"))
    if not context.listed:
        console.print(texts("list.empty"))
    shown = choose_rows(context, top)
    for region, rows in context.regions:
        if shown[region]:
            console.print(_region_table(region, rows[: shown[region]], len(rows), names))
    left_out = len(context.listed) - sum(shown.values())
    if left_out > 0:
        console.print(texts("list.not_shown", n=number(left_out)), style="dim", highlight=False)
    console.print(f"{texts('page.notice_title')}{texts('page.space')}{texts('page.notice')}", style="dim", highlight=False)


def _probability(row: Listed) -> str:
    """The probability, with its interval below if there is one."""
    if row.probability_low is None or row.probability_high is None:
        return percent(row.probability)
    return f"{percent(row.probability)}\n{percent(row.probability_low)} – {percent(row.probability_high)}"


def choose_rows(context: Context, top: int) -> dict[str, int]:
    """Return how many rows each region shows: ``top`` in all, taken by rank in the region, then by rank in the list."""
    chosen = sorted(context.listed, key=lambda row: (row.region_rank, row.list_rank))[:top]
    return {region: sum(row.capacity_region == region for row in chosen) for region, _ in context.regions}


def _region_table(region: str, rows: tuple[Listed, ...], listed: int, names: Names) -> Table:
    texts = names.texts
    title = Text(f"{names.region_path(region)} ({region}) · {texts('list.region_count', n=number(listed))}")
    table = Table(title=title, title_justify="left", title_style="bold", expand=True)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column(texts("list.business"), ratio=3)
    table.add_column(texts("list.class"), no_wrap=True)
    table.add_column(texts("list.probability"), justify="right", no_wrap=True)
    table.add_column(texts("list.reasons"), ratio=5)
    for row in rows:
        # Text, not str: brackets in a name are not mark-up.
        table.add_row(
            str(row.region_rank),
            Text(row.name) + Text(f"\n{row.entity_id}", style="dim"),
            Text(row.risk_class, style=_CLASS_STYLES.get(row.risk_class, "")),
            _probability(row),
            Text(row.reasons[0].sentence(names) if row.reasons else texts("list.no_reason")),
        )
    return table
