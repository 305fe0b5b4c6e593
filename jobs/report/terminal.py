"""The day's list as it is printed at the end of a run."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from jobs.report.context import Context, Listed
from jobs.report.names import Names, number, percent
from jobs.report.texts import load_texts

_CLASS_STYLES = {"A": "green", "B": "yellow", "C": "dark_orange", "D": "bold red"}


def show_list(context: Context, console: Console, *, language: str = "en", rows_per_region: int = 5, regions: int = 6) -> None:
    """Print the first rows of each region with their first reason, and what was left out.

    Args:
        context: the day.
        console: where to print.
        language: of names and reasons.
        rows_per_region: at most so many rows a region.
        regions: at most so many regions, those with the most listed businesses in class D first.

    Raises:
        ConfigError: when the language is none that the report speaks.
    """
    texts = load_texts(language)
    names = Names(texts, context.profile)
    title = f"{texts('page.title')} {context.as_of.isoformat()}"
    facts = f"{number(context.entities)} {texts('day.entities')} · {number(len(context.listed))} {texts('day.listed')}"
    console.print(f"[bold]{title}[/] · {facts} · {texts('fact.model')} {escape(context.model_id or texts('page.unknown'))}")
    for source in context.late_sources:
        verdict = texts.either(f"verdict.{source.verdict}", source.verdict)
        data = texts("banner.used", day=source.newest_delivery) if source.newest_delivery else texts("banner.nothing")
        console.print(Text(f"! {texts('banner.line', source=source.name, verdict=verdict)} {data}", style="bold red"))
    if not context.listed:
        console.print(texts("list.empty"))
    shown = sorted(context.regions, key=lambda pair: (-sum(row.risk_class == "D" for row in pair[1]), pair[0]))[:regions]
    for region, rows in sorted(shown):
        console.print(_region_table(region, rows[:rows_per_region], len(rows), names))
    left_out = len(context.listed) - sum(min(len(rows), rows_per_region) for _, rows in shown)
    if left_out > 0:
        console.print(texts("list.not_shown", n=number(left_out)), style="dim")
    console.print(f"{texts('page.notice_title')} {texts('page.notice')}", style="dim")


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
        # Text, not str: a name with brackets is no mark-up.
        table.add_row(
            str(row.region_rank),
            Text(row.name) + Text(f"\n{row.entity_id}", style="dim"),
            Text(row.risk_class, style=_CLASS_STYLES.get(row.risk_class, "")),
            percent(row.probability),
            Text(row.reasons[0].sentences[texts.language] if row.reasons else texts("list.no_reason")),
        )
    return table
