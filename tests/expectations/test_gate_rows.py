"""Each row rule of each contract: a row that just holds it passes, a row that breaks it is found."""

from __future__ import annotations

import random
from datetime import date, datetime
from typing import Any

import pytest
from gate_examples import LINEAGE, ROW_EXAMPLES, SOUND, Example, bronze
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from expectations.contracts.contract import Column, Contract, Severity, Type, value_rules
from expectations.contracts.registry import BRONZE, SOURCES
from expectations.gate import gate_rows
from expectations.row_rules import add_rule_marks, mark_of, quarantined_rows, sound_rows
from expectations.suites import COLUMNS_RULE, row_suite

IDS = [f"{example.contract}-{example.rule_id}" for example in ROW_EXAMPLES]
by_contract = pytest.mark.parametrize("contract", SOURCES.values(), ids=SOURCES)


def of_contract(contract: Contract) -> list[Example]:
    return [example for example in ROW_EXAMPLES if example.contract == contract.name]


@pytest.fixture(scope="module")
def marks(spark: SparkSession) -> dict[tuple[str, str, str], dict[str, int]]:
    """The marks of every example row: by contract, rule and whether it holds or breaks."""
    found = {}
    for contract in SOURCES.values():
        examples = of_contract(contract)
        changes = [change for example in examples for change in (example.holds, example.breaks)]
        for row in add_rule_marks(bronze(spark, contract.name, changes), contract).collect():
            at, is_break = divmod(row["source_row"] - 1, 2)
            key = (contract.name, examples[at].rule_id, "breaks" if is_break else "holds")
            found[key] = {rule.id: row[mark_of(rule)] for rule in contract.row_rules}
    return found


def test_every_row_rule_has_an_example() -> None:
    rules = [(contract.name, rule.id) for contract in SOURCES.values() for rule in contract.row_rules]
    assert sorted((example.contract, example.rule_id) for example in ROW_EXAMPLES) == sorted(rules)


@pytest.mark.parametrize("example", ROW_EXAMPLES, ids=IDS)
def test_a_row_that_just_holds_a_rule_passes(example: Example, marks: Any) -> None:
    assert marks[example.contract, example.rule_id, "holds"][example.rule_id] == 0


@pytest.mark.parametrize("example", ROW_EXAMPLES, ids=IDS)
def test_a_row_that_breaks_a_rule_is_found(example: Example, marks: Any) -> None:
    assert marks[example.contract, example.rule_id, "breaks"][example.rule_id] == 1


@by_contract
def test_great_expectations_passes_every_rule_on_sound_rows(contract: Contract, spark: SparkSession) -> None:
    changes = [example.holds for example in of_contract(contract)]
    checks, result = gate_rows(bronze(spark, contract.name, changes), contract)
    assert [check.rule_id for check in checks] == [COLUMNS_RULE, *(rule.id for rule in contract.row_rules)]
    assert all(check.passed and check.failed == 0 for check in checks)
    assert {check.checked for check in checks[1:]} == {len(changes)}
    assert result["success"] is True


@by_contract
def test_great_expectations_fails_every_rule_that_a_row_breaks(contract: Contract, spark: SparkSession) -> None:
    checks, result = gate_rows(bronze(spark, contract.name, [example.breaks for example in of_contract(contract)]), contract)
    assert [check.rule_id for check in checks if check.passed] == [COLUMNS_RULE]
    assert all(check.failed >= 1 for check in checks[1:])
    assert result["success"] is False


@by_contract
def test_great_expectations_counts_what_the_predicates_count(contract: Contract, spark: SparkSession) -> None:
    rows = spark.createDataFrame(random_rows(contract, count=300, seed=7), BRONZE[contract.name].ddl())
    counted = rows.agg(*(F.expr(f"count_if(NOT ({rule.predicate}))").alias(rule.id) for rule in contract.row_rules)).first()
    checks, _ = gate_rows(rows, contract)
    assert counted is not None
    assert {check.rule_id: check.failed for check in checks[1:]} == counted.asDict()
    assert sum(check.failed > 0 for check in checks[1:]) == len(contract.row_rules), "the random rows should break every rule"


KNOWN = [datetime(1899, 12, 31), datetime(2026, 3, 1, 16), datetime(2026, 3, 4), datetime(2200, 1, 1)]


def random_rows(contract: Contract, *, count: int, seed: int) -> list[tuple[Any, ...]]:
    """Rows of values that are missing, usual or wrong, drawn for each column by itself."""
    draw = random.Random(seed)
    pools: dict[Type, list[Any]] = {
        Type.STRING: [None, "", " ", "ab", "?"],
        Type.DATE: [None, date(1970, 1, 1), date(2024, 2, 29), date(2026, 3, 1), date(2026, 3, 2), date(2031, 1, 1), date(1, 1, 3)],
        Type.BOOLEAN: [None, True, False],
        Type.INT: [None, -1, 0, 1, 4, 5],
        Type.BIGINT: [None, -(2**60), -1, 0, 1, 2**60],
        Type.DOUBLE: [None, -181.0, -0.5, 0.0, 0.5, 1.0, 90.5],
        Type.TIMESTAMP: [None, *KNOWN],
    }
    rows = []
    for number in range(count):
        row: dict[str, Any] = {**LINEAGE, "source_row": number, "known_at": draw.choice(KNOWN)}
        for column in contract.columns:
            row[column] = draw.choice([*pools[column.type], SOUND[contract.name].get(column), *contract.values.get(column, ())])
        rows.append(tuple(row.get(column) for column in BRONZE[contract.name].columns))
    return rows


def test_an_unknown_result_counts_as_valid(spark: SparkSession) -> None:
    rows = bronze(spark, "tax_filing", [{"void_invoice_count": 5, "invoice_count": None, "declared_revenue_minor": None}])
    checks, _ = gate_rows(rows, SOURCES["tax_filing"])
    assert all(check.passed for check in checks)
    assert sound_rows(rows, SOURCES["tax_filing"]).count() == 1


@by_contract
def test_every_row_is_either_valid_or_quarantined(contract: Contract, spark: SparkSession) -> None:
    rows = spark.createDataFrame(random_rows(contract, count=200, seed=11), BRONZE[contract.name].ddl())
    sound = {row["source_row"] for row in sound_rows(rows, contract).select("source_row").collect()}
    quarantined = [row["source_row"] for row in quarantined_rows(rows, contract).select("source_row").collect()]
    assert sorted([*sound, *quarantined]) == list(range(200))


@by_contract
def test_a_broken_warning_rule_quarantines_no_row(contract: Contract, spark: SparkSession) -> None:
    warnings = {rule.id for rule in contract.row_rules if rule.severity is Severity.WARNING}
    rows = bronze(spark, contract.name, [example.breaks for example in of_contract(contract) if example.rule_id in warnings])
    assert warnings
    assert sound_rows(rows, contract).count() == len(warnings)


def test_a_listed_value_may_hold_any_character(spark: SparkSession) -> None:
    allowed = ("plain", "d'Or", 'a "b"', "back\\slash", "'")
    (rule,) = value_rules({Column("kind", Type.STRING, "A kind"): allowed})
    rows = spark.createDataFrame([(value,) for value in (*allowed, "dOr", "other", None)], "kind string")
    found = [row.is_known for row in rows.select(F.expr(rule.holds()).alias("is_known")).collect()]
    assert found == [True] * len(allowed) + [False, False, True]
    assert '"' not in rule.predicate.replace('a "b"', "")


def test_no_rows_pass_every_rule(spark: SparkSession) -> None:
    checks, result = gate_rows(bronze(spark, "complaint", [{}]).filter("false"), SOURCES["complaint"])
    assert {(check.checked, check.failed, check.passed, check.observed) for check in checks[1:]} == {(0, 0, True, None)}
    assert result["success"] is True


def test_a_missing_column_fails_its_own_check_and_the_rules_that_need_it(spark: SparkSession) -> None:
    rows = bronze(spark, "registration", [{}, {}]).drop("status", "agent_id")
    checks, _ = gate_rows(rows, SOURCES["registration"])
    failed = {check.rule_id: (check.failed, check.column) for check in checks if not check.passed}
    assert failed == {COLUMNS_RULE: (2, "status, agent_id"), "status_present": (2, "status")}


@by_contract
def test_the_suite_keeps_each_rules_severity(contract: Contract) -> None:
    expected = [Severity.CRITICAL.value, *(rule.severity.value for rule in contract.row_rules)]
    assert [expectation.severity for expectation in row_suite(contract, contract.row_rules).expectations] == expected
