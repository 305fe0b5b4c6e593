"""Numbers, percentages and values with units, written for a reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from jobs.texts.languages import Texts
from jobs.texts.settings import TextSettings

NOTHING = "–"
"""What is shown for a value that is not known."""
MONEY = "minor currency unit"
FINDING_STATE = "finding_state"
"""The unit of a state that texts name."""
_YEAR = 365.25


def number(value: float | None) -> str:
    """Return a number with thousands separators: 1,235, 0.5, 0.0123. Fractions keep two decimals, small ones four."""
    if value is None:
        return NOTHING
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return _trimmed(f"{value:.{2 if abs(value) >= 0.1 else 4}f}")


def percent(share: float | None) -> str:
    """Return a share as a percentage with one decimal: ``1.0%``."""
    return NOTHING if share is None else f"{share * 100:,.1f}%"


def value_with_unit(value: float | None, unit: str, texts: Texts, settings: TextSettings) -> str:
    """Return an indicator's value with its unit, as tables show it: ``12.5%``, ``CNY 1,234,567.89``, ``3 days``.

    Args:
        value: as the lake stores it: a share from 0 to 1, money in the smallest unit of the currency. None if not known.
        unit: the indicator's unit. A count, ratio, rate or score is shown as a number alone.
        texts: the words, with a section ``unit``.
        settings: the currency.
    """
    if value is None:
        return NOTHING
    if unit == MONEY:
        amount = f"{value / 10**settings.minor_units:,.2f}".removesuffix(".00")
        return texts("unit.money", currency=settings.currency, n=with_marks(amount, texts)).strip()
    if unit == "flag":
        return texts("unit.flag_yes" if value else "unit.flag_no")
    if unit == FINDING_STATE:
        return texts.either(f"{FINDING_STATE}.state_{value:.0f}", number(value))
    shown = _IN_TABLE.get(unit, number)(value)
    return _with_word(shown, f"unit.{unit}", texts)


def value_in_sentence(value: float, unit: str, texts: Texts, settings: TextSettings) -> str:
    """Return a value with its unit, as a sentence says it: ``12.5%``, ``3 days``, ``CNY 1.23 million``, ``123.46万元``.

    Args:
        value: as the lake stores it.
        unit: the indicator's unit. Days are years from two years on.
        texts: the words, with a section ``sentence``.
        settings: the currency.
    """
    if unit == MONEY:
        return _money(value / 10**settings.minor_units, texts, settings.currency)
    if unit == "flag":
        return texts("sentence.yes" if value else "sentence.no")
    if unit == FINDING_STATE:
        return texts.either(f"{FINDING_STATE}.state_{value:.0f}", number(value))
    if unit == "days" and abs(value) >= 2 * _YEAR:
        value, unit = round(value / _YEAR, 1), "years"
    shown = _IN_SENTENCE.get(unit, _three_digits)(value)
    return _with_word(shown, f"sentence.{unit}", texts)


def with_marks(shown: str, texts: Texts) -> str:
    """Return a number such as ``1,234.5`` with the decimal and thousands marks of a language."""
    return shown.translate({ord("."): texts("number.decimal"), ord(","): texts("number.thousands")})


def _with_word(shown: str, key: str, texts: Texts) -> str:
    shown = with_marks(shown, texts)
    return texts(key, n=shown) if key in texts.words else shown


def _money(amount: float, texts: Texts, currency: str) -> str:
    name = texts.either(f"currency.{currency}", texts("currency.other", code=currency))
    for size in ("large", "medium"):
        scaled = amount / float(texts(f"number.{size}_from"))
        if round(abs(scaled), 4) >= 1:
            return texts(
                "sentence.money", currency=name, n=texts(f"number.{size}", n=with_marks(_trimmed(f"{scaled:,.2f}"), texts))
            )
    return texts("sentence.money", currency=name, n=with_marks(f"{amount:,.0f}", texts))


def _three_digits(value: float) -> str:
    """Whole numbers without decimals, others with at least three significant digits."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.1f}".removesuffix(".0")
    shown = _trimmed(f"{value:.2f}")
    return f"{value:.2g}" if shown in ("0", "-0") else shown


def _one_decimal(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _signed(value: float) -> str:
    return f"{value:+,.1f}".removesuffix(".0")


def _trimmed(shown: str) -> str:
    return shown.rstrip("0").rstrip(".")


_PERCENTS: Mapping[str, Callable[[float], str]] = {
    "share": lambda value: _one_decimal(value * 100) + "%",
    "change": lambda value: _signed(value * 100) + "%",
    "points": lambda value: _signed(value * 100),
}
_IN_TABLE = MappingProxyType({**_PERCENTS, "z": lambda value: f"{value:+,.2f}"})
_IN_SENTENCE = MappingProxyType({**_PERCENTS, "z": _signed, "grade": lambda value: f"{value:.0f}"})
