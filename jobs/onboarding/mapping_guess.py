"""Guess the contract of a file, and its columns, from the names and values of the raw columns."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from expectations.contracts.contract import Column, Contract, Type
from expectations.contracts.registry import SOURCES
from jobs.foundation.errors import ConfigError
from jobs.onboarding.sniff_file import ColumnLook
from jobs.profile.validation import near

SURE = 0.9
"""A guess with at least this score becomes a setting; one below becomes a comment."""
_LEAST = 0.7
_UNIT = re.compile(r"[(（\[].*?[)）\]]")
_FILLER = re.compile(r"[\s_\-./:：]+")
# How well kinds of values fit a column's type: a factor on the similarity of names.
_FIT = {
    Type.DATE: {"date": 1.0, "timestamp": 0.95, "empty": 0.8},
    Type.TIMESTAMP: {"timestamp": 1.0, "date": 0.9, "empty": 0.8},
    Type.BOOLEAN: {"boolean": 1.0, "category": 0.8, "whole": 0.8, "number": 0.8, "empty": 0.8},
    Type.INT: {"whole": 1.0, "number": 0.95, "boolean": 0.9, "category": 0.9, "empty": 0.8},
    Type.BIGINT: {"whole": 1.0, "number": 1.0, "boolean": 0.9, "empty": 0.8},
    Type.DOUBLE: {"whole": 1.0, "number": 1.0, "boolean": 0.9, "empty": 0.8},
}


@dataclass(frozen=True)
class Guess:
    """A contract column, the raw column guessed for it, and the score (0 to 1)."""

    column: Column
    look: ColumnLook
    score: float


@cache
def known_names() -> Mapping[str, Any]:
    """The table of header names and values."""
    return tomllib.loads(resources.files(__package__).joinpath("header_names.toml").read_text(encoding="utf-8"))


def plain(name: str) -> str:
    """A header's name without units, spaces, punctuation and case."""
    return _FILLER.sub("", _UNIT.sub("", name)).casefold()


def guess_contract(looks: Sequence[ColumnLook], wanted: str | None = None) -> tuple[Contract, list[Guess]]:
    """The contract that explains most raw columns, and the guesses.

    Args:
        wanted: the contract's name, if the caller knows it.

    Raises:
        ConfigError: when ``wanted`` is no contract.
    """
    if wanted is not None:
        if wanted not in SOURCES:
            raise ConfigError(what=f"{wanted!r} is no contract", where="--contract", next_step=near(wanted, SOURCES))
        return SOURCES[wanted], guess_columns(SOURCES[wanted], looks)
    guesses = {name: guess_columns(contract, looks) for name, contract in SOURCES.items()}
    best = max(SOURCES, key=lambda name: (_weight(guesses[name]), name))
    return SOURCES[best], guesses[best]


def _weight(guesses: Sequence[Guess]) -> float:
    return sum(guess.score * (2 if guess.column.required else 1) for guess in guesses)


def guess_columns(contract: Contract, looks: Sequence[ColumnLook]) -> list[Guess]:
    """The likeliest pairs, in the contract's order; each raw and each contract column is in at most one pair."""
    order = {str(column): place for place, column in enumerate(contract.columns)}
    pairs = [
        Guess(column, look, score)
        for column in contract.columns
        for look in looks
        if (score := likeness(contract.name, column, look)) >= _LEAST
    ]
    raw_order = {look.name: place for place, look in enumerate(looks)}
    pairs.sort(key=lambda guess: (-guess.score, order[guess.column], raw_order[guess.look.name]))
    taken: dict[str, Guess] = {}
    used: set[str] = set()
    for guess in pairs:
        if guess.column not in taken and guess.look.name not in used:
            taken[guess.column] = guess
            used.add(guess.look.name)
    return sorted(taken.values(), key=lambda guess: order[guess.column])


def likeness(contract: str, column: Column, look: ColumnLook) -> float:
    """The score, 0 to 1, that a raw column is a contract column."""
    name = plain(look.name)
    own = plain(column.removesuffix("_minor"))
    known = [own, plain(column), *known_names()[contract].get(str(column), [])]
    score = 1.0 if name in known else 0.95 * max(difflib.SequenceMatcher(None, name, one).ratio() for one in known)
    if look.kind == "uscc":
        score = max(score, 0.9) if column == "entity_id" else score * 0.5
    return score * _FIT.get(column.type, {}).get(look.kind, 1.0 if column.type is Type.STRING else 0.5)
