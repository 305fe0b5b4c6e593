"""A contract's row rules over a frame: mark, keep and quarantine rows. Pure, without Great Expectations."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts.contract import Contract, RowRule, Sensitivity, Severity, Type
from expectations.contracts.lineage import DELIVERED_ON, IS_ABSENT, SOURCE, SOURCE_FILE, SOURCE_ROW
from expectations.contracts.quarantine import BAD_VALUE, COLUMN_NAME, COLUMNS, RAW, REASON, RULE_ID, STAGE, Stage

MARK = "rule__"


def mark_of(rule: RowRule) -> str:
    """The name of the column that is 1 where a row breaks the rule, else 0."""
    return f"{MARK}{rule.id}"


def critical_rules(contract: Contract) -> tuple[RowRule, ...]:
    """The row rules that a usable row must satisfy, in contract order."""
    return tuple(rule for rule in contract.row_rules if rule.severity is Severity.CRITICAL)


def is_sound_sql(contract: Contract) -> str:
    """SQL that is true for rows that satisfy every critical rule, else false, never NULL."""
    return " AND ".join(rule.holds() for rule in critical_rules(contract)) or "true"


def add_missing_columns(rows: DataFrame, contract: Contract) -> DataFrame:
    """Add each missing contract column as typed NULLs, so that every rule can be evaluated."""
    lacking = [column for column in contract.columns if column not in rows.columns]
    return rows.select("*", *(F.lit(None).cast(column.type.value).alias(column) for column in lacking)) if lacking else rows


def add_rule_marks(rows: DataFrame, contract: Contract) -> DataFrame:
    """Add one column for each row rule, see :func:`mark_of`; never NULL."""
    marks = (F.expr(f"CASE WHEN {rule.holds()} THEN 0 ELSE 1 END").alias(mark_of(rule)) for rule in contract.row_rules)
    return add_missing_columns(rows, contract).select(*rows.columns, *marks)


def sound_rows(rows: DataFrame, contract: Contract) -> DataFrame:
    """The rows that satisfy every critical row rule; warnings remove no row."""
    return rows.filter(F.expr(is_sound_sql(contract))) if critical_rules(contract) else rows


def quarantined_rows(rows: DataFrame, contract: Contract) -> DataFrame:
    """The other rows, each with the first critical rule (in contract order) that it breaks.

    A row that says that a key is gone is left out: it repeats a record of an earlier delivery, so it is no record of its own.

    Args:
        rows: the contract's columns with lineage. The quarantine keeps the text of a ``raw`` column, else the row as JSON.

    Returns:
        The columns of :data:`expectations.contracts.quarantine.COLUMNS`, stage ``gate``, one row for each row that breaks a rule.
    """
    rules = critical_rules(contract)
    whole = add_missing_columns(rows, contract)
    if not rules:
        rules = contract.row_rules[:1] or (RowRule("none", "true", Severity.CRITICAL, "no rule"),)
        whole = whole.filter(F.lit(False))
    broken = whole.withColumn(
        RULE_ID, _by_rule(rules, when=lambda rule: ~F.expr(rule.holds()), then=lambda rule: F.lit(rule.id))
    ).filter(F.col(RULE_ID).isNotNull() & ~F.col(IS_ABSENT))

    def is_first(rule: RowRule) -> Column:
        return F.col(RULE_ID) == rule.id

    return broken.select(
        SOURCE,
        SOURCE_FILE,
        SOURCE_ROW,
        DELIVERED_ON,
        F.lit(Stage.GATE.value).alias(STAGE),
        RULE_ID,
        _by_rule(rules, when=is_first, then=lambda rule: F.lit(str(rule.column) or None)).cast("string").alias(COLUMN_NAME),
        _by_rule(rules, when=is_first, then=_value).cast("string").alias(BAD_VALUE),
        _by_rule(rules, when=is_first, then=lambda rule: _reason(rule, contract)).alias(REASON),
        (F.col(RAW) if RAW in rows.columns else _as_json(contract)).alias(RAW),
    ).select(*COLUMNS)


def _as_json(contract: Contract) -> Column:
    """The row as JSON text. Timestamps become text first, since engines write them in JSON with different decimals."""
    is_instant = {column: column.type is Type.TIMESTAMP for column in contract.columns}
    return F.to_json(
        F.struct(*[F.col(name).cast("string").alias(name) if yes else F.col(name) for name, yes in is_instant.items()])
    )


def _by_rule(rules: tuple[RowRule, ...], *, when: Callable[[RowRule], Column], then: Callable[[RowRule], Column]) -> Column:
    """The value of ``then`` for the first rule for which ``when`` is true; NULL when there is none."""
    first, *others = rules
    chosen = F.when(when(first), then(first))
    for rule in others:
        chosen = chosen.when(when(rule), then(rule))
    return chosen


def _value(rule: RowRule) -> Column:
    return F.col(rule.column).cast("string") if rule.column else F.lit(None).cast("string")


def _reason(rule: RowRule, contract: Contract) -> Column:
    """``<about>, but <column> was <value>``; a personal value is only in ``bad_value``, which is masked."""
    if not rule.column:
        return F.lit(f"it must hold that {rule.about}, and it does not")
    if rule.column in contract.columns and contract.column(rule.column).sensitivity is Sensitivity.PERSONAL:
        return F.lit(f"{rule.about}, but {rule.column} was otherwise")
    return F.concat(F.lit(f"{rule.about}, but {rule.column} was "), F.coalesce(_value(rule), F.lit("missing")))
