"""Deliveries that shrink or change: what stops them, what warns of them, and what is no change at all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jobs.lake.manifests import SourceManifest
from tests.jobs.sources.conftest import MAPPING, Shop
from tests.jobs.sources.test_settle_source import settle

VISITS = """
contract = "inspection"
owner = "inspectorate"
format = "csv"
files = "shops/{delivered_on}/*.csv"
delivery = "increment"
[raw]
columns = ["id", "shop", "on", "found", "breaches"]
[columns]
inspection_id = "id"
entity_id = "shop"
selected_by = "'other'"
visit_status = "'inspected'"
inspected_on = "cast(try_to_timestamp(`on`, 'yyyy-MM-dd') as date)"
found_violation = "found = 'yes'"
breaches = "try_cast(breaches as int)"
"""
HEADER = "id,shop,on,found,breaches"
FIRST = date(2026, 3, 2)


def visits(day: date, count: int, *, found_every: int = 10, is_swapped: bool = False, has_breaches: bool = True) -> list[str]:
    """Visits of the day before; every tenth, or each ``found_every``-th, found a violation with two breaches."""
    lines = []
    for at in range(count):
        is_found = at % found_every == 0
        breaches = "" if not has_breaches else "2" if is_found else "0"
        lines.append(f"{day}/{at},{at},{day - timedelta(days=1)},{'yes' if is_found != is_swapped else 'no'},{breaches}")
    return lines


def failed(manifest: SourceManifest) -> set[str]:
    """The ids of the rules for whole deliveries that the newest one broke."""
    return {check["rule_id"] for check in manifest.checks if check["delivered_on"] and not check["passed"]}


@pytest.fixture
def daily(shop: Shop) -> Shop:
    """A source with six days of 120 visits each."""
    shop.change_mapping(lambda _: VISITS)
    for at in range(6):
        day = FIRST + timedelta(days=at)
        shop.deliver(str(day), *visits(day, 120, has_breaches=False), header=HEADER)
    return shop


NEXT = FIRST + timedelta(days=6)


def deliver_next(shop: Shop, *lines: str) -> SourceManifest:
    shop.deliver(str(NEXT), *lines, header=HEADER)
    return settle(shop, str(NEXT))


def test_a_delivery_like_those_before_fails_no_rule(daily: Shop) -> None:
    manifest = deliver_next(daily, *visits(NEXT, 110, found_every=8, has_breaches=False))
    assert (manifest.verdict, failed(manifest)) == ("passed", set())


def test_an_empty_delivery_where_records_were_expected_is_stopped(daily: Shop) -> None:
    manifest = deliver_next(daily)
    assert manifest.verdict == "stopped"
    assert failed(manifest) == {"inspection_volume", "inspection_lowest", "inspection_rows"}


def test_an_empty_first_delivery_is_stopped(shop: Shop) -> None:
    shop.change_mapping(lambda _: VISITS)
    shop.deliver("2026-03-02", header=HEADER)
    manifest = settle(shop, "2026-03-02")
    assert (manifest.verdict, failed(manifest)) == ("stopped", {"inspection_volume", "inspection_rows"})


def test_an_increment_cut_to_sixty_percent_is_a_warning(daily: Shop) -> None:
    manifest = deliver_next(daily, *visits(NEXT, 120, has_breaches=False)[:72])
    assert (manifest.verdict, failed(manifest)) == ("passed", {"inspection_lowest"})


@pytest.mark.parametrize("has_history", [True, False])
def test_swapped_labels_stop_the_delivery(daily: Shop, has_history: bool) -> None:
    if has_history:
        # The rate shows it, also when days are checked one by one.
        settle(daily, str(NEXT - timedelta(days=1)))
        manifest = deliver_next(daily, *visits(NEXT, 9, is_swapped=True, has_breaches=False))
        assert failed(manifest) >= {"inspection_label_rate"}
    else:
        # The first delivery has only itself: visits that found nothing have the breaches.
        daily.deliver("2026-03-01", *visits(date(2026, 3, 1), 200, is_swapped=True), header=HEADER)
        manifest = settle(daily, "2026-03-01")
        assert failed(manifest) == {"inspection_breaches"}
    assert manifest.verdict == "stopped"


def test_a_mapping_that_keeps_no_record_is_stopped(shop: Shop) -> None:
    lines = [f"{key},A,open,2020-01-01" for key in range(20)]
    shop.deliver("2026-01-01", *lines)
    assert settle(shop, "2026-01-01").verdict == "passed"
    shop.change_mapping(lambda text: text.replace("nulls =", "keep = \"state = 'OPEN'\"\nnulls ="))
    manifest = settle(shop, "2026-01-01")
    assert manifest.verdict == "stopped"
    assert "registration_scope" in failed(manifest)
    assert "some records are in the mapping's scope" in manifest.why


def test_a_change_of_the_share_out_of_scope_is_a_warning(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace("nulls =", "keep = \"name = 'A'\"\nnulls ="))
    for day in range(1, 4):
        shop.deliver(f"2026-01-0{day}", *[f"{day}{key},{'B' if key % 5 == 0 else 'A'},open,2020-01-01" for key in range(100)])
    assert failed(settle(shop, "2026-01-03")) == set()
    shop.deliver("2026-01-04", *[f"4{key},{'A' if key % 5 == 0 else 'B'},open,2020-01-01" for key in range(100)])
    assert "registration_scope_shift" in failed(settle(shop, "2026-01-04"))


@pytest.mark.parametrize(("left", "verdict"), [(18, "passed"), (12, "stopped"), (0, "stopped")])
def test_a_snapshot_that_lost_many_keys_is_stopped(shop: Shop, left: int, verdict: str) -> None:
    shop.change_mapping(lambda _: MAPPING.replace('"increment"', '"snapshot"').replace('"nothing"', '"removed"'))
    lines = [f"{key},A,open,2020-01-01" for key in range(20)]
    shop.deliver("2026-01-01", *lines)
    settle(shop, "2026-01-01")
    shop.deliver("2026-01-02", *lines[:left])
    manifest = settle(shop, "2026-01-02")
    assert manifest.verdict == verdict
    assert ("registration_absent" in failed(manifest)) == (verdict == "stopped")


def test_a_snapshot_far_smaller_than_the_one_before_is_a_warning(shop: Shop) -> None:
    shop.change_mapping(lambda _: MAPPING.replace('"increment"', '"snapshot"'))
    lines = [f"{key},A,open,2020-01-01" for key in range(20)]
    for day, left in (("2026-01-01", 20), ("2026-01-02", 18), ("2026-01-03", 11)):
        shop.deliver(day, *lines[:left])
        assert failed(settle(shop, day)) == ({"registration_lowest"} if left == 11 else set())


@pytest.mark.parametrize(
    ("written", "read", "is_garbled"), [("utf-8", "cp1252", True), ("cp1252", "utf-8", True), ("utf-8", "utf-8", False)]
)
def test_text_read_with_a_wrong_encoding_is_a_warning(shop: Shop, written: str, read: str, is_garbled: bool) -> None:
    shop.change_mapping(lambda text: text.replace('format = "csv"', f'format = "csv"\nencoding = "{read}"'))
    path = shop.deliver("2026-01-01", *[f"{key},{'CAFÉ' if key == 7 else 'BAR'},open,2020-01-01" for key in range(20)])
    path.write_bytes(path.read_text(encoding="utf-8").encode(written))
    manifest = settle(shop, "2026-01-01")
    assert manifest.verdict == "passed"
    assert failed(manifest) == ({"registration_encoding"} if is_garbled else set())
    warned = "the text was read with the right encoding, industry_code is given" if is_garbled else "industry_code is given"
    assert manifest.why == f"the delivery of 2026-01-01 may be used; warning checks that failed: {warned}"
