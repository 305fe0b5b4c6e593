"""The catalogue of codes for decisions, ``catalogue.toml``: people choose a code and do not type reasons."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from console.core.texts import load_texts


@cache
def _catalogue() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("catalogue.toml").read_text(encoding="utf-8"))


def codes(kind: str) -> tuple[str, ...]:
    """The codes of a kind, such as ``dismiss``, in the catalogue's order."""
    return tuple(_catalogue()["codes"][kind])


def words(kind: str, code: str, language: str) -> str:
    """A code's text in a language; the code itself if it has none."""
    return load_texts(language).either(f"code_{kind}.{code}", code)


def choices(kind: str, language: str) -> list[tuple[str, str]]:
    """The codes of a kind with their texts."""
    return [(code, words(kind, code, language)) for code in codes(kind)]


def queue_of(kind: str, code: str) -> str:
    """The queue that a decision with this reason goes to: data, policy or none."""
    return str(_catalogue()["queue"].get(kind, {}).get(code, "none"))
