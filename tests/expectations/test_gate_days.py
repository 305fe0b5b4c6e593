"""Each batch rule of each contract: a day at its limit passes, a day beyond it fails, a day without the metric passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest
from gate_examples import DAY_EXAMPLES, SOUND_DAY

from expectations.contracts.contract import BatchCheck, BatchRule, Contract, Severity
from expectations.contracts.registry import SOURCES
from expectations.gate import gate_days
from expectations.suites import batch_suite, limit_of

RULES = [(contract, rule) for contract in SOURCES.values() for rule in contract.batch_rules]
by_rule = pytest.mark.parametrize(("contract", "rule"), RULES, ids=[rule.id for _, rule in RULES])
# A limit of nothing asks for nothing, so it is given one here: what is tested is that a source can set it.
SOURCE_LIMITS = {rule.id: 0.5 for _, rule in RULES if rule.check is BatchCheck.VOLUME and rule.limit == 0}


def days(*changes: dict[str, Any]) -> pd.DataFrame:
    """Sound days from 2026-03-01 on, each with a change."""
    return pd.DataFrame([{"delivered_on": date(2026, 3, at), **SOUND_DAY, **change} for at, change in enumerate(changes, start=1)])


def limits_of(contract: Contract) -> dict[str, float]:
    return {rule.id: SOURCE_LIMITS[rule.id] for rule in contract.batch_rules if rule.id in SOURCE_LIMITS}


def test_every_batch_check_has_an_example() -> None:
    assert set(DAY_EXAMPLES) == set(BatchCheck)


@by_rule
def test_a_day_at_its_limit_passes(contract: Contract, rule: BatchRule) -> None:
    limits = limits_of(contract)
    fact, within, _ = DAY_EXAMPLES[rule.check]
    checks, result = gate_days(days({fact: limit_of(rule, limits) + within}), contract, limits)
    assert [check.rule_id for check in checks] == [each.id for each in contract.batch_rules]
    assert all(check.passed for check in checks)
    assert result["success"] is True


@by_rule
def test_a_day_beyond_its_limit_fails_that_rule_alone(contract: Contract, rule: BatchRule) -> None:
    limits = limits_of(contract)
    fact, _, beyond = DAY_EXAMPLES[rule.check]
    limit = limit_of(rule, limits)
    checks, result = gate_days(days({}, {fact: limit + beyond}, {}), contract, limits)
    failed = [check for check in checks if not check.passed]
    assert [(check.rule_id, check.delivered_on, check.severity) for check in failed] == [(rule.id, date(2026, 3, 2), rule.severity)]
    assert (failed[0].checked, failed[0].failed, failed[0].limit) == (1, 1, limit)
    assert failed[0].observed == pytest.approx(limit + beyond)
    assert result["success"] is False


@by_rule
def test_a_metric_that_does_not_apply_breaks_no_rule(contract: Contract, rule: BatchRule) -> None:
    fact = DAY_EXAMPLES[rule.check][0]
    checks, _ = gate_days(days({fact: float("nan")}), contract, limits_of(contract))
    (check,) = [check for check in checks if check.rule_id == rule.id]
    assert (check.passed, check.checked, check.observed) == (True, 0, None)


def test_every_failing_day_is_named_however_many() -> None:
    many = pd.DataFrame(
        [{"delivered_on": day.date(), **SOUND_DAY, "age_days": 99.0} for day in pd.date_range("2025-01-01", periods=90)]
    )
    checks, _ = gate_days(many, SOURCES["complaint"], {})
    assert [check.delivered_on for check in checks if check.rule_id == "complaint_fresh" and not check.passed] == list(
        many["delivered_on"]
    )


def test_a_minimum_of_rows_is_required() -> None:
    rule = BatchRule("some_rows", BatchCheck.MIN_ROWS, 10, Severity.CRITICAL, "there are rows")
    contract = replace(SOURCES["complaint"], batch_rules=(rule,))
    checks, _ = gate_days(days({"rows": 10.0}, {"rows": 9.0}), contract, {})
    assert [check.passed for check in checks] == [True, False]


def test_a_source_sets_its_own_limit() -> None:
    checks, _ = gate_days(days({"age_days": 20.0}), SOURCES["complaint"], {"complaint_fresh": 30})
    assert all(check.passed for check in checks)


def test_a_limit_for_an_unknown_rule_is_refused() -> None:
    with pytest.raises(ValueError, match=r"complaint_frsh.*complaint_fresh"):
        batch_suite(SOURCES["complaint"], {"complaint_frsh": 30})


def test_no_days_give_no_checks() -> None:
    checks, result = gate_days(days({}).iloc[:0], SOURCES["complaint"], {})
    assert checks == ()
    assert result["success"] is True
