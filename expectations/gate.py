"""The gate: validate a source's rows and delivered days, quarantine bad rows, and name the days that must not be used.

It returns frames and check results and writes nothing. Great Expectations evaluates the contract's rules.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
from pyspark.sql import DataFrame

from expectations.batch_metrics import BOUND_OF
from expectations.contracts.contract import Contract, RowRule, Severity
from expectations.contracts.lineage import DELIVERED_ON
from expectations.row_rules import add_rule_marks, quarantined_rows, sound_rows
from expectations.suites import COLUMNS_ABOUT, COLUMNS_RULE, batch_suite, limit_of, row_suite

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.core.expectation_suite import ExpectationSuite


@dataclass(frozen=True)
class CheckResult:
    """The result of one rule, over all rows or over one delivered day.

    ``checked`` and ``failed`` count rows for a row rule (``delivered_on`` is None), and days, 1 or 0, for a batch rule; ``checked``
    is 0 when a batch rule does not apply. ``observed`` is the failed share, or the day's metric.
    """

    rule_id: str
    severity: Severity
    about: str
    column: str
    delivered_on: date | None
    checked: int
    failed: int
    passed: bool
    observed: float | None
    limit: float | None

    def plain(self) -> dict[str, Any]:
        """The check as JSON, for the source's manifest."""
        day = self.delivered_on.isoformat() if self.delivered_on else None
        return {**asdict(self), "severity": self.severity.value, "delivered_on": day}


@dataclass(frozen=True)
class GateOutcome:
    """The result of the gate.

    ``sound`` and ``quarantined`` are lazy and together hold every row once. ``stopped_days`` gives the reasons against each
    delivered day that must not be used. ``gx`` holds the validation results of both suites as JSON.
    """

    checks: tuple[CheckResult, ...]
    sound: DataFrame
    quarantined: DataFrame
    stopped_days: dict[date, tuple[str, ...]]
    gx: dict[str, Any]


def gate_source(rows: DataFrame, days: pd.DataFrame, contract: Contract, limits: Mapping[str, float]) -> GateOutcome:
    """Validate a source's bronze rows and the metrics of its delivered days.

    Args:
        rows: the contract's columns with lineage. They are read several times, so the caller materialises them.
        days: one row for each delivered day (:mod:`expectations.batch_metrics`).
        limits: the source's own limits, by the id of the batch rule.

    Raises:
        ValueError: when a limit is set for a rule that the contract does not have.
        RuntimeError: when an expectation could not be evaluated.
    """
    row_checks, row_result = gate_rows(rows, contract)
    day_checks, day_result = gate_days(days, contract, limits)
    stopped: dict[date, list[str]] = {}
    for check in day_checks:
        if check.severity is Severity.CRITICAL and not check.passed and check.delivered_on is not None:
            stopped.setdefault(check.delivered_on, []).append(_why(check, contract))
    for check in row_checks:
        if check.rule_id == COLUMNS_RULE and not check.passed:
            for day in days[DELIVERED_ON]:
                stopped.setdefault(day, []).append(f"{COLUMNS_ABOUT}, but {check.column} is not")
    return GateOutcome(
        checks=(*row_checks, *day_checks),
        sound=sound_rows(rows, contract),
        quarantined=quarantined_rows(rows, contract),
        stopped_days={day: tuple(stopped[day]) for day in sorted(stopped)},
        gx={"rows": row_result, "days": day_result},
    )


def gate_rows(rows: DataFrame, contract: Contract) -> tuple[tuple[CheckResult, ...], dict[str, Any]]:
    """Evaluate every row rule on every row, on the engine that holds the rows.

    Returns:
        The check of the columns, then one check for each rule in contract order; and the validation result as JSON.

    Raises:
        RuntimeError: when an expectation could not be evaluated.
    """
    context = _quiet_context()
    # The caller decides about persisting: GX would keep the frame in memory as long as the session lives.
    asset = context.data_sources.add_spark("rows", persist=False).add_dataframe_asset(contract.name)
    count = rows.count()
    suite = row_suite(contract, contract.row_rules if count else ())
    batches = asset.add_batch_definition_whole_dataframe("all")
    result = _validate(batches, add_rule_marks(rows, contract), suite, {"result_format": "BASIC"})
    of_columns, *of_rules = result["results"]
    answers = {answer["expectation_config"]["meta"]["rule_id"]: answer for answer in of_rules}
    of_none = {"success": True, "result": {"observed_value": 0}}
    checks = [_check_of_rule(rule, answers[rule.id] if count else of_none, count) for rule in contract.row_rules]
    return (_check_of_columns(rows, contract, of_columns), *checks), result


def _check_of_columns(rows: DataFrame, contract: Contract, answer: Mapping[str, Any]) -> CheckResult:
    lacking = [column for column in contract.columns if column not in rows.columns]
    return CheckResult(
        rule_id=COLUMNS_RULE,
        severity=Severity.CRITICAL,
        about=COLUMNS_ABOUT,
        column=", ".join(lacking),
        delivered_on=None,
        checked=len(contract.columns),
        failed=len(lacking),
        passed=bool(answer["success"]),
        observed=len(lacking) / len(contract.columns),
        limit=0.0,
    )


def _check_of_rule(rule: RowRule, answer: Mapping[str, Any], rows: int) -> CheckResult:
    failed = int(answer["result"]["observed_value"])
    return CheckResult(
        rule_id=rule.id,
        severity=rule.severity,
        about=rule.about,
        column=str(rule.column),
        delivered_on=None,
        checked=rows,
        failed=failed,
        passed=bool(answer["success"]),
        observed=failed / rows if rows else None,
        limit=0.0,
    )


def gate_days(
    days: pd.DataFrame, contract: Contract, limits: Mapping[str, float]
) -> tuple[tuple[CheckResult, ...], dict[str, Any]]:
    """Evaluate every batch rule on every delivered day.

    Args:
        days: one row for each delivered day (:mod:`expectations.batch_metrics`).
        limits: the source's own limits, by the id of the batch rule.

    Returns:
        One check for each rule and day, in contract order, then by day; and the validation result as JSON.

    Raises:
        ValueError: when a limit is set for a rule that the contract does not have.
        RuntimeError: when an expectation could not be evaluated.
    """
    context = _quiet_context()
    suite = batch_suite(contract, limits)
    days = days.sort_values(DELIVERED_ON)
    # Plain names, since GX makes deep copies of them; ISO days, since its results become JSON.
    facts = pd.DataFrame({str(DELIVERED_ON): [day.isoformat() for day in days[DELIVERED_ON]]})
    for bound in BOUND_OF.values():
        facts[str(bound.fact)] = pd.to_numeric(days[bound.fact]).astype(float).to_numpy()
    asset = context.data_sources.add_pandas("days").add_dataframe_asset(contract.name)
    which_days = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": max(len(facts), 1),
        "unexpected_index_column_names": [str(DELIVERED_ON)],
    }
    result = _validate(asset.add_batch_definition_whole_dataframe("all"), facts, suite, which_days)
    checks = []
    for rule, answer in zip(contract.batch_rules, result["results"], strict=True):
        fact = BOUND_OF[rule.check].fact
        failed_days = {found[DELIVERED_ON] for found in answer["result"].get("partial_unexpected_index_list") or ()}
        for day, value in zip(facts[DELIVERED_ON], facts[fact], strict=True):
            has_answer = bool(pd.notna(value))
            checks.append(
                CheckResult(
                    rule_id=rule.id,
                    severity=rule.severity,
                    about=rule.about,
                    column=str(fact),
                    delivered_on=date.fromisoformat(day),
                    checked=int(has_answer),
                    failed=int(day in failed_days),
                    passed=day not in failed_days,
                    observed=float(value) if has_answer else None,
                    limit=limit_of(rule, limits),
                )
            )
    return tuple(checks), result


def _why(check: CheckResult, contract: Contract) -> str:
    rule = next(rule for rule in contract.batch_rules if rule.id == check.rule_id)
    words = BOUND_OF[rule.check].words
    return f"{check.column} was {check.observed:.4g}, but {words} {check.limit:.4g} is required ({check.about})"


def _quiet_context() -> Any:
    """A context in memory that prints nothing and sends nothing."""
    _import_without_collection()
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    logging.getLogger("great_expectations").setLevel(logging.ERROR)
    context = gx.get_context(mode="ephemeral")
    context.enable_analytics(False)
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    return context


@cache
def _import_without_collection() -> None:
    """Import Great Expectations without garbage collection, and exclude the objects that exist then from later collections.

    Imported objects stay. Collections over them take a fifth of the import's 2.6 CPU seconds, and two of the twelve of a day with
    few news. Excluded objects are still freed when nothing refers to them; only their cycles stay until the process ends.
    """
    is_on = gc.isenabled()
    gc.disable()
    try:
        import great_expectations  # noqa: F401

        gc.freeze()
    finally:
        if is_on:
            gc.enable()


def _validate(batches: BatchDefinition[Any], frame: Any, suite: ExpectationSuite, result_format: dict[str, Any]) -> dict[str, Any]:
    """Validate a frame and return the result as JSON, without timestamps and ids that differ between equal runs."""
    found: Any = batches.get_batch({"dataframe": frame}).validate(suite, result_format=result_format)
    result = found.to_json_dict()
    for answer in result["results"]:
        raised = answer.pop("exception_info", None) or {}
        # An expectation has one record of its exception, or one for each of its metrics.
        records = [raised] if "raised_exception" in raised else list(raised.values())
        messages = sorted({str(record["exception_message"]) for record in records if record["raised_exception"]})
        if messages:
            rule_id = answer["expectation_config"]["meta"]["rule_id"]
            raise RuntimeError(f"the check {rule_id} of {suite.name} could not be evaluated: {'; '.join(messages)}")
        answer["expectation_config"]["kwargs"].pop("batch_id", None)
    return {
        "suite_name": result["suite_name"],
        "success": result["success"],
        "statistics": result["statistics"],
        "results": result["results"],
        "great_expectations_version": result["meta"]["great_expectations_version"],
    }
