"""Find the columns that a mapping's SQL names, and rewrite it so that it does not raise on bad input.

sqlglot splits the text into the tokens of Spark's SQL. The text stays as it is written except for the replaced tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

# Functions that raise on a bad value, and the variant that gives NULL.
_TWINS = {"cast": "try_cast", "to_timestamp": "try_to_timestamp"}

# Before and after an instant: NULL for one outside the years 0 to 9999.
_BOUND = (
    "nullif(nullif(least(greatest(",
    ", timestamp'0000-01-01 00:00:00'), timestamp'+10000-01-01 00:00:00'), timestamp'0000-01-01 00:00:00'), "
    "timestamp'+10000-01-01 00:00:00')",
)


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
    """The SQL text with ``cast(`` and ``to_timestamp(`` replaced by the variants that give NULL for a bad value.

    An instant that is read from a value and is outside the years 0 to 9999 is NULL too: Sail raises when an expression takes the
    date of one after the year 262142.
    """
    parts, changes = tokens(sql), []
    for place, (token, after) in enumerate(pairwise(parts)):
        if token.is_word and after.text == "(" and (name := token.text.lower()) in {*_TWINS, *_TWINS.values()}:
            twin, inside, end = _TWINS.get(name, token.text), *_inside(parts, place + 2)
            is_instant = inside[-1:] == ["timestamp"] if twin.endswith("cast") else "," not in inside
            changes.append((token, f"{_BOUND[0]}{twin}" if is_instant else twin))
            changes += [(end, f"){_BOUND[1]}")] if end and is_instant else []
    return replaced(sql, sorted(changes, key=lambda change: change[0].start))


def _inside(parts: list[Token], first: int) -> tuple[list[str], Token | None]:
    """The words and signs of a call from its first argument on, without those in inner brackets, and its closing bracket."""
    depth = 0
    inside: list[str] = []
    for token in parts[first:]:
        if token.text == ")" and depth == 0:
            return inside, token
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        inside += [token.text.lower()] if depth == 0 else []
    return inside, None


def calls(sql: str) -> tuple[str, ...]:
    """The functions that a SQL text calls, in lower case, in order, each once."""
    return tuple(dict.fromkeys(token.text.lower() for token in _called(sql)))


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
