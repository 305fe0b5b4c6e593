"""What stands beneath a reason: with whom an entity was compared, what the reason rests on, what would change it.

The sentences that a regulator reads, with values in their units, in English and both forms of written Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from expectations.contracts.indicators import Indicator
from jobs.texts.languages import LANGUAGES, sentence_to_traditional
from jobs.texts.names import Names
from jobs.texts.peer_groups import peer_group_in_words

_PEER_BRACKET = re.compile(r"\s*[(（][^()（）]*\{peer\}[^()（）]*[)）]")
_CURRENCIES = {"CNY": "元", "USD": "美元", "HKD": "港元", "EUR": "欧元", "GBP": "英镑", "JPY": "日元"}
_YEAR = 365.25


def render(
    indicator: Indicator,
    value: float,
    peer_median: float | None,
    language: str,
    *,
    currency: str = "CNY",
    minor_units: int = 2,
) -> str:
    """The indicator's sentence with its value and, where known, its peers' median.

    Args:
        indicator: from the catalogue.
        value: in the indicator's unit.
        peer_median: in the same unit; without it the bracket that speaks of peers is left out.
        language: one of :data:`jobs.texts.languages.LANGUAGES`.
        currency: ISO 4217 code, for money.
        minor_units: decimal places of the currency.

    Raises:
        ValueError: for another language.
    """
    _check(language)
    chinese = language != "en"
    sentence = indicator.sentence["zh-Hans" if chinese else "en"]
    if peer_median is None:
        sentence = _PEER_BRACKET.sub("", sentence)
    texts = {
        part: format_value(number, indicator.unit, chinese=chinese, currency=currency, minor_units=minor_units)
        for part, number in (("value", value), ("peer", peer_median))
        if number is not None
    }
    text = sentence.format(**texts)
    return sentence_to_traditional(text) if language == "zh-Hant" else text


def render_unknown(indicator: Indicator, language: str) -> str:
    """What is said of an indicator whose value is not known, where that itself tells for a visit.

    Raises:
        ValueError: for another language.
    """
    _check(language)
    if language == "en":
        return f"Not known: {indicator.definition['en']}"
    text = f"未知：{indicator.definition['zh-Hans']}"
    return sentence_to_traditional(text) if language == "zh-Hant" else text


def _check(language: str) -> None:
    if language not in LANGUAGES:
        raise ValueError(f"no sentences in {language!r}; there are {', '.join(LANGUAGES)}")


def format_value(value: float, unit: str, *, chinese: bool, currency: str = "CNY", minor_units: int = 2) -> str:
    """A value in its unit, as a reader writes it: 12.5%, 3 days, CNY 1.23 million, 123.0万元."""
    if unit == "minor currency unit":
        return _money(value / 10**minor_units, currency, chinese)
    if unit == "share":
        return f"{_rounded(value * 100)}%"
    if unit == "change":
        return f"{_signed(value * 100)}%"
    if unit == "points":
        return _signed(value * 100) + ("个百分点" if chinese else " percentage points")
    if unit == "z":
        return _signed(value) + ("个标准差" if chinese else " standard deviations")
    if unit == "days" and abs(value) >= 2 * _YEAR:
        return _counted(round(value / _YEAR, 1), "年", "year", chinese)
    if unit in _COUNTED:
        return _counted(value, *_COUNTED[unit], chinese)
    if unit == "grade":
        return f"{value:.0f}级" if chinese else f"grade {value:.0f}"
    if unit == "flag":
        return ("是" if value else "否") if chinese else ("yes" if value else "no")
    if unit == "score" and chinese:
        return f"{_number(value)}分"
    if unit == "periods" and chinese:
        return f"{_number(value)}期"
    return _number(value)


_COUNTED = {"days": ("天", "day"), "months": ("个月", "month"), "years": ("年", "year")}


def _counted(value: float, chinese_word: str, english_word: str, chinese: bool) -> str:
    number = _number(value)
    if chinese:
        return number + chinese_word
    return f"{number} {english_word}" + ("" if number == "1" else "s")


def _number(value: float) -> str:
    """Whole numbers whole, others to three figures at least, thousands parted."""
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.1f}".removesuffix(".0")
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    if shown in ("0", "-0"):
        return f"{value:.2g}"
    return shown


def _rounded(value: float) -> str:
    return f"{value:,.1f}".removesuffix(".0")


def _signed(value: float) -> str:
    return f"{value:+,.1f}".removesuffix(".0")


def _money(amount: float, currency: str, chinese: bool) -> str:
    if chinese:
        name = _CURRENCIES.get(currency, f" {currency}")
        for size, word in ((1e8, "亿"), (1e4, "万")):
            if round(abs(amount) / size, 4) >= 1:
                return f"{amount / size:,.2f}".rstrip("0").rstrip(".") + word + name
        return f"{amount:,.0f}{name}"
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if round(abs(amount) / size, 4) >= 1:
            return f"{currency} " + f"{amount / size:,.2f}".rstrip("0").rstrip(".") + f" {word}"
    return f"{currency} {amount:,.0f}"


HIDDEN = frozenset({"link"})
"""What stands behind another source and is not named beside it."""


@dataclass(frozen=True)
class Basis:
    """What a reason rests on; ``peers`` is how many have a value, None where nobody was compared with."""

    peer_group: str
    peers: int | None
    sources: tuple[str, ...]
    newest_on: date | None
    as_of: date


def basis_in_words(basis: Basis, names: Names) -> str:
    """One or two sentences: the peers where there are any, then the sources and the day of the newest record."""
    texts = names.texts
    sources = texts("reason.and").join(texts(f"reason.of_{source}") for source in basis.sources if source not in HIDDEN)
    key, day = ("reason.rests_on", basis.newest_on) if basis.newest_on else ("reason.rests_as_known", basis.as_of)
    said = [texts(key, sources=sources, day=day.isoformat())]
    if basis.peers is not None and basis.peer_group:
        group = peer_group_in_words(basis.peer_group, names)
        said.insert(0, texts("reason.compared", count=f"{basis.peers:,}", group=group))
    return texts("page.space").join(said)


def change_in_words(indicator: Indicator, names: Names) -> str:
    """What would change an indicator, or why the entity cannot."""
    language = names.texts.language
    text = indicator.change["en" if language == "en" else "zh-Hans"]
    said = sentence_to_traditional(text) if language == "zh-Hant" else text
    return names.texts("reason.changes" if indicator.changeable else "reason.changes_not", text=said)


def better_in_words(
    better: str | None,
    wanted: Sequence[tuple[str, float, float]],
    is_best: bool,
    indicators: Mapping[str, Indicator],
    names: Names,
    *,
    most: int,
) -> str:
    """Which changes would bring a better class.

    Args:
        better: the class that they bring, None where none do.
        wanted: each change's indicator, its value, and the value wanted.
        is_best: whether the entity is in the best class already.
        indicators: the catalogue by column.
        names: the language.
        most: how many changes were looked for at most.
    """
    if is_best:
        return names.texts("reason.best")
    if better is None:
        return names.texts("reason.no_better", most=most)
    return names.texts(
        "reason.better",
        letter=better,
        changes=names.texts("reason.then").join(_wanted(indicators[name], now, then, names) for name, now, then in wanted),
    )


def _wanted(indicator: Indicator, now: float, then: float, names: Names) -> str:
    language, profile = names.texts.language, names.profile
    said = render(indicator, then, None, language, currency=profile.currency, minor_units=profile.minor_units)
    was = format_value(now, indicator.unit, chinese=language != "en", currency=profile.currency, minor_units=profile.minor_units)
    return names.texts("reason.instead", said=said, was=sentence_to_traditional(was) if language == "zh-Hant" else was)
