"""What an indicator is called in a language."""

from __future__ import annotations

from functools import cache

from console.core.texts import to_traditional
from expectations.contracts.indicators import Indicator, catalogue

LONGEST = 70


def indicator_name(column: str, language: str) -> str:
    """Its number with its column in words; in Chinese with its definition, cut where it is long; the words of one that is gone."""
    found = _known().get(column)
    if found is None:
        return column.replace("_", " ")
    words = column.replace("_", " ") if language == "en" else definition(found, language).rstrip("。")
    return f"{found.code} {words[:LONGEST]}"


@cache
def indicator_names(language: str) -> tuple[tuple[str, str], ...]:
    """The columns of the catalogue's indicators, each with its name."""
    return tuple((indicator.column, indicator_name(indicator.column, language)) for indicator in catalogue())


def definition(indicator: Indicator, language: str) -> str:
    """How it is reckoned."""
    if language == "en":
        return indicator.definition["en"]
    text = indicator.definition["zh-Hans"]
    return to_traditional(text) if language == "zh-Hant" else text


@cache
def _known() -> dict[str, Indicator]:
    return {indicator.column: indicator for indicator in catalogue()}
