"""The report's words in English, Simplified and Traditional Chinese, read from ``texts/``.

Simplified Chinese as Traditional: OpenCC's ``s2tw``, and for what the contracts say their table of exceptions after it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jobs.foundation.errors import ConfigError


def to_traditional(text: str) -> str:
    """Simplified Chinese as Traditional; other text stays as it is."""
    return str(_converter().convert(text))


def sentence_to_traditional(text: str) -> str:
    """What a contract says in Simplified Chinese, as Traditional."""
    text = to_traditional(text)
    for converted, wanted in _overrides():
        text = text.replace(converted, wanted)
    return text


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("s2tw")


@cache
def _overrides() -> tuple[tuple[str, str], ...]:
    text = resources.files(__package__).joinpath("words", "zh_hant_overrides.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["terms"].items())


LANGUAGES = ("en", "zh-Hans", "zh-Hant")
FOLDERS = ("evaluation",)
"""Folders in ``texts/``, each with the words of a page of its own."""


@dataclass(frozen=True)
class Texts:
    """One language's words: ``texts("list.title")``, with values for the words in braces."""

    language: str
    words: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key``, filled in.

        Raises:
            KeyError: for a key or a value that is not there, which is a bug of the caller.
        """
        return self.words[key].format(**values)

    def either(self, key: str, otherwise: str) -> str:
        """The text of ``key``, or ``otherwise`` for a word that the interface does not know."""
        return self.words.get(key, otherwise)


@cache
def load_texts(language: str) -> Texts:
    """The words of a language; Traditional Chinese is made from Simplified, with the table of exceptions laid over it.

    Raises:
        ConfigError: when the language is none of :data:`LANGUAGES`.
    """
    if language not in LANGUAGES:
        raise ConfigError(
            what=f"there is no language {language!r}", where="--language", next_step=f"choose one of {', '.join(LANGUAGES)}"
        )
    if language != "zh-Hant":
        return Texts(language, _read(language))
    return Texts(language, {key: to_traditional(text) for key, text in _read("zh-Hans").items()} | _read("zh-Hant"))


def _read(language: str) -> dict[str, str]:
    """``{"section.key": text}`` of a language's files: the list's, and those of the folders beside it."""
    folder = resources.files(__package__).joinpath("words")
    found: dict[str, str] = {}
    for part in (folder, *(folder.joinpath(name) for name in FOLDERS)):
        path = part.joinpath(f"{language}.toml")
        sections = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        found |= {f"{section}.{key}": text for section, words in sections.items() for key, text in words.items()}
    return found
