"""The catalogue of codes for decisions, ``catalogue.toml``: people choose a code and do not type reasons."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from jobs.texts.languages import in_language


@cache
def _entries() -> dict[str, dict[str, dict[str, str]]]:
    text = resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def codes(kind: str) -> tuple[str, ...]:
    """The codes of a kind, such as ``dismiss``, in the catalogue's order."""
    return tuple(_entries()[kind])


def words(kind: str, code: str, language: str) -> str:
    """A code's text in a language; the code itself if the catalogue no longer has it."""
    entry = _entries().get(kind, {}).get(code)
    if entry is None:
        return code
    return in_language(entry, language)


def choices(kind: str, language: str) -> list[tuple[str, str]]:
    """The codes of a kind with their texts."""
    return [(code, words(kind, code, language)) for code in codes(kind)]


def queue_of(kind: str, code: str) -> str:
    """The queue that a decision with this reason goes to: data, policy or none."""
    return _entries().get(kind, {}).get(code, {}).get("queue", "none")
