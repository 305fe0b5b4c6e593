"""What a mapping's SQL may say: values of the one record, and listed functions. So it cannot read a table or a file.

sqlglot parses the text as Spark does. Where it and an engine could split a text differently (comments, raw texts, doubled quotes),
the text is refused.
"""

from __future__ import annotations

import difflib
import re
from itertools import accumulate, pairwise

from jobs.profile.mapping_sql import Token, quoted, replaced, tokens

_LISTED = (
    # Text
    "btrim char_length concat concat_ws contains endswith instr length locate lower lpad ltrim regexp_extract "
    "regexp_replace replace reverse rpad rtrim split_part startswith substr substring substring_index translate trim upper "
    # NULL and conditions
    "coalesce greatest if ifnull isnotnull isnull least nullif nvl "
    # Numbers
    "abs ceil floor mod pmod power round sign try_to_number "
    # Types
    "cast try_cast "
    # Dates and instants
    "add_months date_add date_format date_sub datediff day from_unixtime from_utc_timestamp hour last_day minute month "
    "months_between quarter second timestamp_millis to_timestamp to_utc_timestamp try_make_timestamp try_to_timestamp year "
    # Hashes
    "md5 sha2 "
)
FUNCTIONS = frozenset(_LISTED.split())
"""The functions that a mapping may call. Each gives the same on every engine: ``tests/cluster/function_examples.toml``."""

_SAME = "use a raw column instead: the same files must give the same rows"
_ONE = "give one value a record"
_DATE = "use cast(try_to_timestamp(x, format) as date)"
_INSTEAD = {
    "to_date": _DATE, "date": _DATE, "make_date": _DATE, "timestamp": "use try_to_timestamp(x, format)",
    "left": "use substring(x, 1, n)", "right": "use substring(x, -n, n)",
    "to_number": "use try_to_number", "make_timestamp": "use try_make_timestamp",
    **{name: f"use try_cast(x as {name})" for name in ("int", "bigint", "double", "boolean", "string")},
    **dict.fromkeys(("now", "current_date", "current_timestamp", "curdate", "localtimestamp", "rand", "randn", "uuid"), _SAME),
    **dict.fromkeys(("explode", "posexplode", "inline", "stack"), _ONE),
}  # fmt: skip
"""For functions that are often tried: what to write instead."""
_SYNTAX = {"and", "between", "case", "decimal", "else", "escape", "ilike", "in", "is", "like", "not", "or", "rlike", "then", "when"}
"""Words before an opening bracket that are no functions."""
_NAMES = {"by", "group", "having", "limit", "on", "order", "to", "using"}
"""Words of queries that the engines read as a column's name where no query is; alone, none of them begins a query."""
_TEXT = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_SIGNS = frozenset(("(", ")", ",", ".", *"+-*/%=<>&|~", "==", "<>", "!=", "<=", ">=", "<=>", "||", "::"))
_CLOCK = {"current_time", "localtime", "localtimestamp", "sysdate", "user"}
"""Functions without brackets that sqlglot reads as columns; in backticks they are columns."""
_RELATIVE = ("now", "today", "tomorrow", "yesterday")
"""Texts that a date or an instant is made from by the clock."""
_LONGEST_PADDED = 1_000
_NODES = (
    "Column Identifier Literal Boolean Null DataType DataTypeParam Paren Neg Not Is EQ NEQ GT GTE LT LTE NullSafeEQ NullSafeNEQ In "
    "Between Like ILike Escape Add Sub Mul Div Mod IntDiv DPipe BitwiseAnd BitwiseOr BitwiseNot Interval Var "
    "AtTimeZone FromTimeZone"
)
"""sqlglot's classes of syntax that a mapping may use, besides functions."""


def find_refused(sql: str) -> tuple[str, str] | None:
    """What in a SQL text is not allowed, and what to write instead; None if all is allowed."""
    try:
        parts = tokens(sql)
    except ValueError:
        return f"has a text or a name that does not end: {sql}", "close it with its quote or backtick"
    depths = list(accumulate({"(": 1, ")": -1}.get(token.text, 0) for token in parts))
    if parts and (min(depths) < 0 or depths[-1]):  # sqlglot accepts a missing bracket after trim
        return f"has brackets that do not match: {sql[:200]}", "close each bracket"
    return _refused_token(sql, parts) or _refused_syntax(sql, parts)


def _refused_token(sql: str, parts: list[Token]) -> tuple[str, str] | None:
    ends = [0, *(token.end for token in parts)]
    if any(sql[end : token.start].strip() for end, token in zip(ends, parts, strict=False)) or sql[ends[-1] :].strip():
        return "has a comment", "write it in the TOML, after #"
    for token in parts:
        if token.text[-1] in "'\"" and not _TEXT.fullmatch(token.text):
            return f"has the text {token.text}", r"write it in quotes, a quote within it as \'"
        is_name = token.is_quoted or token.text.replace(" ", "").isidentifier()  # some tokens are two words, such as ORDER BY
        if not is_name and token.text[0] not in "'\"0123456789" and token.text not in _SIGNS:
            return f"has {token.text}, which is not allowed", "put names that are not only letters, digits and _ in backticks"
    if clock := next((token.text for token in parts if token.text.lower() in _CLOCK), ""):
        return f"names {clock.lower()}, a function", f"{_SAME}; a column of this name is written in backticks"
    for token, after in pairwise(parts):
        name = token.text.lower()
        if token.text[-1] in "'\"" and after.text[0] in "'\"":
            return f"has two texts side by side: {token.text} {after.text}", r"use concat, or write a quote within a text as \'"
        if after.text == "(" and (token.is_word or token.is_quoted) and name not in FUNCTIONS | _SYNTAX:
            return f"calls {token.text}, which is not an allowed function", _instead(name)
    return None


def _instead(name: str) -> str:
    guess = difflib.get_close_matches(name, FUNCTIONS, n=1, cutoff=0.7)
    then = "use a function of the list in docs/reference/mapping.md"
    return _INSTEAD.get(name) or (f"did you mean {guess[0]}? Else {then}" if guess else then)


def _refused_syntax(sql: str, parts: list[Token]) -> tuple[str, str] | None:
    # Imported here: it takes a quarter of a second, and most commands read no mapping.
    from sqlglot import expressions
    from sqlglot.dialects.spark import Spark
    from sqlglot.errors import SqlglotError

    try:
        names = ((token, quoted(token.text)) for token in parts if token.text.lower() in _NAMES)
        (parsed,) = Spark().parse_into(expressions.Condition, replaced(sql, names))
    except (SqlglotError, ValueError, RecursionError):
        return f"cannot be understood: {sql[:200]}", "write one expression of Spark SQL over the raw columns"
    unbracketed = tuple(Spark.parser_class.NO_PAREN_FUNCTIONS.values())
    syntax = tuple(getattr(expressions, name) for name in _NODES.split())
    for node in parsed.walk() if parsed else ():
        if isinstance(node, unbracketed):
            return f"names {node.sql('spark').lower()}, a function", _SAME
        if isinstance(node, (expressions.Query, expressions.Table, expressions.Exists)):
            return "has a query: a mapping sees one record at a time", "use a raw column, or a lookup ([[lookups]])"
        if isinstance(node, expressions.Cast) and node.this.is_string and node.this.name.strip().lower().startswith(_RELATIVE):
            return f"has {node.sql('spark')[:100]}, which depends on the clock", _SAME
        if isinstance(node, expressions.Pad) and not (node.expression.is_int and int(node.expression.name) <= _LONGEST_PADDED):
            return f"has {node.sql('spark')[:100]}", f"pad to a length that is a number up to {_LONGEST_PADDED:,}"
        if isinstance(node, expressions.Window):
            return "has a window: it looks at other records, and those differ by delivery", "use the record alone"
        if not isinstance(node, (*syntax, expressions.Func)):
            return f"has {node.sql('spark')[:100]}, which is not allowed", "see the list in docs/reference/mapping.md"
    return None
