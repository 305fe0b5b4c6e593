"""The console's own words, together with the words of names and values that it shares with reports.

``words/en.toml`` and ``words/zh-Hans.toml`` hold the same keys. ``words/zh-Hant.toml`` holds only what the conversion of Simplified
Chinese by OpenCC gets wrong.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from jobs.texts import languages
from jobs.texts.languages import Texts

WORDS = resources.files(__package__).joinpath("words")
SHARED = ("class.", "family.", "finding_state.", "language.", "number.", "outage.", "peer.", "records.", "selected.", "unit.")
"""The sections of words that the console takes from ``jobs/texts/words``."""


@cache
def load_texts(language: str) -> Texts:
    """Return the words of a language.

    Raises:
        ConfigError: for an unknown language, or a file of words that is missing or not TOML.
    """
    shared = {key: text for key, text in languages.load_texts(language).words.items() if key.startswith(SHARED)}
    return Texts(language, shared | languages.words_in((WORDS,), language), WORDS)


def read_words(language: str) -> dict[str, str]:
    """Return ``{"section.key": text}`` of the console's file of a language."""
    return languages.read_words(WORDS, language)
