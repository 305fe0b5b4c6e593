"""Map raw records to a contract's columns by the expressions of a source mapping."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.contract import Column, sql_literal
from expectations.contracts.lineage import DELIVERED_ON, KNOWN_AT, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import BAD_VALUE, COLUMN_NAME, KEY_CONFLICT, RAW, REASON, RULE_ID, STAGE, Stage
from jobs.transforms.frames import select

IN_SCOPE = "is_in_scope"
UNREADABLE_COLUMN = "unreadable_column"
UNREADABLE_VALUE = "unreadable_value"
UNREADABLE_REASON = "unreadable_reason"


def add_mapped(
    rows: DataFrame,
    expressions: Mapping[str, str],
    inputs: Mapping[str, Sequence[str]],
    *,
    keep: str,
    passed: Sequence[str],
    personal: Collection[str],
    required: Collection[str],
) -> DataFrame:
    """Map each column, and name the first one that is NULL although all raw values it is made from are present.

    Such a column is *unreadable*: the source's value would be lost, so the row must not pass as if the source gave none.

    Args:
        rows: raw records, in which the source's own words for a missing value are already NULL.
        expressions: contract column -> Spark SQL over the raw columns.
        inputs: contract column -> the raw columns in its expression, quoted; none for an expression that may be NULL.
        keep: Spark SQL that is true for the records of this contract.
        passed: columns that are passed through unchanged.
        required: contract columns that are unreadable whenever they are NULL, also if a raw value is missing.
        personal: contract columns with personal raw values: the reason, which everyone may read, does not contain them.

    Returns:
        ``passed``, ``is_in_scope``, the mapped columns, and the first unreadable column with its value and the reason in words.
    """
    mapped = [f"{sql} AS `{name}`" for name, sql in expressions.items()]
    made_of = {name: raw for name, raw in inputs.items() if raw}
    needed = {name: [] if name in required else [f"{part} IS NOT NULL" for part in raw] for name, raw in made_of.items()}
    given = [f"({' AND '.join(parts) or 'true'}) AS `__given_{name}`" for name, parts in needed.items()]
    said = [
        f"concat_ws(' | ', {', '.join(f'cast({part} as string)' for part in raw)}) AS `__said_{name}`"
        for name, raw in made_of.items()
    ]
    wide = rows.transform(
        select, *[f"`{name}`" for name in passed], f"coalesce({keep}, false) AS {IN_SCOPE}", *mapped, *given, *said
    )
    is_bad = {name: f"(`__given_{name}` AND `{name}` IS NULL)" for name in made_of}
    return wide.transform(
        select,
        *[f"`{name}`" for name in passed],
        IN_SCOPE,
        *[f"`{name}`" for name in expressions],
        f"{_first(is_bad, {name: sql_literal(name) for name in made_of})} AS {UNREADABLE_COLUMN}",
        f"{_first(is_bad, {name: f'`__said_{name}`' for name in made_of})} AS {UNREADABLE_VALUE}",
        f"{_first(is_bad, {name: _reason(name, name in personal) for name in made_of})} AS {UNREADABLE_REASON}",
    )


def unreadable_as_quarantine(rows: DataFrame, raw: str) -> DataFrame:
    """The unreadable rows, with their lineage, as quarantine rows; ``raw`` is the column of the raw text."""
    return rows.where(F.col(UNREADABLE_COLUMN).isNotNull()).select(
        F.col(SOURCE),
        F.col(SOURCE_FILE),
        F.col(SOURCE_ROW),
        F.col(DELIVERED_ON),
        F.lit(Stage.MAP.value).alias(STAGE),
        F.concat(F.col(UNREADABLE_COLUMN), F.lit("_unreadable")).alias(RULE_ID),
        F.col(UNREADABLE_COLUMN).alias(COLUMN_NAME),
        F.coalesce(F.col(UNREADABLE_VALUE), F.lit("")).alias(BAD_VALUE),
        F.col(UNREADABLE_REASON).alias(REASON),
        F.col(raw).alias(RAW),
    )


def conflicts_as_quarantine(rows: DataFrame, key: Sequence[Column], columns: Sequence[Column], raw: str) -> DataFrame:
    """Rows that have the key and ``known_at`` of another row of their delivery and differ from it, as quarantine rows.

    Args:
        rows: the rows in conflict, with their lineage and raw text; few.
        columns: the contract's columns.
        raw: the column of the raw text.
    """
    group = f"PARTITION BY {', '.join([DELIVERED_ON, KNOWN_AT, *key])}"
    texts = {str(column): f"coalesce(cast({column} AS string), '\\0')" for column in columns if column not in key}
    differs = {column: f"min({text}) OVER ({group}) <> max({text}) OVER ({group})" for column, text in texts.items()}
    names = ", ".join(f"CASE WHEN {sql} THEN {sql_literal(column)} END" for column, sql in differs.items())
    ordered = f"{group} ORDER BY {SOURCE_FILE}, {SOURCE_ROW}"
    other = {at: f"coalesce(lag({at}) OVER ({ordered}), lead({at}) OVER ({ordered}))" for at in (SOURCE_FILE, SOURCE_ROW)}
    same = f"' has the same {', '.join(key)} and known_at, and differs in '"
    return rows.transform(
        select,
        SOURCE, SOURCE_FILE, SOURCE_ROW, DELIVERED_ON,
        f"{sql_literal(Stage.COMPARE.value)} AS {STAGE}",
        f"{sql_literal(KEY_CONFLICT)} AS {RULE_ID}",
        f"{_first(differs, {column: sql_literal(column) for column in differs})} AS {COLUMN_NAME}",
        f"{_first(differs, {column: f'cast({column} AS string)' for column in differs})} AS {BAD_VALUE}",
        f"concat({other[SOURCE_FILE]}, ' row ', {other[SOURCE_ROW]}, {same}, concat_ws(', ', {names})) AS {REASON}",
        f"{raw} AS {RAW}",
    )  # fmt: skip


def _reason(name: str, is_personal: bool) -> str:
    """SQL of the reason why a record is quarantined; a personal value is only in ``bad_value``, which is masked."""
    if is_personal:
        return sql_literal(f"{name} cannot be read from the personal value that was given")
    begin, end = sql_literal(f"{name} cannot be read from '"), sql_literal("'")
    return f"concat({begin}, `__said_{name}`, {end})"


def _first(conditions: Mapping[str, str], values: Mapping[str, str]) -> str:
    """SQL of the value that belongs to the first true condition."""
    if not conditions:
        return "cast(NULL AS string)"
    return "CASE " + " ".join(f"WHEN {condition} THEN {values[name]}" for name, condition in conditions.items()) + " END"
