"""The console's words in English, Simplified and Traditional Chinese.

``en.toml`` and ``zh-Hans.toml`` hold the same keys. Traditional Chinese is made from Simplified by OpenCC; ``zh-Hant.toml`` holds
only what OpenCC gets wrong.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

LANGUAGES = ("en", "zh-Hans", "zh-Hant")
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""The ranges of Chinese characters, for a regular expression: common ones, all extensions, compatibility ideographs, 々, 〇."""


_HAN = re.compile(f"[{HAN}]")


class Texts:
    """One language's words: ``texts("list.title")``, with values for the words in braces."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language = language
        self.words = words

    def __call__(self, key: str, **values: object) -> str:
        """The text of ``key``, filled in. Where ``n`` is 1, the text of ``key_1`` when there is one."""
        if values.get("n") == 1 and f"{key}_1" in self.words:
            key = f"{key}_1"
        return self.words[key].format(**values)

    def either(self, key: str, otherwise: str) -> str:
        """The text of ``key``, or ``otherwise`` for a word of data that the console does not know."""
        return self.words.get(key, otherwise)


@cache
def load_texts(language: str) -> Texts:
    """The words of one of :data:`LANGUAGES`."""
    if language not in LANGUAGES:
        raise ValueError(f"there is no language {language!r}")
    if language != "zh-Hant":
        return Texts(language, read_words(language))
    return Texts(language, {key: to_traditional(text) for key, text in read_words("zh-Hans").items()} | read_words("zh-Hant"))


def to_traditional(text: str) -> str:
    """Simplified Chinese as Traditional; other text stays as it is."""
    return str(_converter("s2tw").convert(text))


def to_simplified(text: str) -> str:
    """Traditional Chinese as Simplified, so that either finds the other."""
    return str(_converter("t2s").convert(text))


def language_of(text: str) -> str:
    """``zh-Hans`` for text with Chinese characters, else empty: what a data cell's ``lang`` should be."""
    return "zh-Hans" if _HAN.search(text) else ""


@cache
def _converter(kind: str) -> Any:
    from opencc import OpenCC

    return OpenCC(kind)


def read_words(language: str) -> dict[str, str]:
    """``{"section.key": text}`` of one file."""
    path = resources.files(__package__).joinpath("words", f"{language}.toml")
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    return {f"{section}.{key}": text for section, words in sections.items() for key, text in words.items()}
