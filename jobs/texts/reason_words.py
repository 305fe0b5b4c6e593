"""What stands beneath a reason: with whom an entity was compared, what the reason rests on, what would change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from expectations.contracts.indicators import Indicator
from jobs.texts.names import Names
from jobs.texts.peer_groups import peer_group_in_words
from jobs.texts.sentences import format_value, render
from jobs.texts.traditional import sentence_to_traditional

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
