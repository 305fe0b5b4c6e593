"""Find the columns that a mapping's SQL names, and rewrite it so that it does not raise on bad input.

sqlglot splits the text into the tokens of Spark's SQL. The text stays as it is written except for the replaced tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

# Functions that raise on a bad value, and the variant that gives NULL.
_TWINS = {"cast": "try_cast", "to_timestamp": "try_to_timestamp"}

_RANGES = {
    "from_unixtime": (0, "bigint", -62_167_219_200, 253_402_300_799),
    "timestamp_millis": (0, "bigint", -62_167_219_200_000, 253_402_300_799_999),
    "try_make_timestamp": (0, "int", 0, 9_999),
    "date_add": (1, "int", -3_700_000, 3_700_000),
    "date_sub": (1, "int", -3_700_000, 3_700_000),
    "add_months": (1, "int", -120_000, 120_000),
}
"""Functions that raise, or give another instant, for a number far outside the years 0 to 9999: the place of the number among the
arguments, its type, and the first and the last number that is used."""


def _within(argument: str, kind: str, first: int, last: int) -> str:
    """SQL of a number, NULL outside a range."""
    number = f"try_cast({argument} as {kind})"
    return f"CASE WHEN {number} BETWEEN {first} AND {last} THEN {number} END"


def _without_signed_year(text: str) -> str:
    """SQL of a text, NULL if it has a year of five digits or more with a sign; LIKE is fast and excludes most texts."""
    return f"CASE WHEN ({text} LIKE '%+%' OR {text} LIKE '-%') AND {text} RLIKE '(^-|[+])[0-9]{{5}}' THEN NULL ELSE {text} END"


def _no_huge_number(value: str) -> str:
    """SQL of a value of any type, NULL if it is a number of seconds after the year 9999, or that long before 1970."""
    seconds = f"abs(try_cast(try_cast({value} as string) as double))"
    return f"CASE WHEN {seconds} >= 253402300800 THEN NULL ELSE {value} END"


def _bounded(sql: str, kind: str) -> str:
    """SQL of a date or an instant, NULL outside the years 0 to 9999."""
    time = " 00:00:00" if kind == "timestamp" else ""
    first, after = f"{kind}'0000-01-01{time}'", f"{kind}'+10000-01-01{time}'"
    return f"nullif(nullif(least(greatest({sql}, {first}), {after}), {first}), {after})"


@dataclass(frozen=True)
class Token:
    """A token of SQL as it is written, and where it starts and ends."""

    text: str
    start: int
    end: int

    @property
    def is_quoted(self) -> bool:
        """Whether it is a name in backticks."""
        return self.text.startswith("`")

    @property
    def is_word(self) -> bool:
        """Whether it is a name without backticks, a function or a keyword."""
        return self.text.isidentifier()

    @property
    def name(self) -> str:
        """The name; empty for other tokens."""
        if self.is_quoted:
            return self.text[1:-1].replace("``", "`")
        return self.text if self.is_word else ""


def tokens(sql: str) -> list[Token]:
    """The tokens of a SQL text; spaces and comments are left out.

    Raises:
        ValueError: if a string or a name in backticks does not end.
    """
    # Imported here: it takes a quarter of a second, and most commands read no mapping.
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import TokenError

    try:
        places = [(token.start, token.end + 1) for token in Spark().tokenize(sql)]
    except TokenError as error:
        raise ValueError(str(error)) from error
    return [Token(sql[start:end], start, end) for start, end in places]


def quoted(name: str, lookups: Iterable[str] = ()) -> str:
    """A raw column's name as SQL; a lookup's column ``lookup.column`` as two quoted names."""
    lookup, dot, column = name.partition(".")
    parts = (lookup, column) if dot and lookup in tuple(lookups) else (name,)
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def names_in(sql: str, columns: Iterable[str], lookups: Iterable[str]) -> tuple[str, ...]:
    """The ``columns``, and lookup columns as ``lookup.column``, that a SQL text names; in order, each once, case kept."""
    known, lookup_names = set(columns), tuple(lookups)
    names = (token.name for token in _names(sql, lookup_names))
    return tuple(dict.fromkeys(name for name in names if name in known or _is_lookup_column(name, lookup_names)))


def qualified(sql: str, lookups: Iterable[str]) -> str:
    """The SQL text with every spelling of a lookup's column as two quoted names: `` `lookup`.`column` ``."""
    names = tuple(lookups)
    columns = (token for token in _names(sql, names) if _is_lookup_column(token.name, names))
    return replaced(sql, ((token, quoted(token.name, names)) for token in columns))


def with_try(sql: str) -> str:
    """The SQL text with calls that give NULL where they would raise: for a bad value, and for a time outside the years 0 to 9999.

    ``cast(`` and ``to_timestamp(`` become ``try_cast(`` and ``try_to_timestamp(``. What a date or an instant is made from is
    compared with a range before the call: beyond its own range an engine raises, or gives another instant.
    """
    guarded = {*_TWINS, *_TWINS.values(), *_RANGES}
    starts = [call.start for call in _called(sql) if call.text.lower() in guarded]
    for start in reversed(starts):  # inner calls before the calls around them
        name, *parts = tokens(sql[start:])
        arguments, end = _arguments(sql[start:], parts)
        if end:
            sql = f"{sql[:start]}{_guarded(name.text, arguments)}{sql[start + end :]}"
    return sql


def _guarded(name: str, arguments: list[str]) -> str:
    """A call as SQL that gives NULL instead of raising."""
    twin = _TWINS.get(name.lower(), name)
    if name.lower() in _RANGES:
        place, kind, first, last = _RANGES[name.lower()]
        if place < len(arguments):
            arguments[place] = _within(arguments[place].strip(), kind, first, last)
        return f"{name}({','.join(arguments)})"
    if not twin.lower().endswith("cast"):
        if len(arguments) == 1:
            return _bounded(f"{twin}({arguments[0]})", "timestamp")
        return f"{twin}({','.join([_without_signed_year(arguments[0].strip()), *arguments[1:]])})"
    *_, split = (None, *(token for token in tokens(arguments[0]) if token.text.lower() == "as"))
    if split is None:
        return f"{twin}({','.join(arguments)})"
    value, kind = arguments[0][: split.start].strip(), arguments[0][split.end :].strip().lower()
    call = f"{twin}({_no_huge_number(value) if kind == 'timestamp' else value} as {kind})"
    return _bounded(call, kind) if kind in ("date", "timestamp") else call


def _arguments(sql: str, parts: list[Token]) -> tuple[list[str], int]:
    """The arguments of a call as they are written, and where it ends; 0 if it does not. The first of ``parts`` is its bracket."""
    depth, begin = 0, parts[0].end
    found: list[str] = []
    for token in parts:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if (depth == 1 and token.text == ",") or depth == 0:
            found.append(sql[begin : token.start])
            begin = token.end
        if depth == 0:
            return found, token.end
    return found, 0


def _called(sql: str) -> list[Token]:
    """The words that an opening bracket follows."""
    return [token for token, after in pairwise(tokens(sql)) if token.is_word and after.text == "("]


def _names(sql: str, lookups: tuple[str, ...]) -> Iterator[Token]:
    """The tokens, with ``lookup . column`` as one quoted token."""
    parts = tokens(sql)
    place = 0
    while place < len(parts):
        token, after = parts[place], parts[place + 1 : place + 3]
        if token.name in lookups and len(after) == 2 and after[0].text == "." and after[1].name:
            token = Token(quoted(f"{token.name}.{after[1].name}"), token.start, after[1].end)
            place += 2
        yield token
        place += 1


def _is_lookup_column(name: str, lookups: tuple[str, ...]) -> bool:
    lookup, dot, column = name.partition(".")
    return bool(dot and column) and lookup in lookups


def replaced(sql: str, changes: Iterable[tuple[Token, str]]) -> str:
    """The SQL text with some of its tokens, given in order, replaced."""
    made, done = [], 0
    for token, text in changes:
        made += [sql[done : token.start], text]
        done = token.end
    return "".join([*made, sql[done:]])
