"""The sentences of a reason: what was found, who the entity is compared with, the records used, and what would change it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from expectations.contracts.indicators import Indicator
from jobs.texts.names import Names, indicator_texts
from jobs.texts.numbers import value_in_sentence
from jobs.texts.peer_groups import peer_group_in_words

HIDDEN = frozenset({"link"})
"""Sources that are derived from another source and are not named."""
_PEER_BRACKET = re.compile(r"\s*[(（][^()（）]*\{peer\}[^()（）]*[)）]")


@dataclass(frozen=True)
class Basis:
    """The records behind a reason. ``peers`` counts the peers that have a value, None if the indicator has no peers."""

    peer_group: str
    peers: int | None
    sources: tuple[str, ...]
    newest_on: date | None
    as_of: date


def render(indicator: Indicator, value: float, peer_median: float | None, names: Names) -> str:
    """Return the indicator's sentence with its value and its peers' median.

    Args:
        indicator: from the catalogue.
        value: in the indicator's unit.
        peer_median: in the same unit; None leaves out the bracket about peers.
        names: the language and the currency.
    """
    sentence = _text(indicator, "sentence", names)
    if peer_median is None:
        sentence = _PEER_BRACKET.sub("", sentence)
    values = {"value": value, "peer": peer_median}
    texts = {
        part: value_in_sentence(known, indicator.unit, names.texts, names.settings)
        for part, known in values.items()
        if known is not None
    }
    return sentence.format(**texts)


def render_unknown(indicator: Indicator, names: Names) -> str:
    """Return the sentence of a reason whose value is not known."""
    return names.texts("reason.not_known", text=_text(indicator, "definition", names))


def basis_in_words(basis: Basis, names: Names) -> str:
    """Return one or two sentences: the peers if there are any, then the sources and the day of the newest record."""
    texts = names.texts
    sources = texts("reason.and").join(texts(f"reason.of_{source}") for source in basis.sources if source not in HIDDEN)
    key, day = ("reason.rests_on", basis.newest_on) if basis.newest_on else ("reason.rests_as_known", basis.as_of)
    sentences = [texts(key, sources=sources, day=day.isoformat())]
    if basis.peers is not None and basis.peer_group:
        group = peer_group_in_words(basis.peer_group, texts, names.settings)
        sentences.insert(0, texts("reason.compared", count=f"{basis.peers:,}", group=group))
    return texts("page.space").join(sentences)


def change_in_words(indicator: Indicator, names: Names) -> str:
    """Return what would change an indicator, or why the entity cannot change it."""
    key = "reason.changes" if indicator.changeable else "reason.changes_not"
    return names.texts(key, text=_text(indicator, "change", names))


def better_in_words(
    better: str | None,
    wanted: Sequence[tuple[str, float, float]],
    is_best: bool,
    indicators: Mapping[str, Indicator],
    names: Names,
    *,
    most: int,
) -> str:
    """Return which changes would lead to a better class.

    Args:
        better: the class that they lead to, None if none do.
        wanted: each change's indicator, its value, and the value wanted.
        is_best: whether the entity is in the best class.
        indicators: the catalogue by column.
        names: the language.
        most: the largest number of changes that was tried.
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
    was = value_in_sentence(now, indicator.unit, names.texts, names.settings)
    return names.texts("reason.instead", wanted=render(indicator, then, None, names), was=was)


def _text(indicator: Indicator, key: str, names: Names) -> str:
    return indicator_texts(names.texts.language).words[f"{indicator.column}.{key}"]
