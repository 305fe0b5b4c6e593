"""The reasons and words that a decision is made of: chosen from ``catalogue.toml``, never typed."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from console.core.texts import to_traditional


@cache
def _entries() -> dict[str, dict[str, dict[str, str]]]:
    text = resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def codes(kind: str) -> tuple[str, ...]:
    """The codes of a kind, such as ``dismiss``, in the catalogue's order."""
    return tuple(_entries()[kind])


def words(kind: str, code: str, language: str) -> str:
    """A code in a language; the code itself for one that the catalogue no longer has."""
    entry = _entries().get(kind, {}).get(code)
    if entry is None:
        return code
    return to_traditional(entry["zh-Hans"]) if language == "zh-Hant" else entry[language]


def choices(kind: str, language: str) -> list[tuple[str, str]]:
    """The codes of a kind with their words."""
    return [(code, words(kind, code, language)) for code in codes(kind)]


def queue_of(kind: str, code: str) -> str:
    """Who learns of a decision for this reason: data, policy or none."""
    return _entries().get(kind, {}).get(code, {}).get("queue", "none")
