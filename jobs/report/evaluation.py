"""An evaluation as tables for the terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table

_FIGURES = {"auc": "AUC", "first_half_share": "first-half share", "days_earlier": "days earlier"}


def show_evaluation(content: dict[str, Any], console: Console) -> None:
    """Show :func:`jobs.evaluate_profile.summary`: the means over all days, then each day, then the lead with its interval."""
    console.print(_means(content))
    console.print(_by_day(content))
    for name, lead in content["model_over_past_record"].items():
        console.print(
            f"{_FIGURES[name]}, model over past record: {lead['difference']:+.3f} "
            f"(95 % by bootstrap over businesses: {lead['low']:+.3f} to {lead['high']:+.3f})"
        )


def _means(content: dict[str, Any]) -> Table:
    table = Table(title=f"Mean over {len(content['days'])} days of scoring", title_justify="left")
    table.add_column("order")
    for label in _FIGURES.values():
        table.add_column(label, justify="right")
    for order, figures in content["mean"].items():
        table.add_row(order, *[_number(name, figures[name]) for name in _FIGURES])
    return table


def _by_day(content: dict[str, Any]) -> Table:
    table = Table(title="Each day: the model, and the past record in brackets", title_justify="left")
    for label in ("as of", "visited", "not known", "found", *_FIGURES.values()):
        table.add_column(label, justify="left" if label == "as of" else "right")
    for day in content["days"]:
        model, past = day["orders"]["model"], day["orders"]["past record"]
        figures = [f"{_number(name, model[name])} ({_number(name, past[name])})" for name in _FIGURES]
        table.add_row(str(day["as_of"]), str(day["visited"]), str(day["not_known_that_day"]), str(day["found"]), *figures)
    return table


def _number(name: str, value: float) -> str:
    if name == "days_earlier":
        return f"{value:.2f}"
    return f"{value:.1%}" if name == "first_half_share" else f"{value:.3f}"
