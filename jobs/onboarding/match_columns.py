"""Guess which raw column is which column of a contract, and which contract fits a file: by names and values of its columns."""

from __future__ import annotations

import difflib
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from expectations.contracts.contract import Column, Contract, Type
from expectations.contracts.registry import SOURCES
from jobs.foundation.errors import ConfigError
from jobs.onboarding.column_values import ColumnLook
from jobs.profile.validation import near

SURE = 0.9
"""A guess with at least this score becomes a setting; one below becomes a comment."""
_LEAST = 0.7
_BY_KIND = 0.7
"""The score of a date that nothing but its kind speaks for; no contract is chosen for it."""
_UNIT = re.compile(r"[(（\[].*?[)）\]]")
_FILLER = re.compile(r"[\s_\-./:：#?]+")
_WORD = re.compile(r"[A-Z]{2,}(?=s?\b|_|\d)|[A-Z]+(?![a-zà-ÿß])|[A-Z]?[a-zà-ÿß]+|\d+|[^\W\d_a-zA-Zà-ÿß]+")
_VAGUE = {
    "date", "name", "type", "status", "number", "id", "code", "score", "amount", "result", "description", "category", "source",
    "time", "action", "reason",
}  # fmt: skip
"""Single words that fit many columns: alone they are a name, at the end of a longer name they say little."""
# How well kinds of values fit a column's type: a factor on the likeness of names.
_NUMBERS = {"whole": 1.0, "number": 1.0, "amount": 1.0, "boolean": 0.9, "empty": 0.8}
_FIT = {
    Type.DATE: {"date": 1.0, "timestamp": 1.0, "month": 0.6, "empty": 0.8},
    Type.TIMESTAMP: {"timestamp": 1.0, "date": 0.9, "empty": 0.8},
    Type.BOOLEAN: {"boolean": 1.0, "category": 0.8, "whole": 0.7, "number": 0.7, "empty": 0.8},
    Type.INT: {**_NUMBERS, "category": 0.95},
    Type.BIGINT: _NUMBERS,
    Type.DOUBLE: _NUMBERS,
}
_NAMES = ("name", "trading_name", "entity_name")
_IDS = ("entity_id", "inspection_id", "complaint_id")
_PERIODS = ("period_start", "period_end")
_SHARED = {
    "entity_id", "address", "latitude", "longitude", "name", "entity_name", "trading_name", "region_code", "phone_hash", "severity",
    "due_on", "status", "industry_code",
}  # fmt: skip
"""Columns of a business, which files of every kind have."""


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


@cache
def folded(text: str) -> str:
    """A text without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("ä", "ae").replace("ö", "oe").replace("ü", "ue"))
    return "".join(one for one in parts if not unicodedata.combining(one))


def plain(name: str) -> str:
    """A header's name without units, spaces, punctuation, accents and case."""
    return _FILLER.sub("", folded(_UNIT.sub("", name)))


@cache
def words(name: str) -> tuple[str, ...]:
    """The words of a name, each in one spelling and in the singular: ``LicenceNo`` is ``license``, ``number``."""
    spellings = known_names()["spellings"]
    found = [folded(word) for word in _WORD.findall(_UNIT.sub(" ", name))]
    if "of" in found[1:-1]:  # the date of the inspection is the inspection date
        place = found.index("of", 1)
        found = [*found[place + 1 :], *found[:place]]
    singular = [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us")) else word for word in found]
    return tuple(spellings.get(word, word) for word in singular)


def known_value(column: str, value: str, allowed: Sequence[str] = ()) -> str | int | bool | None:
    """What a raw value means in a column with a closed list, by the tables of values and words; None if nothing says it."""
    names = known_names()
    exact: Mapping[str, str] = names["values"].get(column, {})
    found = {folded(key): target for key, target in exact.items()}.get(folded(value))
    if found is None and value.lower() in allowed:
        return value.lower()
    if found is None:
        inside = [word for word in names["words"].get(column, {}) if word in folded(value)]
        found = names["words"][column][max(inside, key=len)] if inside else None
    return found


def name_score(name: str, known: Sequence[str]) -> float:
    """How well a header's name is one of the known names, 0 to 1; earlier known names win by a hair."""
    return max((_alike(name, one) - 0.0005 * place for place, one in enumerate(known)), default=0.0)


@cache
def _alike(name: str, known: str) -> float:
    if plain(name) == plain(known):
        return 1.0
    have, want = words(name), words(known)
    if not have or not want:
        return 0.0
    if sorted(have) == sorted(want):
        return 0.98
    extra = len(have) - len(want)
    if 0 < extra <= 3 and have[-len(want) :] == want:
        return 0.6 if len(want) == 1 and want[0] in _VAGUE else 0.97 - 0.025 * extra
    if 0 < extra <= 3 and set(want) <= set(have):
        return 0.6 if len(want) == 1 else 0.88 - 0.04 * extra
    ratio = difflib.SequenceMatcher(None, plain(name), plain(known)).ratio()
    return 0.95 * ratio if ratio >= (0.85 if name.isascii() else 0.0) else 0.0


def likeness(contract: str, column: Column, look: ColumnLook) -> float:
    """The score, 0 to 1, that a raw column is a contract column: its name, times how well its values fit."""
    own = str(column).removesuffix("_minor").removesuffix("_milli").replace("_", " ")
    score = name_score(look.name, [*known_names().get(contract, {}).get(str(column), []), own, str(column)])
    if "uscc" in look.traits:
        return max(score, 0.9) if column == "entity_id" else score * 0.5
    fit = _FIT.get(column.type, {}).get(look.kind, 1.0 if column.type is Type.STRING else 0.5)
    return max(score * fit * _fit_of_values(str(column), look), _by_values(contract, str(column), look))


def _fit_of_values(column: str, look: ColumnLook) -> float:
    """A factor for what the values of a text or of a coordinate must look like."""
    is_date = look.kind in ("date", "timestamp", "month")
    if look.kind == "empty":
        return 1.0
    if column in _PERIODS and look.kind == "month":
        return 1 / _FIT[Type.DATE]["month"]
    if column in _IDS:
        return 0.5 if is_date or look.traits & {"point", "email", "cents"} or look.kind in ("boolean", "amount") else 1.0
    if column in _NAMES:
        return 0.4 if look.kind not in ("text", "category") or look.traits & {"point", "phone", "email"} else 1.0
    if column == "address":
        return 0.5 if look.kind not in ("text", "category") or "point" in look.traits else 1.0
    if column in ("latitude", "longitude"):
        return 1.0 if look.kind in ("number", "whole") and _largest(look) <= 180 else 0.4
    if column == "region_code":
        return 0.5 if is_date or look.traits & {"point", "decimals"} else 0.7 if look.distinct == 1 else 1.0
    if column == "result":  # of several results, the one whose words are known
        return 1.0 if any(known_value("found_violation", value) is not None for value in look.values) else 0.97
    if column in ("status", "tax_type", "category", "outcome", "entity_type", "change_type", "quantity_unit"):
        return 0.5 if is_date or look.traits & {"unique", "decimals"} or look.kind == "number" else 1.0
    return 0.6 if is_date and not column.endswith(("_on", "_at", *_PERIODS)) else 1.0


def _largest(look: ColumnLook) -> float:
    try:
        return max(abs(float(value)) for value in look.samples)
    except ValueError:
        return float("inf")


def _by_values(contract: str, column: str, look: ColumnLook) -> float:
    """The score that the values alone give; too low for a setting, enough for a question."""
    traits = look.traits
    if column == "address" and "street" in traits and look.kind == "text":
        return 0.8
    if column in ("name", "entity_name") and "firm" in traits and "street" not in traits and look.kind == "text":
        return 0.75
    if column == "region_code" and "postcode" in traits and "unique" not in traits:
        return 0.75
    if (
        column == "entity_id"
        and words(look.name)[-1:] in (("id",), ("number",), ("key",))
        and look.kind in ("whole", "text", "category")
    ):
        return 0.75
    if look.kind in ("date", "timestamp") and column == SOURCES[contract].event_on and column not in _PERIODS:
        return _BY_KIND
    if column in ("latitude", "longitude") and "decimals" in traits and look.kind == "number":
        is_far = all(abs(float(value)) > 90 for value in look.samples)
        is_west = all(float(value) < 0 for value in look.samples)
        return 0.7 if (column == "longitude") == (is_far or is_west) else 0.0
    return 0.0


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


def guess_contract(looks: Sequence[ColumnLook], wanted: str | None = None, title: str = "") -> tuple[Contract, list[Guess]]:
    """The contract that explains most raw columns, and the guesses.

    Args:
        wanted: the contract's name, if the caller knows it.
        title: the file's name, which often says what its records are.

    Raises:
        ConfigError: when ``wanted`` is no contract.
    """
    if wanted is not None:
        if wanted not in SOURCES:
            raise ConfigError(what=f"{wanted!r} is not a contract", where="--contract", next_step=near(wanted, SOURCES))
        return SOURCES[wanted], guess_columns(SOURCES[wanted], looks)
    guesses = {name: guess_columns(contract, looks) for name, contract in SOURCES.items()}
    weights = {name: _weight(name, guesses[name]) + _signs(name, looks, title) for name in SOURCES}
    best = max(SOURCES, key=lambda name: weights[name])
    return SOURCES[best], guesses[best]


def _weight(contract: str, guesses: Sequence[Guess]) -> float:
    """The sum of the scores. What every kind of file has counts little, what only this kind has counts more."""
    found = {str(guess.column): guess for guess in guesses}
    total = sum(guess.score**2 * (0.3 if name in _SHARED else 1.0) for name, guess in found.items())
    event = SOURCES[contract].event_on or SOURCES[contract].key[0]
    needed = _PERIODS if event in _PERIODS else ("name",) if contract == "registration" else (str(event),)
    return total if any(name in found and found[name].score > _BY_KIND for name in needed) else total * 0.4


def _signs(contract: str, looks: Sequence[ColumnLook], title: str) -> float:
    """The number of headers with a word that is usual for the contract, counted up to four; the file's name counts twice."""

    def has(name: str) -> bool:
        text = f" {' '.join(words(name))} "
        return any(f" {' '.join(words(sign))} " in text or (not sign.isascii() and sign in name) for sign in signs)

    signs: list[str] = known_names()["signs"].get(contract, [])
    return 0.75 * min(sum(has(look.name) for look in looks), 4) + 1.5 * has(title)
