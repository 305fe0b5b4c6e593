"""A number as a reader takes it in: with its unit, in the page's language, money in the profile's currency."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from console.core.texts import Texts

NOTHING = "–"
MONEY = "minor currency unit"


def in_words(value: float | None, unit: str, profile: Mapping[str, Any], texts: Texts) -> str:
    """A value of an indicator in its unit.

    Args:
        value: as the lake has it: a share from 0 to 1, money in the smallest unit of the currency. None where it is not known.
        unit: the indicator's, as the contracts name it; of one that is counted, or has none, the number alone.
        profile: ``currency`` and ``minor_units`` say what money is.
        texts: the language.
    """
    if value is None:
        return NOTHING
    if unit == MONEY:
        amount = value / 10 ** int(profile.get("minor_units", 2))
        return f"{profile.get('currency', '')} {amount:,.2f}".removesuffix(".00").strip()
    if unit == "flag":
        return texts("word.yes" if value else "word.no")
    shown = _SHOWN.get(unit, number)(value)
    return texts(f"measured.{unit}", n=1 if shown == "1" else shown) if unit in WORDED else shown


def number(value: float | None) -> str:
    """A number for reading: whole ones with thousands marks, others with about three digits that count."""
    if value is None:
        return NOTHING
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{2 if abs(value) >= 0.1 else 4}f}".rstrip("0").rstrip(".")


WORDED = frozenset({"days", "months", "periods", "points", "z", "grade"})
"""Units that are words beside the number."""
_SHOWN: Mapping[str, Callable[[float], str]] = MappingProxyType(
    {
        "share": lambda value: f"{value * 100:,.1f}".removesuffix(".0") + "%",
        "change": lambda value: f"{value * 100:+,.1f}".removesuffix(".0") + "%",
        "points": lambda value: f"{value * 100:+,.1f}".removesuffix(".0"),
        "z": lambda value: f"{value:+,.2f}",
    }
)
