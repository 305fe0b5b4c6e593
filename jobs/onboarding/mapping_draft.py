"""Draft a source mapping from a raw file: guess its contract and columns, and write TOML with a comment on each point to review."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from expectations.contracts.contract import Column, Contract, Type, sql_literal
from expectations.contracts.registration import ID_SCHEME
from expectations.contracts.registry import SOURCES
from jobs.formats.raw_records import RAW_TYPES, decimal_digits
from jobs.foundation.errors import ConfigError
from jobs.onboarding.sniff_file import ColumnLook, FileLook, sniff
from jobs.profile.mapping_schema import PLACEHOLDER
from jobs.profile.mapping_sql import quoted
from jobs.profile.validation import near

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Units of money in headers, as how many minor units (hundredths) one is.
_MONEY_UNITS = (("亿", 10_000_000_000), ("万", 1_000_000), ("千", 100_000), ("元", 100), ("分", 1))
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
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
            raise ConfigError(what=f"{wanted!r} is not a contract", where="--contract", next_step=near(wanted, SOURCES))
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
    known = [own, plain(column), *known_names().get(contract, {}).get(str(column), [])]
    score = 1.0 if name in known else 0.95 * max(difflib.SequenceMatcher(None, name, one).ratio() for one in known)
    if look.kind == "uscc":
        score = max(score, 0.9) if column == "entity_id" else score * 0.5
    return score * _FIT.get(column.type, {}).get(look.kind, 1.0 if column.type is Type.STRING else 0.5)


def draft_mapping(path: Path, contract: str | None = None) -> str:
    """A draft mapping for a file.

    Args:
        contract: the contract's name; guessed if None.

    Raises:
        ConfigError: when the file cannot be read or the contract is unknown.
    """
    look = sniff(path)
    found, guesses = guess_contract(look.columns, contract)
    return "\n".join([*_head(look, found, guesses), "", *_raw(look), "", *_columns(look, found, guesses), ""])


def _head(look: FileLook, contract: Contract, guesses: list[Guess]) -> Iterator[str]:
    sure = sum(guess.score >= SURE for guess in guesses)
    yield f"# A draft made from {_comment(look.path.name)}: {len(look.columns)} columns,"
    yield f"# {look.rows} rows read, {look.rejected} more were unreadable."
    yield f"# Found: {sure} of the {len(contract.columns)} columns of {contract.name}. Review every line with a ? before use."
    yield f'contract = "{contract.name}"'
    yield f'owner = "{contract.owner}"                # ? who delivers it'
    yield f'format = "{look.format.name}"'
    for name, value in look.settings.items():
        yield f"{name} = {toml_text(value)}"
    yield f"files = {toml_text(files_pattern(look.path, look.format.name))}   # ? under the sources folder"
    yield 'delivery = "increment"                # ? or "snapshot": each delivery holds all there is'
    yield "every_days = 1                        # ? how often a delivery is expected"
    yield f"nulls = [{', '.join(toml_text(null) for null in look.nulls)}]"
    yield "# known_at = \"to_utc_timestamp(try_to_timestamp(`…`, 'yyyy-MM-dd HH:mm:ss'), 'Asia/Shanghai')\""
    yield "#                                     # ? when a record became known; else the start of its delivery's day"


def _comment(text: str) -> str:
    """The text as one line of a comment."""
    return "".join(character if character.isprintable() else "?" for character in text)


def files_pattern(path: Path, form: str) -> str:
    """The pattern of a source's files, from the path of one: a day in a folder's name or in the file's name."""
    parts = path.parts
    for place in range(len(parts) - 1, -1, -1):
        found = _DAY.search(parts[place])
        if found:
            dated = parts[place].replace(found.group(), PLACEHOLDER)
            above = parts[place - 1 : place] if place and parts[place - 1] not in ("/", ".", "..") else ()
            below = (f"*.{path.suffix.lstrip('.') or form}",) if place < len(parts) - 1 else ()
            return "/".join([*above, dated, *below])
    return f"{path.stem}/{PLACEHOLDER}/*{path.suffix or '.' + form}"


def _raw(look: FileLook) -> Iterator[str]:
    yield "[raw]"
    yield "columns = ["
    yield from (f"    {toml_text(column.name)}," for column in look.columns)
    yield "]"
    if look.format.types:
        yield "[raw.types]"
        for column in look.columns:
            kind = column.parquet_type or ("string" if column.kind in ("text", "category", "uscc", "empty") else "")
            if kind in RAW_TYPES or decimal_digits(kind):
                yield f"{toml_key(column.name)} = {toml_text(kind)}"


def _columns(look: FileLook, contract: Contract, guesses: list[Guess]) -> Iterator[str]:
    by_column = {str(guess.column): guess for guess in guesses}
    translated = [guess for guess in guesses if guess.score >= SURE and _is_translated(guess, contract)]
    yield "[columns]"
    for column in contract.columns:
        guess = by_column.get(str(column))
        if guess in translated:
            continue
        yield _column_line(column, guess, any(one.kind == "uscc" for one in look.columns))
    used = {guess.look.name for guess in guesses}
    unused = [column.name for column in look.columns if column.name not in used]
    if unused:
        yield f"# not used: {_comment(', '.join(unused))}"
    for guess in translated:
        yield ""
        yield from _translation(guess, contract)


def _is_translated(guess: Guess, contract: Contract) -> bool:
    """Whether values must be translated into other words, or into grades."""
    return guess.column in contract.values or (guess.look.kind == "category" and guess.column.type is not Type.STRING)


def _column_line(column: Column, guess: Guess | None, has_uscc: bool) -> str:
    need = "required, " if column.required else ""
    if guess is None and column == ID_SCHEME and has_uscc:
        return f"{column} = \"'cn.uscc'\""
    if guess is None:
        return f'# {column} = "?"   # {need}{column.type.value}: {column.about}'
    sql, doubt = expression(column, guess.look)
    line = f"{column} = {toml_text(sql)}"
    if guess.score < SURE:
        return f"# {line}   # ? {need}perhaps"
    return f"{line}   # ? {doubt}" if doubt else line


def expression(column: Column, look: ColumnLook) -> tuple[str, str]:
    """The SQL of a contract column from a raw column, and the point to review in it."""
    raw = quoted(look.name)
    text = raw if not look.parquet_type else f"cast({raw} as string)"
    match column.type:
        case Type.DATE:
            if look.parquet_type:
                return f"try_cast({raw} as date)", ""
            pattern = look.pattern or "yyyy-MM-dd"
            return (
                f"cast(try_to_timestamp({raw}, {sql_literal(pattern)}) as date)",
                "" if look.pattern else f"no date among its values: {pattern}?",
            )
        case Type.TIMESTAMP:
            value = raw if look.parquet_type else f"try_to_timestamp({raw}, {sql_literal(look.pattern or 'yyyy-MM-dd HH:mm:ss')})"
            return f"to_utc_timestamp(try_cast({value} as timestamp), 'Asia/Shanghai')", "its time zone"
        case Type.BOOLEAN:
            if look.parquet_type == "boolean":
                return raw, ""
            yes, no = look.values[:2] if look.kind == "boolean" and len(look.values) > 1 else ("1", "0")
            sql = f"CASE trim({text}) WHEN {sql_literal(yes)} THEN true WHEN {sql_literal(no)} THEN false END"
            return sql, "" if look.kind == "boolean" else "which value is true"
        case Type.BIGINT if column.endswith("_minor"):
            unit = next(((word, size) for word, size in _MONEY_UNITS if word in look.name), None)
            size = unit[1] if unit else 100
            sql = f"try_cast(round(try_cast({raw} as decimal(30,6)) * {size}) as bigint)"
            return sql, "" if unit else "taken as whole currency units with two decimals"
        case Type.STRING if look.parquet_type == "double" and look.kind == "whole":
            return f"cast(try_cast({raw} as bigint) as string)", ""
        case Type.STRING if column == "entity_id":
            return f"upper(trim({text}))", ""
        case Type.STRING:
            return f"trim({text})", ""
        case _:
            return f"try_cast({raw} as {column.type.value})", ""


def _translation(guess: Guess, contract: Contract) -> Iterator[str]:
    column = str(guess.column)
    allowed = contract.values.get(column, ())
    known = known_names()["values"].get(column, {})
    yield f"[translate.{column}]"
    yield f"from = {toml_text(guess.look.name)}"
    yield "# a value that is not listed sends its row to quarantine; allowed values on the right:"
    yield f"# {', '.join(allowed) or guess.column.about}"
    yield f"[translate.{column}.values]"
    for value in guess.look.values:
        target = known.get(value, value if value in allowed else value.lower() if value.lower() in allowed else None)
        yield f"{toml_key(value)} = {toml_text(target)}" if target else f'# {_comment(toml_key(value))} = "?"'


def toml_text(text: str) -> str:
    """A text as a TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return '"' + "".join(one if one.isprintable() or one == "\u3000" else f"\\U{ord(one):08x}" for one in escaped) + '"'


def toml_key(text: str) -> str:
    """A text as a TOML key."""
    return text if _BARE_KEY.fullmatch(text) else toml_text(text)
