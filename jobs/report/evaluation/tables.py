"""The tables of an evaluation, and how its figures are written: each measure in its unit, an estimate with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

from jobs.texts.names import Names
from jobs.texts.numbers import number
from models.evaluation.groups import OTHERS
from models.foundation.inputs import indicator_of

Content = Mapping[str, Any]
"""The JSON of :func:`jobs.training.summarise_evaluation.summarise`. A figure that is not defined is None."""

ORDER_MEASURES = ("auc", "average_precision", "first_half_share", "days_earlier", "precision", "recall", "lift")
CALIBRATION_MEASURES = (
    "brier", "calibration_slope", "calibration_intercept", "observed_over_expected", "observed_over_expected_at_capacity",
)  # fmt: skip
GROUP_MEASURES = ("rate", "auc", "observed_over_expected", "within_capacity", "recall")
SHARES = {"first_half_share", "precision", "recall", "rate", "within_capacity"}
TWO_DIGITS = {"days_earlier", "lift", "calibration_slope", "calibration_intercept", "observed_over_expected"}
TWO_DIGITS |= {"observed_over_expected_at_capacity"}


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: the text.
        small: a second line in small type.
        mark: ``good``, ``bad`` or empty.
        kind: its class on the page: ``n`` for a number, ``whole`` for text without line breaks, empty for other text.
    """

    text: str
    small: str = ""
    mark: str = ""
    kind: str = "n"


def write_figure(measure: str, value: float | None, *, signed: bool = False) -> str:
    """Return a measure's value in its unit; a dash if it is not defined, that is None or NaN."""
    if value is None or isnan(value):
        return "–"
    sign = "+" if signed else ""
    if measure in SHARES:
        return (f"{value * 100:{sign}.1f}" + ("" if signed else "%")).replace("-", "−")
    return f"{value:{sign}.{2 if measure in TWO_DIGITS else 3}f}".replace("-", "−")


def figure_cell(names: Names, measure: str, estimate: Content, *, signed: bool = False) -> Cell:
    """Return an estimate with its interval. A signed one is marked if the interval excludes zero."""
    low, high = estimate["low"], estimate["high"]
    mark = ""
    if signed and low is not None and (low > 0 or high < 0):
        mark = "good" if low > 0 else "bad"
    return Cell(write_figure(measure, estimate["value"], signed=signed), interval_of(names, measure, estimate, signed=signed), mark)


def interval_of(names: Names, measure: str, estimate: Content, *, signed: bool = False) -> str:
    """Return an estimate's interval in words; empty if it has none."""
    if estimate["low"] is None:
        return ""
    low, high = (write_figure(measure, estimate[end], signed=signed) for end in ("low", "high"))
    return names.texts("evaluation.interval", low=low, high=high)


def order_name(names: Names, order: str) -> str:
    """Return the name of an order."""
    return names.texts(f"order.{order.replace(' ', '_')}")


def column_name(names: Names, column: str) -> str:
    """Return the name of an input column: its indicator, and whether it is compared with peers."""
    indicator = indicator_of(column)
    words = names.indicator(indicator)
    return words if column == indicator else names.texts("evaluation.vs_peers", name=words)


def group_name(names: Names, kind: str, code: str) -> str:
    """Return the name of a group."""
    if code == OTHERS:
        return names.texts("group.others")
    if not code:
        return names.texts("page.unknown")
    if kind == "region":
        return names.region_path(code)
    if kind == "industry":
        return names.industry(code)
    return names.texts.either(f"group.{code}", code)


@dataclass(frozen=True)
class Table:
    """A table with its caption for screen readers."""

    caption: str
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


def orders_table(content: Content, names: Names) -> Table:
    """Return the measures of every order, as means over the days."""
    rows = [_order_row(names, order, content["orders"][order], signed=False) for order in content["order_names"]]
    return Table(names.texts("evaluation.beside"), _order_heads(names), tuple(rows))


def leads_table(content: Content, names: Names) -> Table:
    """Return the model's measures minus those of each other order."""
    rows = [_order_row(names, order, content["leads"][order], signed=True) for order in content["order_names"][1:]]
    return Table(names.texts("evaluation.leads"), _order_heads(names), tuple(rows))


def calibration_table(content: Content, names: Names) -> Table | None:
    """Return the calibration of the probabilities; None if the model gave none."""
    figures = content["promises"]
    if not figures:
        return None
    row = tuple(figure_cell(names, measure, figures[measure]) for measure in CALIBRATION_MEASURES)
    return Table(names.texts("evaluation.calibration"), tuple(_heads(names, CALIBRATION_MEASURES)), (row,))


def days_table(content: Content, names: Names) -> Table:
    """Return the labels of each day's model and the visits that evaluate it."""
    texts = names.texts
    heads = (
        "as_of", "labels", "labels_found", "kind", "best", "visited", "unknown", "judged", "judged_found", "last_visit", "drawn",
        "effective",
    )  # fmt: skip
    rows = []
    for day in content["days"]:
        column, _, direction = day["best_indicator"].partition(" ")
        best = f"{column_name(names, column)} {direction}" if column else texts("evaluation.none")
        rows.append(
            (
                Cell(day["as_of"], kind="whole"),
                Cell(number(day["labels"])),
                Cell(number(day["labels_found"])),
                Cell(texts(f"cohort.kind_{day['kind']}"), kind="whole"),
                _words(best),
                Cell(number(day["visited"])),
                Cell(number(day["not_known_that_day"])),
                Cell(number(day["judged"])),
                Cell(number(day["found"])),
                Cell(day["last_visit"], kind="whole"),
                Cell(number(day["with_inclusion_probability"])),
                Cell(number(round(day["effective_size"])) if day["with_inclusion_probability"] else texts("evaluation.none")),
            )
        )
    words = {"as_of", "kind", "best", "last_visit"}
    return Table(
        texts("evaluation.days"),
        tuple(Cell(texts(f"cohort.{head}"), kind="" if head in words else "n") for head in heads),
        tuple(rows),
    )


def group_tables(content: Content, names: Names) -> list[Table]:
    """Return one table for each grouping of visits with more than one group."""
    tables = []
    for kind in compared(content):
        rows = [
            (
                _words(group_name(names, kind, group["code"])),
                Cell(number(group["visits"])),
                Cell(number(group["found"])),
                *(figure_cell(names, measure, group[measure]) for measure in GROUP_MEASURES),
            )
            for group in content["groups"][kind]
        ]
        heads = (
            _words(names.texts(f"group.{kind}")),
            Cell(names.texts("group.visits")),
            Cell(names.texts("cohort.judged_found")),
            *_heads(names, GROUP_MEASURES),
        )
        tables.append(Table(names.texts(f"group.{kind}"), heads, tuple(rows)))
    return tables


def compared(content: Content) -> list[str]:
    """Return the groupings of visits with more than one group."""
    return [kind for kind in content["group_kinds"] if len(content["groups"][kind]) > 1]


def suspect_lines(content: Content, names: Names) -> list[str]:
    """Return one sentence for each order or input that may leak outcomes."""
    lines = []
    for suspect in content["suspects"]:
        kind = suspect["kind"]
        name = order_name(names, suspect["name"]) if kind == "order" else column_name(names, suspect["name"])
        lines.append(names.texts(f"evaluation.suspect_{kind}", name=name, auc=write_figure("auc", suspect["auc"]["value"])))
    return lines


def _order_heads(names: Names) -> tuple[Cell, ...]:
    return (_words(names.texts("order.name")), *_heads(names, ORDER_MEASURES))


def _order_row(names: Names, order: str, figures: Content, *, signed: bool) -> tuple[Cell, ...]:
    cells = (figure_cell(names, measure, figures[measure], signed=signed) for measure in ORDER_MEASURES)
    return (_words(order_name(names, order)), *cells)


def _heads(names: Names, measures: tuple[str, ...]) -> list[Cell]:
    return [Cell(names.texts(f"measure.{measure}")) for measure in measures]


def _words(text: str) -> Cell:
    return Cell(text, kind="")
