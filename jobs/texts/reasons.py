"""The sentences of a reason: what was found, who the entity is compared with, the records used, and what would change it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

from expectations.contracts.indicators import Indicator
from jobs.profile.profile import Profile
from jobs.texts.languages import LANGUAGES, column_suffix, in_language
from jobs.texts.names import Names, indicator_texts, indicators
from jobs.texts.numbers import NOTHING, number, value_in_sentence, with_marks
from jobs.texts.peer_groups import peer_group_in_words

HIDDEN = frozenset({"link"})
"""Sources that are derived from another source and are not named."""
_PEER_BRACKET = re.compile(r"\s*[(（][^()（）]*\{peer\}[^()（）]*[)）]")


@dataclass(frozen=True)
class Reason:
    """A row of ``gold.reasons``, and its texts.

    ``rests_on`` lists sources. It is empty for days of earlier versions, whose reasons have only a sentence. ``peer_count`` counts
    the peers that have a value; it is None if the indicator has no peers.
    """

    indicator: str
    value: float | None = None
    peer_median: float | None = None
    peer_group: str = ""
    peer_count: int | None = None
    rests_on: str = ""
    newest_on: date | None = None
    as_of: date | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Self:
        """Return the reason of a row."""
        values: dict[str, Any] = {field.name: row[field.name] for field in fields(cls)}
        return cls(**values | {name: row[name] or "" for name in ("peer_group", "rests_on")})

    def sentence(self, names: Names) -> str:
        """Return what was found. An indicator that the catalogue no longer has is named by its column."""
        indicator = indicators().get(self.indicator)
        if indicator is None:
            return f"{names.indicator(self.indicator)}: {with_marks(number(self.value), names.texts)}"
        if self.value is None:
            return render_unknown(indicator, names)
        return render(indicator, self.value, self.peer_median, names)

    def basis(self, names: Names) -> str:
        """Return one or two sentences: the peers if there are any, then the sources and the day of the newest record."""
        day = self.newest_on or self.as_of
        if not self.rests_on or day is None:
            return ""
        texts = names.texts
        shown = [source for source in self.rests_on.split(", ") if source not in HIDDEN]
        sources = texts("reason.and").join(texts.either(f"records.{source}", source) for source in shown)
        key = "reason.rests_on" if self.newest_on else "reason.rests_as_known"
        sentences = [texts(key, sources=sources, day=day.isoformat())]
        if self.peer_count and self.peer_group:
            group = peer_group_in_words(self.peer_group, texts, names.settings)
            sentences.insert(0, texts("reason.compared", count=with_marks(f"{self.peer_count:,}", texts), group=group))
        return texts("page.space").join(sentences)

    def change(self, names: Names) -> str:
        """Return what would change the indicator, or why the entity cannot change it."""
        indicator = indicators().get(self.indicator)
        if not self.rests_on or indicator is None:
            return ""
        key = "reason.changes" if indicator.changeable else "reason.changes_not"
        return names.texts(key, text=_text(indicator, "change", names))


def better_in_words(better_class: str | None, changes: str | None, names: Names) -> str:
    """Return which changes would lead to a better class.

    Args:
        better_class: the class that they lead to, None or empty if none do.
        changes: the column ``better_changes`` of ``gold.risk_list``; None or empty for days of earlier versions, without a text.
        names: the language.
    """
    if not changes:
        return ""
    known = json.loads(changes)
    if "texts" in known:
        return in_language(known["texts"], names.texts.language)
    if known["is_best"]:
        return names.texts("reason.best")
    if not better_class:
        return names.texts("reason.no_better", most=known["most"])
    wanted = names.texts("reason.then").join(_wanted(change, names) for change in known["changes"])
    return names.texts("reason.better", letter=better_class, changes=wanted)


def reason_texts(row: Mapping[str, Any], profile: Profile) -> dict[str, str | None]:
    """Return the texts of a row of ``gold.reasons`` by column, such as ``sentence_zh_hans``; None for what it lacks."""
    reason = Reason.of(row)
    kinds = {"sentence": reason.sentence, "basis": reason.basis, "change": reason.change}
    return {column: text or None for kind, write in kinds.items() for column, text in _in_languages(kind, write, profile)}


def better_texts(row: Mapping[str, Any], profile: Profile) -> dict[str, str | None]:
    """Return the changes to a better class of a row of ``gold.risk_list`` by column, such as ``better_en``; None without any."""
    better_class, changes = row["better_class"], row["better_changes"]
    texts = _in_languages("better", lambda names: better_in_words(better_class, changes, names), profile)
    return {column: text or None for column, text in texts}


def text_columns(kind: str) -> list[str]:
    """Return the columns that hold a text in each language, such as ``sentence_en``."""
    return [f"{kind}_{column_suffix(language)}" for language in LANGUAGES]


def _in_languages(kind: str, write: Callable[[Names], str], profile: Profile) -> Iterator[tuple[str, str]]:
    return ((column, write(Names.of(profile, language))) for column, language in zip(text_columns(kind), LANGUAGES, strict=True))


def _wanted(change: Mapping[str, Any], names: Names) -> str:
    indicator = indicators().get(change["indicator"])
    wanted = Reason(change["indicator"], change["wanted"]).sentence(names)
    was = with_marks(number(change["value"]), names.texts)
    if indicator is not None:
        was = value_in_sentence(change["value"], indicator.unit, names.texts, names.settings)
    return names.texts("reason.instead", wanted=wanted, was=was)


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
    texts["times"] = with_marks(f"{value / peer_median:.1f}", names.texts) if peer_median else NOTHING
    return sentence.format(**texts)


def render_unknown(indicator: Indicator, names: Names) -> str:
    """Return the sentence of a reason whose value is not known."""
    return names.texts("reason.not_known", text=_text(indicator, "definition", names))


def _text(indicator: Indicator, key: str, names: Names) -> str:
    return indicator_texts(names.texts.language).words[f"{indicator.column}.{key}"]
