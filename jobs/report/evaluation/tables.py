"""An evaluation's figures as tables, each of heads and rows of cells."""

from __future__ import annotations

from dataclasses import dataclass

from jobs.report.evaluation.figures import (
    GROUP_MEASURES,
    ORDER_MEASURES,
    PROMISE_MEASURES,
    Cell,
    Content,
    column_name,
    figure_cell,
    group_name,
    order_name,
    write_figure,
)
from jobs.texts.names import Names
from jobs.texts.numbers import number


@dataclass(frozen=True)
class Table:
    """A table with its name for those who do not see it."""

    caption: str
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


def orders_table(content: Content, names: Names) -> Table:
    """Every order's measures, means over the days."""
    rows = [
        (_words(order_name(names, order)), *(figure_cell(names, measure, figures[measure]) for measure in ORDER_MEASURES))
        for order in content["order_names"]
        for figures in (content["orders"][order],)
    ]
    return _table(names.texts("evaluation.beside"), names, names.texts("order.name"), ORDER_MEASURES, rows)


def leads_table(content: Content, names: Names) -> Table:
    """The model's measures less those of each other order."""
    rows = [
        (
            _words(order_name(names, order)),
            *(figure_cell(names, measure, figures[measure], signed=True) for measure in ORDER_MEASURES),
        )
        for order in content["order_names"][1:]
        for figures in (content["leads"][order],)
    ]
    return _table(names.texts("evaluation.leads"), names, names.texts("order.name"), ORDER_MEASURES, rows)


def promises_table(content: Content, names: Names) -> Table | None:
    """What the probabilities were worth; None where the model gave none."""
    figures = content["promises"]
    if not figures:
        return None
    row = tuple(figure_cell(names, measure, figures[measure]) for measure in PROMISE_MEASURES)
    heads = tuple(_head(names.texts(f"measure.{measure}")) for measure in PROMISE_MEASURES)
    return Table(names.texts("evaluation.calibration"), heads, (row,))


def days_table(content: Content, names: Names) -> Table:
    """What each day's model learnt from, and the visits that judge it."""
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
    """One table a way to group the visits that has more than one group."""
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
            Cell(names.texts(f"group.{kind}"), kind=""),
            _head(names.texts("group.visits")),
            _head(names.texts("cohort.judged_found")),
            *(_head(names.texts(f"measure.{measure}")) for measure in GROUP_MEASURES),
        )
        tables.append(Table(names.texts(f"group.{kind}"), heads, tuple(rows)))
    return tables


def compared(content: Content) -> list[str]:
    """The ways to group the visits that have more than one group."""
    return [kind for kind in content["group_kinds"] if len(content["groups"][kind]) > 1]


def suspect_lines(content: Content, names: Names) -> list[str]:
    """What is suspected of knowing the outcomes, one sentence each."""
    lines = []
    for suspect in content["suspects"]:
        kind = suspect["kind"]
        name = order_name(names, suspect["name"]) if kind == "order" else column_name(names, suspect["name"])
        lines.append(names.texts(f"evaluation.suspect_{kind}", name=name, auc=write_figure("auc", suspect["auc"]["value"])))
    return lines


def _table(caption: str, names: Names, first: str, measures: tuple[str, ...], rows: list[tuple[Cell, ...]]) -> Table:
    heads = (Cell(first, kind=""), *(_head(names.texts(f"measure.{measure}")) for measure in measures))
    return Table(caption, heads, tuple(rows))


def _head(text: str) -> Cell:
    return Cell(text)


def _words(text: str) -> Cell:
    return Cell(text, kind="")
