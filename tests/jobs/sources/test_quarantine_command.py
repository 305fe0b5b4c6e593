"""``steelyard quarantine``: what an engineer sees, and that a release happens only after a correction and a yes."""

from __future__ import annotations

import json

import pytest

from expectations.contracts.quarantine import quarantine_of
from tests.day.command import steelyard
from tests.jobs.sources.conftest import Shop
from tests.jobs.sources.test_settle_source import settle

Capture = pytest.CaptureFixture[str]
LINES = ("1,A,open,2020-01-01", "2,B,open,09/07/2017", "3,C,open,09/08/2017", "4,D,asleep,2020-01-01")


def release(capfd: Capture, shop: Shop, *more: str):
    where = ("--profile", shop.profile.folder, "--sources", shop.sources, "--home", shop.lake.home, "--as-of", "2026-01-01")
    return steelyard(capfd, "quarantine", "release", "shops", *where, *more)


def read_american_dates(text: str) -> str:
    return text.replace(
        "try_to_timestamp(opened, 'yyyy-MM-dd')",
        "coalesce(try_to_timestamp(opened, 'yyyy-MM-dd'), try_to_timestamp(opened, 'MM/dd/yyyy'))",
    )


def test_records_are_shown_by_delivery_and_rule_and_personal_values_are_masked(shop: Shop, capfd: Capture) -> None:
    shop.change_mapping(
        lambda text: text.replace("[columns]", "[columns]\nlegal_rep_id = \"CASE WHEN name <> 'Li Wei' THEN 'x' END\"", 1)
    )
    shop.deliver("2026-01-01", *LINES, "5,Li Wei,open,2020-01-01")
    settle(shop, "2026-01-01")
    home = ("--home", shop.lake.home, "--json")
    found = json.loads(steelyard(capfd, "quarantine", "show", "shops", *home).out)
    assert [(row["source_row"], row["rule"], row["value"]) for row in found] == [
        (3, "established_on_unreadable", "09/07/2017"),
        (4, "established_on_unreadable", "09/08/2017"),
        (5, "status_unreadable", "asleep"),
        (6, "legal_rep_id_unreadable", "***"),
    ]
    only = json.loads(steelyard(capfd, "quarantine", "show", "shops", *home, "--rule", "status_unreadable").out)
    assert [row["source_row"] for row in only] == [5]
    for option in (("--delivered-on", "2026-01-02"), ("--rule", "it's")):
        assert json.loads(steelyard(capfd, "quarantine", "show", "shops", *home, *option).out) == []


def test_why_names_rule_value_the_mapping_and_what_to_do(shop: Shop, capfd: Capture) -> None:
    shop.deliver("2026-01-01", *LINES)
    settle(shop, "2026-01-01")
    said = steelyard(capfd, "quarantine", "why", "shops", "--home", shop.lake.home, "--profile", shop.profile.folder).out
    assert "2026-01-01: 2 records broke established_on_unreadable" in said
    assert "09/07/2017" in said
    assert "shops.toml: established_on = cast(try_to_timestamp(opened, 'yyyy-MM-dd') as date), from opened" in said
    assert "to do: correct the expression" in said


def test_an_unknown_source_is_refused_with_the_known_ones(shop: Shop, capfd: Capture) -> None:
    shop.deliver("2026-01-01", *LINES)
    settle(shop, "2026-01-01")
    done = steelyard(capfd, "quarantine", "show", "shop", "--home", shop.lake.home)
    assert done.code != 0
    assert "name one of shops" in done.err


def test_without_a_correction_nothing_is_released(shop: Shop, capfd: Capture) -> None:
    shop.deliver("2026-01-01", *LINES)
    settle(shop, "2026-01-01")
    version = shop.lake.version(quarantine_of("shops"))
    said = release(capfd, shop, "--yes").out
    assert "a rerun accepts 0" in said
    assert "nothing changes" in said
    assert shop.lake.version(quarantine_of("shops")) == version


def test_a_corrected_mapping_releases_what_it_reads_after_a_yes(shop: Shop, capfd: Capture) -> None:
    shop.deliver("2026-01-01", *LINES)
    settle(shop, "2026-01-01")
    shop.change_mapping(read_american_dates)
    asked = release(capfd, shop)
    assert asked.code != 0
    assert "3 records are in quarantine; a rerun accepts 2 and rejects 0 others" in asked.out
    assert "rejected: 1 × status unreadable: asleep" in asked.out
    assert shop.lake.arrow(quarantine_of("shops")).num_rows == 3
    assert release(capfd, shop, "--yes").code == 0
    assert shop.lake.arrow(quarantine_of("shops"))["rule_id"].to_pylist() == ["status_unreadable"]


def test_a_record_of_a_withdrawn_file_is_no_longer_delivered_and_does_not_count_as_accepted(shop: Shop, capfd: Capture) -> None:
    shop.deliver("2026-01-01", *LINES[:2])
    withdrawn = shop.deliver("2026-01-01", LINES[3], name="b.csv")
    settle(shop, "2026-01-01")
    withdrawn.unlink()
    said = release(capfd, shop, "--yes").out
    assert "2 records are in quarantine; a rerun accepts 0 and rejects 0 others" in said
    assert "1 of them are no longer delivered: shops/2026-01-01/b.csv" in said
    assert shop.lake.arrow(quarantine_of("shops"))["source_row"].to_pylist() == [3]
