"""The gate as a whole: which rows are quarantined and why, which days are stopped, and what it must never do."""

from __future__ import annotations

import json
import socket
from datetime import date
from typing import Any

import pandas as pd
import pytest
from gate_examples import SOUND_DAY, bronze
from pyspark.sql import SparkSession

from expectations.contracts.quarantine import COLUMNS as QUARANTINE_COLUMNS
from expectations.contracts.registry import SOURCES
from expectations.gate import GateOutcome, gate_rows, gate_source

COMPLAINT = SOURCES["complaint"]
DAYS = pd.DataFrame(
    [
        {"delivered_on": date(2026, 3, 1), **SOUND_DAY},
        {"delivered_on": date(2026, 3, 2), **SOUND_DAY, "volume_ratio": 0.05, "age_days": 15.0, "unknown_entity_share": 0.9},
        {"delivered_on": date(2026, 3, 3), **SOUND_DAY, "unknown_entity_share": 0.9},
    ]
)


@pytest.fixture(scope="module")
def outcome(spark: SparkSession) -> GateOutcome:
    rows = bronze(
        spark,
        "complaint",
        [
            {"source_row": 2},
            {"source_row": 3, "severity": 9},
            {"source_row": 4, "complaint_id": None, "severity": 9},
            {"source_row": 5, "entity_id": None},
        ],
    )
    return gate_source(rows, DAYS, COMPLAINT, {})


def test_quarantine_names_file_row_rule_value_and_reason(outcome: GateOutcome) -> None:
    assert outcome.quarantined.columns == list(QUARANTINE_COLUMNS)
    rows = {row["source_row"]: row.asDict() for row in outcome.quarantined.collect()}
    raw = json.loads(rows[3].pop("raw"))
    assert rows[3] == {
        "source": "a_source",
        "source_file": "a_source/2026-03-02/a.csv",
        "source_row": 3,
        "delivered_on": date(2026, 3, 2),
        "stage": "gate",
        "rule_id": "severity_in_grades",
        "column_name": "severity",
        "bad_value": "9",
        "reason": "severity is 1 to 4, but severity was 9",
    }
    assert raw["complaint_id"] == "c1"
    assert raw["severity"] == 9
    assert "source_file" not in raw


def test_quarantine_gives_the_first_broken_rule_of_the_contract(outcome: GateOutcome) -> None:
    rows = {row["source_row"]: row for row in outcome.quarantined.collect()}
    assert (rows[4]["rule_id"], rows[4]["bad_value"]) == ("complaint_id_present", None)
    assert rows[4]["reason"] == "complaint_id is given, but complaint_id was missing"


def test_quarantine_keeps_the_raw_text_where_the_rows_carry_it(spark: SparkSession) -> None:
    rows = bronze(spark, "complaint", [{"severity": 9}]).selectExpr("*", "'c1,2026-03-01,9' AS raw")
    found = gate_source(rows, DAYS.iloc[:1], COMPLAINT, {}).quarantined.collect()
    assert [row["raw"] for row in found] == ["c1,2026-03-01,9"]


def test_rows_that_break_only_warnings_stay(outcome: GateOutcome) -> None:
    assert sorted(row["source_row"] for row in outcome.sound.collect()) == [2, 5]
    failed = {check.rule_id: check.failed for check in outcome.checks if check.delivered_on is None and not check.passed}
    assert failed == {"complaint_id_present": 1, "severity_in_grades": 2, "someone_complained_of": 1}


def test_a_day_is_stopped_by_critical_batch_rules_with_every_reason(outcome: GateOutcome) -> None:
    assert outcome.stopped_days == {
        date(2026, 3, 2): (
            "volume_ratio was 0.05, but at least 0.1 is required (the number of rows is as expected from earlier deliveries)",
            "age_days was 15, but at most 14 is required (the newest complaint is recent)",
        )
    }


def test_a_missing_column_stops_every_day(spark: SparkSession) -> None:
    rows = bronze(spark, "complaint", [{}]).drop("channel")
    stopped = gate_source(rows, DAYS, COMPLAINT, {}).stopped_days
    assert sorted(stopped) == list(DAYS["delivered_on"])
    assert stopped[date(2026, 3, 1)] == ("every column of the contract exists, but channel is not",)


def test_checks_and_validation_results_are_json(outcome: GateOutcome) -> None:
    text = json.dumps([check.plain() for check in outcome.checks], allow_nan=False)
    assert json.loads(text)[-1]["delivered_on"] == "2026-03-03"
    assert json.loads(json.dumps(outcome.gx, allow_nan=False))["days"]["suite_name"] == "complaint_days"


def test_equal_inputs_give_equal_results(spark: SparkSession) -> None:
    rows = bronze(spark, "complaint", [{"severity": 9}, {}])
    first, second = (gate_source(rows, DAYS, COMPLAINT, {}) for _ in range(2))
    assert json.dumps(first.gx) == json.dumps(second.gx)
    assert first.checks == second.checks


def test_all_rules_are_one_query_that_returns_no_row(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = bronze(spark, "complaint", [{"severity": 9}] * 5)
    collected: list[Any] = []
    collect = type(rows).collect

    def note(self: Any) -> Any:
        found = collect(self)
        collected.append(found)
        return found

    monkeypatch.setattr(type(rows), "collect", note)
    found = gate_source(rows, DAYS, COMPLAINT, {}).gx
    (sums,) = [answer for answer in collected if len(answer[0]) > 1]
    assert [len(answer) for answer in collected] == [1] * len(collected)
    assert len(collected) <= 2, "how many rows there are, and how many break each rule"
    assert len(sums[0]) == len(COMPLAINT.row_rules)
    assert not any("unexpected_list" in answer["result"] for part in found.values() for answer in part["results"])


def test_the_network_is_not_used(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    touched: list[Any] = []
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def is_here(host: Any) -> bool:
        return host in ("127.0.0.1", "::1", "localhost")

    def connect_here(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not is_here(address[0]):
            touched.append(address)
            raise OSError("no network here")
        connect(self, address)

    def look_up_here(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_here(host):
            touched.append(host)
            raise OSError("no network here")
        return look_up(host, *args, **kwargs)

    rows = bronze(spark, "complaint", [{}])
    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
    monkeypatch.setattr(socket.socket, "connect", connect_here)
    with pytest.raises(OSError, match="no network here"):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
    touched.clear()
    gate_source(rows, DAYS, COMPLAINT, {})
    assert touched == []


def test_nothing_is_printed(spark: SparkSession, capfd: pytest.CaptureFixture[str]) -> None:
    gate_source(bronze(spark, "complaint", [{"severity": 9}]), DAYS, COMPLAINT, {})
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_an_expectation_that_cannot_be_evaluated_does_not_pass(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    from great_expectations.execution_engine import SparkDFExecutionEngine

    def fail(*_: Any, **__: Any) -> Any:
        raise ArithmeticError("the engine is gone")

    monkeypatch.setattr(SparkDFExecutionEngine, "resolve_metric_bundle", fail)
    with pytest.raises(RuntimeError, match=r"complaint_rows could not be evaluated"):
        gate_rows(bronze(spark, "complaint", [{}]), COMPLAINT)
