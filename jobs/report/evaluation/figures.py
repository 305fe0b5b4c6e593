"""How the figures and names of an evaluation are written: each measure in its unit, an estimate with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.texts.names import Names
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
    """Return a measure's value in its unit; a dash if it is not defined."""
    if value is None:
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
