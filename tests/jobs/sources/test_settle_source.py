"""What the gate lets through, and that a stopped day neither vanishes nor holds the days after it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame

from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.silver import ENTITY
from expectations.gate import GateOutcome
from jobs.lake.batches import BatchBook
from jobs.lake.manifests import SourceManifest
from jobs.lake.write_intents import WriteIntent
from jobs.steps import gate_source
from jobs.steps.conform_source import conform_source
from jobs.steps.gate_source import gate_new_days
from jobs.take_in_source import close_source
from tests.jobs.sources.conftest import Shop


def settle(shop: Shop, as_of: str) -> SourceManifest:
    """Ingest, gate and conform the source on a day."""
    shop.ingest(as_of)
    gate_new_days(shop.lake, shop.profile, shop.mapping, shop.sources, date.fromisoformat(as_of))
    conform_source(shop.lake, shop.profile, shop.mapping, date.fromisoformat(as_of))
    return close_source(shop.lake.home, shop.mapping, shop.sources, date.fromisoformat(as_of))


def known(shop: Shop) -> list[str]:
    """Rows of silver, by delivery and key."""
    frame = shop.lake.read(ENTITY).toPandas().sort_values(["delivered_on", "entity_id"])
    return [f"{row['delivered_on']} {row['entity_id']}:{row['name']}" for _, row in frame.iterrows()]


def line(key: int, name: str = "A") -> str:
    return f"{key},{name},open,2020-01-01"


def test_a_row_that_breaks_a_critical_rule_is_set_aside_and_the_day_passes(shop: Shop) -> None:
    shop.deliver("2026-01-01", *[line(key) for key in range(9)], "9,-,open,2020-01-01")
    manifest = settle(shop, "2026-01-01")
    assert (manifest.verdict, len(known(shop))) == ("passed", 9)
    (row,) = shop.lake.read(quarantine_of("shops")).toPandas().to_dict("records")
    assert (row["stage"], row["rule_id"], row["source_row"]) == ("gate", "name_present", 11)


def test_a_broken_record_that_the_next_snapshot_no_longer_holds_is_set_aside_once(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace('"increment"', '"snapshot"').replace('"nothing"', '"removed"'))
    shop.deliver("2026-01-01", *[line(key) for key in range(9)], "9,-,open,2020-01-01")
    settle(shop, "2026-01-01")
    shop.deliver("2026-01-02", *[line(key) for key in range(9)])
    assert settle(shop, "2026-01-02").verdict == "passed"
    (row,) = shop.lake.read(quarantine_of("shops")).toPandas().to_dict("records")
    assert (str(row["delivered_on"]), row["rule_id"]) == ("2026-01-01", "name_present")


def test_a_day_with_too_many_bad_rows_is_stopped_and_the_day_before_stays_in_use(shop: Shop) -> None:
    shop.deliver("2026-01-01", line(1), line(2))
    settle(shop, "2026-01-01")
    shop.deliver("2026-01-02", line(3), "4,-,open,2020-01-01", "5,-,open,2020-01-01")
    manifest = settle(shop, "2026-01-02")
    assert manifest.verdict == "stopped"
    assert "2026-01-02" in manifest.why
    assert known(shop) == ["2026-01-01 1:A", "2026-01-01 2:A"]
    assert str(manifest.newest_delivery) == "2026-01-01"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["3,A,open,09/07/2017"] * 3 + ["4,A,asleep,2020-01-01"], "3 × established_on unreadable: 09/07/2017"),
        (["3,A,open,2020-01-01", "3,B,open,2020-01-01"], "2 × key_conflict: shops/2026-01-01/a.csv row 2 has the same entity_id"),
    ],
)
def test_a_stopped_source_reports_its_most_frequent_reason_with_a_value(shop: Shop, lines: list[str], said: str) -> None:
    shop.deliver("2026-01-01", *lines)
    manifest = settle(shop, "2026-01-01")
    assert (manifest.verdict, said in manifest.why) == ("stopped", True), manifest.why


def test_the_reason_of_a_stopped_source_shows_no_personal_value(shop: Shop) -> None:
    shop.change_mapping(
        lambda text: text.replace("[columns]", "[columns]\nlegal_rep_id = \"CASE WHEN name = 'A' THEN 'x' END\"", 1)
    )
    shop.deliver("2026-01-01", "3,Li Wei,open,2020-01-01")
    manifest = settle(shop, "2026-01-01")
    assert "1 × legal_rep_id unreadable" in manifest.why
    assert "Li Wei" not in manifest.why


def test_what_a_stopped_day_brought_is_kept_when_a_later_day_brings_it_again(shop: Shop) -> None:
    shop.deliver("2026-01-01", line(1))
    shop.deliver("2026-01-02", line(3), "4,-,open,2020-01-01", "5,-,open,2020-01-01")
    shop.deliver("2026-01-03", line(3))
    manifest = settle(shop, "2026-01-03")
    assert manifest.verdict == "passed"
    assert known(shop) == ["2026-01-01 1:A", "2026-01-03 3:A"]


def test_a_stopped_day_that_is_corrected_comes_into_use(shop: Shop) -> None:
    shop.deliver("2026-01-01", line(1))
    shop.deliver("2026-01-02", line(3), "4,-,open,2020-01-01")
    assert settle(shop, "2026-01-02").verdict == "stopped"
    shop.deliver("2026-01-02", line(3), line(4))
    assert settle(shop, "2026-01-02").verdict == "passed"
    assert known(shop) == ["2026-01-01 1:A", "2026-01-02 3:A", "2026-01-02 4:A"]
    assert shop.lake.read(quarantine_of("shops")).count() == 0


def test_other_limits_give_another_verdict_without_a_new_delivery(shop: Shop) -> None:
    shop.deliver("2026-01-01", line(3), "4,-,open,2020-01-01")
    assert settle(shop, "2026-01-01").verdict == "stopped"
    shop.change_mapping(lambda text: text + "\n[limits]\nregistration_quarantined = 0.9\n")
    assert settle(shop, "2026-01-01").verdict == "passed"
    assert known(shop) == ["2026-01-01 3:A"]


@pytest.fixture
def lifted(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A source whose second day was stopped, whose third brought the same record again, and whose second would now pass."""
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        shop.deliver(day, line(1 if day == "2026-01-01" else 3))

    def stop_the_second(rows: DataFrame, *more: Any) -> GateOutcome:
        return replace(judge(rows, *more), stopped_days={date(2026, 1, 2): ("the register lacks many",)})

    judge = gate_source.gate_source
    with monkeypatch.context() as patch:
        patch.setattr(gate_source, "gate_source", stop_the_second)
        settle(shop, "2026-01-03")
    assert known(shop) == ["2026-01-01 1:A", "2026-01-03 3:A"]
    # As a restore of the quarantine leaves it: it has to be checked again.
    WriteIntent(shop.lake.home, "shops", "gate").mark(date(2026, 1, 2), date(2026, 1, 3))
    return shop


def test_a_day_whose_stop_is_lifted_is_built_on_by_the_days_after_it(lifted: Shop) -> None:
    assert settle(lifted, "2026-01-03").verdict == "passed"
    assert known(lifted) == ["2026-01-01 1:A", "2026-01-02 3:A"]


def test_a_gate_that_dies_before_the_days_after_are_taken_in_again_is_done_again(
    lifted: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(gate_source, "ingest_source", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            settle(lifted, "2026-01-03")
    # The gate alone is tried again, as a scheduler does.
    gate_new_days(lifted.lake, lifted.profile, lifted.mapping, lifted.sources, date(2026, 1, 3))
    conform_source(lifted.lake, lifted.profile, lifted.mapping, date(2026, 1, 3))
    assert known(lifted) == ["2026-01-01 1:A", "2026-01-02 3:A"]


def test_a_day_says_whether_a_delivery_is_missing_or_nothing_was_due(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace("every_days = 1", "every_days = 3"))
    assert settle(shop, "2026-01-01").verdict == "missing"
    shop.deliver("2026-01-02", line(1))
    assert settle(shop, "2026-01-02").verdict == "passed"
    assert settle(shop, "2026-01-04").verdict == "unchanged"
    assert settle(shop, "2026-01-05").verdict == "missing"
    assert settle(shop, "2026-01-02").verdict == "passed"


def test_a_source_whose_steps_failed_is_settled_with_the_data_before(shop: Shop) -> None:
    shop.deliver("2026-01-01", line(1))
    settle(shop, "2026-01-01")
    shop.deliver("2026-01-02", line(2))
    steps = [
        lambda: None,
        lambda: shop.ingest("2026-01-02"),
        lambda: gate_new_days(shop.lake, shop.profile, shop.mapping, shop.sources, date(2026, 1, 2)),
    ]
    for step in steps:  # each time, the step after this one failed
        step()
        manifest = close_source(shop.lake.home, shop.mapping, shop.sources, date(2026, 1, 2))
        assert (manifest.verdict, str(manifest.newest_delivery), manifest.known_rows) == ("stopped", "2026-01-01", 1)
    assert settle(shop, "2026-01-02").verdict == "passed"


def test_a_source_whose_folder_cannot_be_looked_into_is_settled_with_the_data_before(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.deliver("2026-01-01", line(1))
    settle(shop, "2026-01-01")

    look = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if not folder.is_relative_to(shop.sources):
            return look(folder)
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(OSError, match="Input/output error"):
        shop.ingest("2026-01-02")
    manifest = close_source(shop.lake.home, shop.mapping, shop.sources, date(2026, 1, 2))
    assert (manifest.verdict, manifest.known_rows) == ("missing", 1)


def test_the_counts_that_readers_see_hold_what_the_gate_set_aside(shop: Shop) -> None:
    shop.deliver("2026-01-01", *[line(key) for key in range(9)], "9,-,open,2020-01-01")
    (batch,) = settle(shop, "2026-01-01").batches
    assert (batch["read"], batch["kept"], batch["quarantined"]) == (10, 9, 1)


def test_a_day_done_again_settles_alike_and_writes_nothing_new(shop: Shop) -> None:
    shop.deliver("2026-01-01", line(1), "2,-,open,2020-01-01", *[line(key) for key in range(3, 9)])
    first = settle(shop, "2026-01-01")
    before = BatchBook(shop.lake.home, "shops").batches, shop.lake.version(ENTITY)
    assert settle(shop, "2026-01-01") == first
    assert (BatchBook(shop.lake.home, "shops").batches, shop.lake.version(ENTITY)) == before


def test_a_source_without_any_delivery_is_missing_and_breaks_nothing(shop: Shop) -> None:
    manifest = settle(shop, "2026-01-01")
    assert (manifest.verdict, manifest.known_rows, manifest.newest_delivery) == ("missing", 0, None)
    assert known(shop) == []


def test_a_delivery_that_comes_late_or_again_is_named_by_the_verdict(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace("every_days = 1", "every_days = 9"))
    shop.deliver("2026-01-01", line(1))
    shop.deliver("2026-01-03", line(3))
    settle(shop, "2026-01-03")
    assert settle(shop, "2026-01-04").why == "nothing new since 2026-01-03"

    shop.deliver("2026-01-02", line(2))
    late = settle(shop, "2026-01-05")
    assert (late.verdict, late.late) == ("passed", [date(2026, 1, 2)])
    assert late.why == "the delivery of 2026-01-02 came late or again and is in use"
    assert settle(shop, "2026-01-05") == late, "the same day again says the same"

    shop.deliver("2026-01-01", line(1, "B"))
    shop.deliver("2026-01-03", line(3, "B"))
    again = settle(shop, "2026-01-06")
    assert again.why == "2 deliveries of 2026-01-01 to 2026-01-03 came late or again and are in use"
    assert settle(shop, "2026-01-07").verdict == "unchanged"

    shop.deliver("2026-01-02", "4,-,open,2020-01-01")
    stopped = settle(shop, "2026-01-08")
    assert (stopped.verdict, stopped.late) == ("stopped", [])
    assert stopped.why.startswith("the delivery of 2026-01-02 came late or again and may not be used: ")


def test_a_missing_delivery_does_not_hide_that_an_older_one_was_taken_in(shop: Shop) -> None:
    shop.deliver("2026-01-02", line(2))
    settle(shop, "2026-01-02")
    shop.deliver("2026-01-01", line(1))
    manifest = settle(shop, "2026-01-04")
    assert manifest.verdict == "missing"
    assert manifest.why.endswith("the last came on 2026-01-02; the delivery of 2026-01-01 came late or again and is in use")
