"""How an evaluation's figures are written: each measure in its own unit, an estimate with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.texts.names import Names
from models.evaluation.groups import OTHERS
from models.foundation.inputs import indicator_of

Content = Mapping[str, Any]
"""What :func:`jobs.training.summarise_evaluation.summarise` gives, as read from its JSON: a figure of no meaning is None."""

ORDER_MEASURES = ("auc", "average_precision", "first_half_share", "days_earlier", "precision", "recall", "lift")
PROMISE_MEASURES = (
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
        text: what it says.
        small: what stands small below.
        mark: ``good`` or ``bad`` where it is marked.
        kind: its class on the page: ``n`` for a number, ``whole`` for what is not broken into lines, nothing for words.
    """

    text: str
    small: str = ""
    mark: str = ""
    kind: str = "n"


def write_figure(measure: str, value: float | None, *, signed: bool = False) -> str:
    """A measure's value in its unit; a dash where it has no meaning."""
    if value is None:
        return "–"
    sign = "+" if signed else ""
    if measure in SHARES:
        return (f"{value * 100:{sign}.1f}" + ("" if signed else "%")).replace("-", "−")
    return f"{value:{sign}.{2 if measure in TWO_DIGITS else 3}f}".replace("-", "−")


def figure_cell(names: Names, measure: str, estimate: Content, *, signed: bool = False) -> Cell:
    """An estimate with its interval below; of a lead, marked where the interval leaves zero out."""
    low, high = estimate["low"], estimate["high"]
    mark = ""
    if signed and low is not None and (low > 0 or high < 0):
        mark = "good" if low > 0 else "bad"
    return Cell(write_figure(measure, estimate["value"], signed=signed), interval_of(names, measure, estimate, signed=signed), mark)


def interval_of(names: Names, measure: str, estimate: Content, *, signed: bool = False) -> str:
    """An estimate's interval in words; nothing where it has none."""
    if estimate["low"] is None:
        return ""
    low, high = (write_figure(measure, estimate[end], signed=signed) for end in ("low", "high"))
    return names.texts("evaluation.interval", low=low, high=high)


def order_name(names: Names, order: str) -> str:
    """An order's name in the page's language."""
    return names.texts(f"order.{order.replace(' ', '_')}")


def column_name(names: Names, column: str) -> str:
    """An input column's name: its indicator's, and that it is held against peers."""
    indicator = indicator_of(column)
    words = names.indicator(indicator)
    return words if column == indicator else names.texts("evaluation.vs_peers", name=words)


def group_name(names: Names, kind: str, code: str) -> str:
    """A group's name in the page's language."""
    if code == OTHERS:
        return names.texts("group.others")
    if not code:
        return names.texts("page.unknown")
    if kind == "region":
        return names.region_path(code)
    if kind == "industry":
        return names.industry(code)
    return names.texts.either(f"group.{code}", code)
