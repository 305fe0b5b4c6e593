"""Find the columns that a mapping's SQL names, and rewrite it so that it does not raise on bad input.

A small tokenizer is enough: the text stays as it is written except for the replaced tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<word>[^\W\d]\w*)
    | (?P<number>\d[\w.]*)
    | (?P<space>\s+|--[^\n]*|/\*.*?\*/)
    | (?P<sign>.)
    """,
    re.VERBOSE | re.DOTALL,
)
# Functions that raise on a bad value, and the variant that gives NULL.
_TWINS = {"cast": "try_cast", "to_timestamp": "try_to_timestamp"}


@dataclass(frozen=True)
class Token:
    """A token of SQL: its kind (string, quoted, word, number, space, sign) and its text."""

    kind: str
    text: str

    @property
    def name(self) -> str:
        """The identifier; empty for other kinds."""
        if self.kind == "quoted":
            return self.text[1:-1].replace("``", "`")
        return self.text if self.kind == "word" else ""


def tokens(sql: str) -> Iterator[Token]:
    """The tokens of a SQL text; joined, they give the text again."""
    for match in _TOKEN.finditer(sql):
        yield Token(str(match.lastgroup), match.group())


def quoted(name: str, lookups: Iterable[str] = ()) -> str:
    """A raw column's name as SQL; a lookup's column ``lookup.column`` as two quoted names."""
    lookup, dot, column = name.partition(".")
    parts = (lookup, column) if dot and lookup in tuple(lookups) else (name,)
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def names_in(sql: str, columns: Iterable[str], lookups: Iterable[str]) -> tuple[str, ...]:
    """The ``columns``, and lookup columns as ``lookup.column``, that a SQL text names; in order, each once, case kept."""
    known, lookup_names = set(columns), tuple(lookups)
    found: dict[str, None] = {}
    for token in _joined(list(tokens(sql)), lookup_names):
        if token.name in known or _is_lookup_column(token.name, lookup_names):
            found[token.name] = None
    return tuple(found)


def qualified(sql: str, lookups: Iterable[str]) -> str:
    """The SQL text with every spelling of a lookup's column as two quoted names: `` `lookup`.`column` ``."""
    names = tuple(lookups)
    parts = _joined(list(tokens(sql)), names)
    return "".join(quoted(part.name, names) if _is_lookup_column(part.name, names) else part.text for part in parts)


def _is_lookup_column(name: str, lookups: tuple[str, ...]) -> bool:
    lookup, dot, column = name.partition(".")
    return bool(dot and column) and lookup in lookups


def _joined(parts: list[Token], lookups: tuple[str, ...]) -> Iterator[Token]:
    """The tokens, with ``lookup . column`` as one quoted token ``lookup.column``."""
    place = 0
    while place < len(parts):
        token = parts[place]
        is_qualified = (
            token.name in lookups
            and place + 2 < len(parts)
            and parts[place + 1].text == "."
            and parts[place + 2].kind in ("word", "quoted")
        )
        if is_qualified:
            yield Token("quoted", quoted(f"{token.name}.{parts[place + 2].name}"))
            place += 3
        else:
            yield token
            place += 1


def with_try(sql: str) -> str:
    """The SQL text with ``cast(`` and ``to_timestamp(`` replaced by the variants that give NULL for a bad value."""
    parts = list(tokens(sql))
    made: list[str] = []
    for place, token in enumerate(parts):
        twin = _TWINS.get(token.text.lower()) if token.kind == "word" else None
        made.append(twin if twin and _is_call(parts, place) else token.text)
    return "".join(made)


def calls(sql: str) -> tuple[str, ...]:
    """The functions that a SQL text calls, in lower case, in order, each once."""
    parts = list(tokens(sql))
    called = (token.text.lower() for place, token in enumerate(parts) if token.kind == "word" and _is_call(parts, place))
    return tuple(dict.fromkeys(called))


def _is_call(parts: list[Token], place: int) -> bool:
    """Whether the next token that is no space is an opening bracket."""
    return next((part.text for part in parts[place + 1 :] if part.kind != "space"), "") == "("
