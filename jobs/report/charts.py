"""The charts of a day, each with the table of its figures. They are drawn for the width of a phone and scaled up elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from jobs.report.daily_report import Context
from jobs.report.svg import FAINT, GRID, INK, PALE, PLAIN, ROW, WIDTH, Chart, block, canvas, make_chart, quiet, shorten, text_width
from jobs.texts.languages import Texts
from jobs.texts.names import Names
from jobs.texts.numbers import number, percent

SHOWN = 10
"""Bars of a chart; the table has all rows."""
VOLUME_DAYS = 35
CLASS_COLOURS = {"A": "#4f8587", "B": "#98802f", "C": "#bd5f27", "D": "#962f28"}


@dataclass(frozen=True)
class Bar:
    """A bar with its label, the figure at its end, and a mark to compare it with."""

    label: str
    figure: str
    length: float
    colour: str = PLAIN
    mark: float | None = None


def draw_charts(context: Context, texts: Texts, names: Names) -> list[Chart]:
    """Return the charts of a day, in the order of the page."""
    charts = [_classes(context, texts, names), _scores(context, texts), _regions(context, texts, names)]
    return [*charts, _industries(context, texts, names), _indicators(context, texts, names), _volumes(context, texts)]


def _classes(context: Context, texts: Texts, names: Names) -> Chart:
    all_entities = sum(count.entities for count in context.classes) or 1
    bars, rows = [], []
    for count in context.classes:
        share = percent(count.entities / all_entities)
        note = texts("chart.classes_note", share=share, listed=number(count.listed))
        label = names.class_(count.letter)
        bars.append(Bar(label, f"{number(count.entities)} · {note}", count.entities, CLASS_COLOURS.get(count.letter, PLAIN)))
        rows.append((label, number(count.entities), share, number(count.listed)))
    return _bar_chart("classes", bars, rows, ("class", "entities", "share", "listed"), texts)


def _regions(context: Context, texts: Texts, names: Names) -> Chart:
    lowest = {region: min(row.objective for row in rows) for region, rows in context.regions}
    capacity = context.profile.capacity
    counted = context.count_listed(lambda row: row.capacity_region)
    bars = [
        Bar(
            names.region_path(region),
            texts("chart.regions_note", listed=number(count), n=number(capacity.of(region))),
            count,
            mark=capacity.of(region),
        )
        for region, count in counted[:SHOWN]
    ]
    rows = [
        (names.region_path(region), region, number(count), number(capacity.of(region)), number(lowest[region]))
        for region, count in counted
    ]
    return _bar_chart("regions", bars, rows, ("region", "code", "listed", "capacity", "lowest"), texts, len(counted) - len(bars))


def _industries(context: Context, texts: Texts, names: Names) -> Chart:
    counted = context.count_listed(lambda row: row.industry_code)
    bars = [Bar(names.industry(code), number(count), count) for code, count in counted[:SHOWN]]
    rows = [(names.industry(code), code, number(count)) for code, count in counted]
    return _bar_chart("industries", bars, rows, ("industry", "code", "listed"), texts, len(counted) - len(bars))


def _indicators(context: Context, texts: Texts, names: Names) -> Chart:
    counted = context.count_indicators()
    bars = [Bar(names.indicator(column), number(count), count) for column, count in counted[:SHOWN]]
    rows = [(names.indicator(column), names.definition(column), number(count)) for column, count in counted]
    return _bar_chart("indicators", bars, rows, ("indicator", "definition", "listed"), texts, len(counted) - len(bars))


def _bar_chart(
    name: str, bars: Sequence[Bar], rows: Sequence[tuple[str, ...]], heads: tuple[str, ...], texts: Texts, left_out: int = 0
) -> Chart:
    """Bars below their labels. The last line counts the rows that are only in the table."""
    last = texts("chart.others", n=left_out) if left_out > 0 else ""
    longest = max((max(bar.length, bar.mark or 0) for bar in bars), default=0) or 1

    def paint(figure: Figure) -> None:
        axes = canvas(figure)
        for at, bar in enumerate(bars):
            top = at * ROW
            room = WIDTH - text_width(bar.figure) - 14
            axes.text(0, top + 13, shorten(bar.label, room), fontsize=11.5, color=INK)
            axes.text(WIDTH, top + 13, bar.figure, fontsize=11.5, color=INK, ha="right")
            block(axes, 0, top + 19, WIDTH, 9, "#edf1f3")
            block(axes, 0, top + 19, WIDTH * bar.length / longest, 9, bar.colour)
            if bar.mark is not None:
                block(axes, min(WIDTH * bar.mark / longest, WIDTH - 2), top + 16, 2, 15, INK)
        if last:
            axes.text(0, len(bars) * ROW + 13, last, fontsize=11, color=FAINT)

    height = max(len(bars) * ROW, 1) + (20 if last else 0)
    return _chart(name, texts, heads, rows, height, paint)


def _scores(context: Context, texts: Texts) -> Chart:
    histogram = context.scores
    rows: list[tuple[str, ...]] = []
    if histogram is not None:
        bins = zip(histogram.edges, histogram.edges[1:], histogram.every, histogram.listed, strict=False)
        rows = [(f"{low:.3f}", f"{high:.3f}", number(every), number(listed)) for low, high, every, listed in bins]

    def paint(figure: Figure) -> None:
        if histogram is None:
            return
        axes = figure.add_axes((0.115, 0.14, 0.87, 0.68))
        edges = np.array(histogram.edges)
        for counts, colour in ((histogram.every, PALE), (histogram.listed, PLAIN)):
            axes.bar(edges[:-1], counts, width=np.diff(edges) * 0.92, align="edge", color=colour, linewidth=0)
        axes.set_yscale("log")
        axes.set_ylim(0.7, max(histogram.every) * 1.6)
        # A small register needs tick marks between the powers of ten.
        axes.yaxis.set_major_locator(LogLocator(subs=(1,) if max(histogram.every) > 500 else (1, 2, 5), numticks=12))
        quiet(axes)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}" if value >= 1 else "")
        if histogram.line is not None:
            axes.axvline(histogram.line, color=INK, linewidth=1.4, linestyle=(0, (4, 2)))
            is_left = histogram.line > (edges[0] + edges[-1]) / 2
            text = texts("chart.scores_line", value=f"{histogram.line:.2f}")
            side = "right" if is_left else "left"
            axes.annotate(text, (histogram.line, 1.02), xycoords=("data", "axes fraction"), ha=side, fontsize=11, color=INK)
        surface = canvas(figure)
        block(surface, 0, 3, 10, 10, PALE)
        surface.text(14, 12, texts("chart.scores_all"), fontsize=11, color=INK)
        second = 14 + text_width(texts("chart.scores_all")) + 16
        block(surface, second, 3, 10, 10, PLAIN)
        surface.text(second + 14, 12, texts("chart.scores_listed"), fontsize=11, color=INK)

    heads = ("scores_from", "scores_to", "entities", "listed")
    return _chart("scores", texts, heads, rows, 240, paint)


def _volumes(context: Context, texts: Texts) -> Chart:
    first = context.as_of - timedelta(days=VOLUME_DAYS - 1)
    step, tall, row_height = WIDTH / VOLUME_DAYS, 34, 62
    volumes = {
        source.name: [(day, counts.read) for day, counts in source.deliveries if first <= day <= context.as_of]
        for source in context.sources
    }
    rows = [(name, day.isoformat(), number(count)) for name, days in volumes.items() for day, count in days]

    def left(day: date) -> float:
        return (day - first).days * step

    def paint(figure: Figure) -> None:
        axes = canvas(figure)
        for at, (name, days) in enumerate(volumes.items()):
            most = max((count for _, count in days), default=0)
            note = texts("chart.volumes_max", rows=number(most)) if most else texts("chart.volumes_empty")
            base = at * row_height + 54
            axes.text(0, base - tall - 7, shorten(name, WIDTH - text_width(note) - 14), fontsize=11.5, color=INK)
            axes.text(WIDTH, base - tall - 7, note, fontsize=11, color=FAINT, ha="right")
            block(axes, 0, base, WIDTH, 1, GRID)
            for day, count in days:
                height = tall * count / most if most else 0
                block(axes, left(day) + 1, base - height, step - 2, height, PLAIN)
        bottom = len(context.sources) * row_height + 12
        axes.text(0, bottom, first.isoformat(), fontsize=11, color=FAINT)
        axes.text(WIDTH, bottom, context.as_of.isoformat(), fontsize=11, color=FAINT, ha="right")

    height = len(context.sources) * row_height + 20
    return _chart("volumes", texts, ("source", "day", "rows"), rows, height, paint)


def _chart(
    name: str, texts: Texts, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], height: int, paint: Callable[[Figure], None]
) -> Chart:
    words = tuple(texts.either(f"table.{head}", "") or texts(f"chart.{head}") for head in heads)
    return make_chart(name, texts(f"chart.{name}"), texts(f"chart.{name}_about"), words, rows, height, paint)
