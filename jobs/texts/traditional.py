"""Simplified Chinese as Traditional: OpenCC's ``s2tw``, and for what the contracts say their table of exceptions after it."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any


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
