"""What no indicator may be made of: the deny-list, and the check of the catalogue against it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from expectations.contracts.indicators import Indicator


@dataclass(frozen=True)
class Denied:
    """An attribute that may not reach a feature.

    Attributes:
        name: the attribute.
        words: the words that give it away, in names and definitions.
        why: why it is denied.
        freed: columns of indicators that name it only to take its effect out of an outcome.
    """

    name: str
    words: tuple[str, ...]
    why: str
    freed: tuple[str, ...] = ()

    def found_in(self, text: str) -> str | None:
        """The first of its words in the text; Latin words as whole words or parts of a column's name."""
        lowered = text.lower()
        for word in self.words:
            pattern = rf"(?<![a-z]){re.escape(word)}" if word.isascii() else re.escape(word)
            if re.search(pattern, lowered):
                return word
        return None


@cache
def deny_list() -> tuple[Denied, ...]:
    """The denied attributes, in the file's order."""
    text = resources.files(__package__).joinpath("denied.toml").read_text(encoding="utf-8")
    return tuple(
        Denied(entry["name"], tuple(entry["words"]), entry["why"], tuple(entry.get("freed", ())))
        for entry in tomllib.loads(text)["denied"]
    )


def find_denied(texts: Iterable[str]) -> list[tuple[str, str]]:
    """The denied attributes that the texts (columns, definitions, SQL) speak of, each with the word found."""
    return [(denied.name, word) for text in texts for denied in deny_list() if (word := denied.found_in(text)) is not None]


def check_indicators(indicators: Iterable[Indicator]) -> None:
    """Refuse indicators that are made of a denied attribute.

    Raises:
        ValueError: naming the indicator, the attribute and the word that gave it away.
    """
    for indicator in indicators:
        texts = (indicator.code, indicator.column, *indicator.sources, *indicator.definition.values(), *indicator.sentence.values())
        freed = {denied.name for denied in deny_list() if indicator.column in denied.freed}
        for name, word in find_denied(texts):
            if name not in freed:
                raise ValueError(
                    f"indicators.toml, {indicator.code} {indicator.column}: {name} may not reach a feature, found {word!r}"
                )
