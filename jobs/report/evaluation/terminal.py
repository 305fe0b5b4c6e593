"""An evaluation in the terminal: every order, the model's lead, calibration, and each day."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from jobs.report.evaluation.tables import write_figure

_SHOWN = {"auc": "AUC", "first_half_share": "first-half share", "days_earlier": "days earlier", "lift": "lift"}
_LEADS = ("auc", "first_half_share", "days_earlier")
_CALIBRATION = {
    "brier": "Brier",
    "calibration_slope": "slope",
    "calibration_intercept": "intercept",
    "observed_over_expected_at_capacity": "found ÷ expected within capacity",
}


def show_evaluation(content: dict[str, Any], console: Console) -> None:
    """Print the figures of all days together and the leads, with intervals, calibration, then each day."""
    console.print(_means(content))
    console.print(_leads(content))
    if content["promises"]:
        figures = [f"{label} {_with_interval(name, content['promises'][name])}" for name, label in _CALIBRATION.items()]
        console.print(f"Probabilities: {'; '.join(figures)}", highlight=False, soft_wrap=True)
    else:
        console.print("Probabilities: none. There were too few known visits to train a model, so a rule was used", highlight=False)
    console.print(_by_day(content))


def _means(content: dict[str, Any]) -> Table:
    share = f"{content['capacity_share']:.0%}"
    days = "1 day" if len(content["days"]) == 1 else f"{len(content['days'])} days"
    title = f"{content['visits']:,} visits after {days} of scoring, days weighted by their visits, with 95 % intervals"
    table = Table(title=title, title_justify="left")
    table.add_column("order")
    for name, label in _SHOWN.items():
        table.add_column(f"{label} at {share}" if name == "lift" else label, justify="right")
    for order in content["order_names"]:
        figures = content["orders"][order]
        table.add_row(order, *[_with_interval(name, figures[name]) for name in _SHOWN])
    return table


def _leads(content: dict[str, Any]) -> Table:
    table = Table(title="The model's lead with 95 % bootstrap intervals over businesses", title_justify="left")
    table.add_column("over")
    for name in _LEADS:
        table.add_column(_SHOWN[name], justify="right")
    for order in content["order_names"][1:]:
        figures = content["leads"][order]
        table.add_row(
            order, *[Text(_with_interval(name, figures[name], signed=True), style=_style(figures[name])) for name in _LEADS]
        )
    return table


def _by_day(content: dict[str, Any]) -> Table:
    table = Table(title="Each day: the model (past record)", title_justify="left")
    for label in ("as of", "labels", "visited", "not known", "found", "AUC", "first-half share", "days earlier"):
        table.add_column(label, justify="left" if label == "as of" else "right")
    for day in content["days"]:
        model, past = day["orders"]["model"], day["orders"]["past record"]
        figures = [f"{write_figure(name, model[name]['value'])} ({write_figure(name, past[name]['value'])})" for name in _LEADS]
        counts = [f"{day[key]:,}" for key in ("labels", "visited", "not_known_that_day", "found")]
        table.add_row(day["as_of"], *counts, *figures)
    return table


def _with_interval(name: str, figure: dict[str, float], *, signed: bool = False) -> str:
    value, low, high = (write_figure(name, figure[key], signed=signed) for key in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def _style(figure: dict[str, float]) -> str:
    if figure["low"] > 0:
        return "green"
    return "red" if figure["high"] < 0 else ""
