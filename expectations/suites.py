"""Contracts as Great Expectations suites: one expectation for each rule, compiled from the rule.

The import of Great Expectations takes seconds, so functions import it when they need it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from expectations.batch_metrics import BOUND_OF
from expectations.contracts.contract import BatchRule, Contract, RowRule, Severity
from expectations.row_rules import mark_of

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite

COLUMNS_RULE = "columns_present"
"""The id of the check that every contract has: its columns exist."""
COLUMNS_ABOUT = "every column of the contract exists"


def limit_of(rule: BatchRule, limits: Mapping[str, float]) -> float:
    """The limit for a source: its own if it sets one, else the contract's."""
    return float(limits.get(rule.id, rule.limit))


def refuse_unknown_limits(contract: Contract, limits: Mapping[str, float]) -> None:
    """Refuse limits for unknown rules, which would have no effect.

    Raises:
        ValueError: with the unknown and the known rules.
    """
    known = [rule.id for rule in contract.batch_rules]
    unknown = sorted(set(limits) - set(known))
    if unknown:
        raise ValueError(f"limits are set for {unknown}, but {contract.name} has only the batch rules {known}")


def row_suite(contract: Contract, rules: Sequence[RowRule]) -> ExpectationSuite:
    """The suite of a frame with marks (:func:`expectations.row_rules.add_rule_marks`): its columns, and ``rules`` of its contract.

    Each rule is one expectation on the sum of its marks, the number of rows that break it, so that the engine computes all in one
    aggregation. Expectations on single values would cost one more query each. A sum over no rows is NULL and fails, so give no
    rules for an empty frame.
    """
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.core import ExpectColumnSumToBeBetween, ExpectTableColumnsToMatchSet
    from great_expectations.expectations.metadata_types import FailureSeverity

    columns_are_there = ExpectTableColumnsToMatchSet(
        column_set=[str(column) for column in contract.columns],
        exact_match=False,
        severity=FailureSeverity(Severity.CRITICAL.value),
        description=COLUMNS_ABOUT,
        meta={"rule_id": COLUMNS_RULE, "about": COLUMNS_ABOUT, "column": ""},
    )
    rules_hold = [
        ExpectColumnSumToBeBetween(
            column=mark_of(rule),
            min_value=0,
            max_value=0,
            severity=FailureSeverity(rule.severity.value),
            description=f"{rule.id}, {rule.severity.value}: {rule.about}. Rows that break it:",
            meta={"rule_id": rule.id, "about": rule.about, "column": str(rule.column), "predicate": rule.predicate},
        )
        for rule in rules
    ]
    return ExpectationSuite(name=f"{contract.name}_rows", expectations=[columns_are_there, *rules_hold])


def batch_suite(contract: Contract, limits: Mapping[str, float]) -> ExpectationSuite:
    """The suite of a pandas frame of batch metrics (:mod:`expectations.batch_metrics`): one expectation for each batch rule.

    Args:
        limits: the source's own limits by rule id.

    Raises:
        ValueError: when a limit is set for a rule that the contract does not have.
    """
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.core import ExpectColumnValuesToBeBetween
    from great_expectations.expectations.metadata_types import FailureSeverity

    refuse_unknown_limits(contract, limits)
    expectations = []
    for rule in contract.batch_rules:
        bound, limit = BOUND_OF[rule.check], limit_of(rule, limits)
        expectations.append(
            ExpectColumnValuesToBeBetween(
                column=str(bound.fact),
                min_value=limit if bound.is_minimum else None,
                max_value=None if bound.is_minimum else limit,
                mostly=1,
                severity=FailureSeverity(rule.severity.value),
                description=f"{rule.id}, {rule.severity.value}: {rule.about} ({bound.fact} {bound.words} {limit:.4g}). Deliveries:",
                meta={"rule_id": rule.id, "about": rule.about, "column": str(bound.fact)},
            )
        )
    return ExpectationSuite(name=f"{contract.name}_days", expectations=expectations)
