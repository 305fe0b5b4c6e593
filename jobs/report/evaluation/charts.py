"""The charts of an evaluation, each with the table of its figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from jobs.report.evaluation.tables import SHARES, Content, compared, group_name, interval_of, order_name, write_figure
from jobs.report.svg import FAINT, GRID, INK, PALE, PLAIN, ROW, WIDTH, Chart, block, canvas, make_chart, quiet, shorten, text_width
from jobs.texts.names import Names
from jobs.texts.numbers import number, percent

COLOURS = {
    "model": PLAIN,
    "past record": "#98802f",
    "best indicator": "#bd5f27",
    "plain boosting": "#7a5c8a",
    "with neighbours": "#5b7f3f",
    "random expected": FAINT,
    "as it was": "#4f8587",
}
LINES = ("model", "past record", "best indicator", "plain boosting")
"""The orders in the charts over shares and days. A random order has its own line."""
DATES = 4
"""How many dates fit side by side on an axis."""
_LEGEND_LINE = 17
_PLOT = 236


def draw_charts(content: Content, names: Names) -> list[Chart]:
    """Return the charts of an evaluation, in the order of the page. A chart without figures has no drawing."""
    charts = [_gain(content, names), _leads(content, names)]
    charts += [_over_time(content, names, measure) for measure in ("auc", "first_half_share")]
    return [*charts, _reliability(content, names)]


def draw_group_charts(content: Content, names: Names) -> list[Chart]:
    """Return a chart of the AUC for each grouping of visits with more than one group."""
    return [_by_group(content, names, kind) for kind in compared(content)]


def _gain(content: Content, names: Names) -> Chart:
    shares, lines = [0.0, *content["curve"]["shares"]], content["curve"]["orders"]
    model = lines["model"]
    rows = [
        (
            percent(share),
            *(write_figure("recall", lines[order][at]["value"]) for order in LINES),
            write_figure("lift", None if model[at]["value"] is None else model[at]["value"] / share),
        )
        for at, share in enumerate(content["curve"]["shares"])
    ]
    heads = (names.texts("plot.share"), *(order_name(names, order) for order in LINES), names.texts("plot.lift"))

    def paint(figure: Figure) -> None:
        axes = _framed(figure, names, (*LINES, "random expected"), below=46)
        low, high = ([0.0, *(_float(point[end]) for point in model)] for end in ("low", "high"))
        axes.fill_between(shares, low, high, color=PALE, alpha=0.45, linewidth=0)
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
        for order in reversed(LINES):
            values = [0.0, *(_float(point["value"]) for point in lines[order])]
            axes.plot(shares, values, color=COLOURS[order], linewidth=2.2 if order == "model" else 1.5)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value * 100:.0f}%")
        _name_axes(axes, names.texts("plot.gain_x"), names.texts("plot.gain_y"))

    return _chart("gain", names, heads, rows, _PLOT + 64, paint)


def _over_time(content: Content, names: Names, measure: str) -> Chart:
    days = content["days"]
    rows = [
        (
            day["as_of"],
            *(write_figure(measure, day["orders"][order][measure]["value"]) for order in LINES),
            interval_of(names, measure, day["orders"]["model"][measure]),
        )
        for day in days
    ]
    heads = (names.texts("cohort.as_of"), *(order_name(names, order) for order in LINES), f"{order_name(names, 'model')}, 95%")

    def paint(figure: Figure) -> None:
        axes = _framed(figure, names, LINES, below=26)
        at = np.arange(len(days))
        axes.axhline(0.5, color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
        for order in reversed(LINES):
            values = [_float(day["orders"][order][measure]["value"]) for day in days]
            axes.plot(at, values, color=COLOURS[order], linewidth=2.2 if order == "model" else 1.5, marker="o", markersize=4.5)
        model = [day["orders"]["model"][measure] for day in days]
        low, high = ([_float(one[end]) for one in model] for end in ("low", "high"))
        axes.vlines(at, low, high, color=PLAIN, linewidth=1.2)
        step = -(-len(days) // DATES)
        axes.set_xticks(at[::step], [day["as_of"] for day in days][::step], fontsize=9.5)
        axes.set_xlim(-0.4, len(days) - 0.6)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value * 100:g}%" if measure in SHARES else f"{value:.2f}")

    return _chart(f"time_{measure}", names, heads, rows, _PLOT + 40, paint)


def _reliability(content: Content, names: Names) -> Chart:
    bins = content["reliability"]
    rows = [
        (percent(one["predicted"]), percent(one["observed"]), percent(one["low"]), percent(one["high"]), number(one["visits"]))
        for one in bins
    ]
    heads = tuple(names.texts(key) for key in ("plot.predicted", "plot.observed", "plot.low", "plot.high", "group.visits"))

    def paint(figure: Figure) -> None:
        axes = figure.add_axes((0.135, 0.17, 0.85, 0.79))
        quiet(axes)
        top = min(1.0, max(max(one["high"], one["predicted"]) for one in bins) * 1.08)
        axes.plot([0, top], [0, top], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
        predicted = [one["predicted"] for one in bins]
        axes.vlines(predicted, [one["low"] for one in bins], [one["high"] for one in bins], color=PALE, linewidth=3)
        axes.plot(predicted, [one["observed"] for one in bins], "o", color=PLAIN, markersize=6.5)
        axes.set_xlim(0, top)
        axes.set_ylim(0, top)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda value, _: f"{value * 100:.0f}%")
        _name_axes(axes, names.texts("plot.predicted"), names.texts("plot.observed"))

    return _chart("reliability", names, heads, rows, _PLOT + 40, paint)


def _leads(content: Content, names: Names) -> Chart:
    leads = [(order_name(names, order), content["leads"][order]["auc"]) for order in content["order_names"][1:]]
    heads = (names.texts("order.name"), names.texts("plot.lead_auc"), "95%")
    return _whiskers("lead_auc", names, leads, heads, line=0.0, signed=True)


def _by_group(content: Content, names: Names, kind: str) -> Chart:
    groups = [(group_name(names, kind, group["code"]), group["auc"]) for group in content["groups"][kind]]
    heads = (names.texts(f"group.{kind}"), names.texts("measure.auc"), "95%")
    about = names.texts("plot.group_about")
    return _whiskers(f"group_{kind}", names, groups, heads, line=_float(content["orders"]["model"]["auc"]["value"]), about=about)


def _whiskers(
    name: str,
    names: Names,
    estimates: Sequence[tuple[str, Content]],
    heads: tuple[str, ...],
    *,
    line: float,
    signed: bool = False,
    about: str = "",
) -> Chart:
    """A dot and its interval below each label, with a vertical line to compare with. A label without figures keeps its row."""
    rows = [
        (label, write_figure("auc", one["value"], signed=signed), interval_of(names, "auc", one, signed=signed))
        for label, one in estimates
    ]
    ends = [float(one[end]) for _, one in estimates for end in ("low", "high") if one[end] is not None]
    low, high = min([*ends, line]), max([*ends, line])
    reach = (high - low) or 1.0

    def place(value: float) -> float:
        return 6 + (WIDTH - 12) * (value - low) / reach

    def paint(figure: Figure) -> None:
        axes = canvas(figure)
        for at, (label, one) in enumerate(estimates):
            top = at * ROW
            text = write_figure("auc", one["value"], signed=signed)
            axes.text(0, top + 13, shorten(label, WIDTH - text_width(text) - 14), fontsize=11.5, color=INK)
            axes.text(WIDTH, top + 13, text, fontsize=11.5, color=INK, ha="right")
            block(axes, 0, top + 23, WIDTH, 1, GRID)
            if one["low"] is not None:
                block(axes, place(one["low"]), top + 22, place(one["high"]) - place(one["low"]), 3, PALE)
                axes.plot([place(one["value"])], [top + 23.5], "o", color=PLAIN, markersize=7)
            block(axes, place(line) - 0.75, top + 17, 1.5, 13, INK)

    return _chart(name, names, heads, rows, max(len(estimates), 1) * ROW, paint, about=about)


def _framed(figure: Figure, names: Names, orders: Sequence[str], *, below: int) -> Axes:
    """Return axes below a legend of orders. ``below`` is the room under the axes, in pixels."""
    surface = canvas(figure)
    left, line = 0.0, 0
    for order in orders:
        label = order_name(names, order)
        wide = 16 + text_width(label) + 14
        if left and left + wide > WIDTH:
            left, line = 0.0, line + 1
        block(surface, left, 6 + line * _LEGEND_LINE, 12, 4, COLOURS[order])
        surface.text(left + 16, 12 + line * _LEGEND_LINE, label, fontsize=11, color=INK)
        left += wide
    height = float(figure.bbox.height)
    top = 12 + (line + 1) * _LEGEND_LINE
    axes = figure.add_axes((0.135, below / height, 0.85, (height - top - below) / height))
    quiet(axes)
    return axes


def _name_axes(axes: Axes, across: str, upright: str) -> None:
    axes.tick_params(axis="x", pad=7)  # the two zeros would touch
    axes.set_xlabel(across, fontsize=11, color=FAINT)
    axes.set_ylabel(upright, fontsize=11, color=FAINT)


def _chart(
    name: str,
    names: Names,
    heads: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    height: int,
    paint: Callable[[Figure], None],
    *,
    about: str = "",
) -> Chart:
    return make_chart(name, names.texts(f"plot.{name}"), about or names.texts(f"plot.{name}_about"), heads, rows, height, paint)


def _float(value: float | None) -> float:
    return float("nan") if value is None else float(value)
