"""The languages of all texts: which there are, their words, and the conversion between Chinese scripts.

A language is a file in ``words/``. Its name is the code of the language, in HTML and in cookies. Above its sections it may have:

- ``accepts``: the beginnings of the browsers' language codes that it serves, by default its own code.
- ``converted_from`` and ``opencc``: OpenCC converts the texts of that language, and the file holds only those that it gets wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from jobs.foundation.errors import ConfigError
from jobs.foundation.files import read_toml

WORDS = resources.files(__package__).joinpath("words")
DEFAULT = "en"
LANGUAGES = tuple(sorted({DEFAULT, *(file.name.removesuffix(".toml") for file in WORDS.iterdir() if file.name.endswith(".toml"))}))
"""The codes of the languages: the names of the files in ``words/``."""
HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""The ranges of Chinese characters, for a regular expression: common ones, all extensions, compatibility ideographs, 々, 〇."""
_HAN = re.compile(f"[{HAN}]")
LANGUAGE_OF_HAN = "zh-Hans"
"""The language that a text with Chinese characters is marked as."""


@dataclass(frozen=True)
class Texts:
    """The words of one language: ``texts("list.title")``, with values for the names in braces."""

    language: str
    words: Mapping[str, str]
    folder: Traversable = WORDS

    def __call__(self, key: str, **values: object) -> str:
        """Return the text of ``key``, filled in. Where ``n`` is 1, 1 in digits or with a sign, use ``key_1`` if there is one.

        Raises:
            ConfigError: for a key that no file of words has.
            KeyError: for a missing value, which is a bug of the caller.
        """
        if str(values.get("n")).lstrip("+-") == "1" and f"{key}_1" in self.words:
            key = f"{key}_1"
        if key not in self.words:
            section, _, name = key.partition(".")
            where = str(self.folder.joinpath(f"{DEFAULT}.toml"))
            raise ConfigError(what=f"the words lack {key}", where=where, next_step=f"write {name} in the section [{section}]")
        return self.words[key].format(**values)

    def either(self, key: str, otherwise: str) -> str:
        """Return the text of ``key``, or ``otherwise`` for a value of data that has no text."""
        return self.words.get(key, otherwise)


@cache
def load_texts(language: str) -> Texts:
    """Return the words of reports, reasons and names in a language.

    Raises:
        ConfigError: for a language that is not in :data:`LANGUAGES`, or a file of words that is missing or not TOML.
    """
    if language not in LANGUAGES:
        raise ConfigError(
            what=f"there is no language {language!r}", where="--language", next_step=f"choose one of {', '.join(LANGUAGES)}"
        )
    return Texts(language, words_in((WORDS, WORDS.joinpath("evaluation")), language))


def words_in(folders: Iterable[Traversable], language: str) -> dict[str, str]:
    """Return the words of a language in folders of word files: its own, else those that it is converted from, else English.

    English singulars (``key_1``) are left out elsewhere: the key without them may have a text in the language.

    Raises:
        ConfigError: when a file is missing or not TOML.
    """
    words: dict[str, str] = {}
    for folder in folders:
        english = read_words(folder, DEFAULT, is_needed=True)
        singulars = {f"{key}_1" for key in english} if language != DEFAULT else set()
        words |= {key: text for key, text in english.items() if key not in singulars}
        base = base_of(language)
        if base != language:
            words |= {key: convert(text, language) for key, text in read_words(folder, base, is_needed=True).items()}
        words |= read_words(folder, language, is_needed=base == language)
    return words


def missing_words(folder: Traversable) -> list[str]:
    """Return, for each file that lacks keys of the other languages, a sentence with the first ones. Converted files may lack any.

    Raises:
        ConfigError: when a file is missing or not TOML.
    """
    own = sorted(set(map(base_of, LANGUAGES)))
    words = {code: read_words(folder, code, is_needed=code in own).keys() for code in {*own, *LANGUAGES}}
    wanted = set().union(*(words[code] for code in own)) - {f"{key}_1" for key in words[DEFAULT]}
    lacking = {code: sorted(wanted - words[code]) for code in own}
    return [
        f"{folder.joinpath(f'{code}.toml')} lacks {len(keys)} texts, such as {', '.join(keys[:3])}"
        for code, keys in lacking.items()
        if keys
    ]


def read_words(folder: Traversable, language: str, *, is_needed: bool = False) -> dict[str, str]:
    """Return ``{"section.key": text}`` of one file; empty if the folder has no file of the language and needs none.

    Raises:
        ConfigError: when the file is needed and missing, or not TOML.
    """
    file = folder.joinpath(f"{language}.toml")
    sections = _read(file) if is_needed or file.is_file() else {}
    return {
        f"{section}.{key}": text for section, words in sections.items() if isinstance(words, dict) for key, text in words.items()
    }


def _read(file: Traversable) -> dict[str, Any]:
    if not file.is_file():
        raise ConfigError(what="the words file is missing", where=str(file), next_step="restore it, or install Steelyard again")
    return read_toml(file, "words file")


def base_of(language: str) -> str:
    """Return the language that a language's texts are converted from; itself if they are not converted."""
    return _head(language).get("converted_from", language)


def convert(text: str, language: str) -> str:
    """Convert a text of :func:`base_of` to the script of ``language``. Other text stays as it is."""
    kind = _head(language).get("opencc")
    return str(_converter(kind).convert(text)) if kind else text


def convert_contract_text(text: str, language: str) -> str:
    """Convert a text of the contracts, and replace the terms for which the script's readers have other words."""
    text = convert(text, language)
    for converted, wanted in _terms(language).items():
        text = text.replace(converted, wanted)
    return text


def in_language(texts: Mapping[str, str], language: str) -> str:
    """Return a text that data holds by language: as given, else converted, else in English or whatever language there is."""
    known = {code: text for code, text in texts.items() if text}
    if language in known:
        return known[language]
    if (base := base_of(language)) in known:
        return convert(known[base], language)
    return known.get(DEFAULT) or next(iter(known.values()), "")


def accepted_language(code: str) -> str | None:
    """Return the language that serves a browser's language code, such as ``zh-tw``; None if there is none."""
    beginnings = {start: language for language in LANGUAGES for start in _head(language).get("accepts", language.lower()).split()}
    fitting = [start for start in beginnings if f"{code.lower()}-".startswith(f"{start}-")]
    return beginnings[max(fitting, key=len)] if fitting else None


def column_suffix(language: str) -> str:
    """Return how the names of a language's columns end: ``zh_hans`` for ``zh-Hans``."""
    return language.lower().replace("-", "_")


def language_of(text: str) -> str:
    """Return the ``lang`` attribute of a text of data: ``zh-Hans`` if it has Chinese characters, else empty."""
    return LANGUAGE_OF_HAN if _HAN.search(text) else ""


def to_simplified(text: str) -> str:
    """Convert Traditional Chinese to Simplified, so that a search finds both."""
    return str(_converter("t2s").convert(text))


@cache
def _head(language: str) -> Mapping[str, str]:
    """The settings at the top of a language's file, before its sections."""
    content = _read(WORDS.joinpath(f"{language}.toml"))
    return {key: value for key, value in content.items() if isinstance(value, str)}


@cache
def _terms(language: str) -> Mapping[str, str]:
    return {key.removeprefix("terms."): text for key, text in read_words(WORDS.joinpath("terms"), language).items()}


@cache
def _converter(kind: str) -> Any:
    from opencc import OpenCC

    return OpenCC(kind)
