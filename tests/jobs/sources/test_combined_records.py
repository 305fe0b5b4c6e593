"""Records of one delivery with the same key: they contradict each other, or a mapping adds them up or names the newest."""

from __future__ import annotations

from datetime import date

import pytest

from expectations.contracts import silver
from expectations.contracts.quarantine import COMBINED, quarantine_of
from expectations.contracts.registry import BRONZE
from jobs.analysis.trace import _line, _rows
from jobs.foundation.errors import ConfigError
from jobs.lake.batches import Counts
from tests.jobs.sources.conftest import Shop
from tests.jobs.sources.test_settle_source import settle

RETURNS = """
contract = "tax_filing"
owner = "tax authority"
format = "csv"
files = "shops/{delivered_on}/*.csv"
delivery = "increment"
[group_by]
sums = ["tax_due_minor"]
[raw]
columns = ["licence", "month", "kind", "amount", "filed"]
[columns]
entity_id = "licence"
tax_type = "'excise'"
period_start = "cast(try_to_timestamp(month, 'yyyy-MM-dd') as date)"
period_end = "last_day(cast(try_to_timestamp(month, 'yyyy-MM-dd') as date))"
filed_on = "cast(try_to_timestamp(filed, 'yyyy-MM-dd') as date)"
tax_due_minor = "cast(amount as bigint)"
"""
HEADER = "licence,month,kind,amount,filed"


def counts(shop: Shop, day: str) -> list[tuple[int, ...]]:
    """Read, kept, combined, duplicates, quarantined of each day."""
    found = [batch.counts for batch in shop.ingest(day).known]
    return [(one.read, one.kept, one.combined, one.duplicates, one.quarantined) for one in found]


def quarantined(shop: Shop) -> list[dict[str, object]]:
    return sorted(
        shop.lake.arrow(quarantine_of("shops")).to_pylist(), key=lambda row: (str(row["delivered_on"]), row["source_row"])
    )


def test_records_that_contradict_each_other_are_all_quarantined_and_name_what_differs(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "1,B,open,2021-01-01", "2,C,open,2020-01-01", "2,C,open,2020-01-01")
    assert counts(shop, "2026-01-01") == [(4, 1, 0, 1, 2)]
    first, second = quarantined(shop)
    assert (first["stage"], first["rule_id"], first["column_name"], first["bad_value"], first["raw"]) == (
        "compare", "key_conflict", "name", "A", "1,A,open,2020-01-01",
    )  # fmt: skip
    assert first["reason"] == (
        "shops/2026-01-01/a.csv row 3 has the same entity_id and known_at, and differs in name, established_on"
    )
    assert "row 2 has" in str(second["reason"])


def test_versions_of_another_instant_are_no_conflict_and_a_conflict_leaves_the_earlier_version_as_the_one_before(
    shop: Shop,
) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    shop.deliver("2026-01-02", "1,B,open,2020-01-01", "1,C,open,2020-01-01")
    shop.deliver("2026-01-03", "1,A,open,2020-01-01")
    assert counts(shop, "2026-01-03") == [(1, 1, 0, 0, 0), (2, 0, 0, 0, 2), (1, 0, 0, 1, 0)]


def test_parts_of_a_record_are_added_up_and_the_lake_says_which_went_into_which(shop: Shop) -> None:
    shop.change_mapping(lambda _: RETURNS)
    lines = ("7,2025-12-01,L,100,2026-01-01", "7,2025-12-01,M,,2026-01-01", "7,2025-12-01,W,100,2026-01-01")
    shop.deliver("2026-01-01", *lines, "8,2025-12-01,L,5,2026-01-01", header=HEADER)
    shop.deliver("2026-01-02", *lines, header=HEADER)
    assert counts(shop, "2026-01-02") == [(4, 2, 2, 0, 0), (3, 0, 2, 1, 0)]
    kept = shop.lake.arrow(BRONZE["tax_filing"]).to_pylist()
    assert {row["entity_id"]: row["tax_due_minor"] for row in kept} == {"7": 200, "8": 5}
    into = [row for row in shop.lake.arrow(COMBINED).to_pylist() if str(row["delivered_on"]) == "2026-01-01"]
    assert {(row["source_row"], row["into_file"], row["into_row"]) for row in into} == {
        (3, "shops/2026-01-01/a.csv", 2),
        (4, "shops/2026-01-01/a.csv", 2),
    }


def test_parts_that_differ_in_another_column_are_in_conflict(shop: Shop) -> None:
    shop.change_mapping(lambda _: RETURNS)
    shop.deliver("2026-01-01", "7,2025-12-01,L,100,2026-01-01", "7,2025-12-01,M,50,2025-12-30", header=HEADER)
    assert counts(shop, "2026-01-01") == [(2, 0, 0, 0, 2)]
    assert [row["column_name"] for row in quarantined(shop)] == ["filed_on", "filed_on"]


def test_a_part_that_cannot_be_read_takes_its_other_parts_along_since_the_sum_would_be_too_small(shop: Shop) -> None:
    shop.change_mapping(lambda _: RETURNS)
    shop.deliver("2026-01-01", "7,2025-12-01,L,100,2026-01-01", "7,2025-12-01,M,x,2026-01-01", header=HEADER)
    assert counts(shop, "2026-01-01") == [(2, 0, 0, 0, 2)]
    assert {row["rule_id"] for row in quarantined(shop)} == {"tax_due_minor_unreadable"}
    assert "another part" in str(quarantined(shop)[0]["reason"])


def test_a_sum_that_is_too_large_is_no_small_number(shop: Shop) -> None:
    shop.change_mapping(lambda _: RETURNS)
    large = "9223372036854775807"
    shop.deliver("2026-01-01", f"7,2025-12-01,L,{large},2026-01-01", f"7,2025-12-01,M,{large},2026-01-01", header=HEADER)
    assert counts(shop, "2026-01-01") == [(2, 1, 1, 0, 0)]
    assert shop.lake.arrow(BRONZE["tax_filing"])["tax_due_minor"].to_pylist() == [2**53 + 1]


@pytest.mark.parametrize("column", ["established_on", "opened"])
def test_the_newest_of_several_records_stays_and_equally_new_ones_are_in_conflict(shop: Shop, column: str) -> None:
    shop.change_mapping(lambda text: text.replace("[raw]", f'newest_by = "{column}"\n[raw]', 1))
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "1,B,open,2021-01-01", "2,C,open,2020-01-01", "2,D,open,2020-01-01")
    assert counts(shop, "2026-01-01") == [(4, 1, 1, 0, 2)]
    assert shop.lake.arrow(BRONZE["registration"])["name"].to_pylist() == ["B"]
    assert shop.lake.arrow(COMBINED).to_pylist()[0]["into_row"] == 3


def test_a_mapping_that_combines_no_more_leaves_no_note_of_it(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace("[raw]", 'newest_by = "opened"\n[raw]', 1))
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "1,B,open,2021-01-01")
    assert counts(shop, "2026-01-01") == [(2, 1, 1, 0, 0)]
    shop.change_mapping(lambda text: text.replace('newest_by = "opened"\n', ""))
    assert counts(shop, "2026-01-01") == [(2, 0, 0, 0, 2)]
    assert shop.lake.arrow(COMBINED).num_rows == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('[group_by]\nsums = ["tax_due_minr"]', "did you mean 'tax_due_minor'"),
        ('[group_by]\nsum = ["tax_due_minor"]', "did you mean 'sums'"),
        ('[group_by]\nsums = ["filed_on"]', "no number"),
        ('[group_by]\nsums = ["employees"]', "has no expression"),
        ('newest_by = "fild"', "did you mean 'filed'"),
        ('newest_by = "filed"\n[group_by]\nsums = ["tax_due_minor"]', "keep one of them"),
    ],
)
def test_a_wrong_setting_says_what_to_write(shop: Shop, line: str, said: str) -> None:
    shop.change_mapping(lambda _: RETURNS.replace('[group_by]\nsums = ["tax_due_minor"]', line))
    with pytest.raises(ConfigError) as refused:
        shop.mapping  # noqa: B018
    assert said in str(refused.value)


def test_counts_of_an_earlier_book_still_add_up() -> None:
    earlier = {"read": 5, "kept": 3, "duplicates": 1, "quarantined": 1, "out_of_scope": 7, "absent": 0}
    assert Counts.stored(earlier) == Counts(read=12, kept=3, duplicates=1, quarantined=1, out_of_scope=7)
    assert Counts.stored(earlier).adds_up


def test_a_change_log_keeps_every_version_and_the_last_one_counts(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace("[raw]", 'same_key = "versions"\n[raw]', 1))
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "1,B,open,2020-01-01", "1,B,open,2020-01-01")
    assert counts(shop, "2026-01-01") == [(3, 2, 0, 1, 0)]


def test_a_record_that_breaks_a_rule_takes_no_sound_record_along(shop: Shop) -> None:
    shop.change_mapping(
        lambda _: (
            RETURNS.replace("tax_due_minor =", "declared_revenue_minor =")
            .replace('sums = ["tax_due_minor"]', 'sums = ["employees"]')
            .replace('[group_by]\nsums = ["employees"]\n', "")
        )
    )
    shop.deliver("2026-01-01", "7,2025-12-01,L,100,2026-01-01", "7,2025-12-01,L,-100,2026-01-01", header=HEADER)
    assert counts(shop, "2026-01-01") == [(2, 2, 0, 0, 0)]


def test_trace_lists_the_source_rows_of_a_combined_row(shop: Shop) -> None:
    shop.change_mapping(lambda _: RETURNS)
    shop.deliver("2026-01-01", "7,2025-12-01,L,100,2026-01-01", "7,2025-12-01,M,50,2026-01-01", header=HEADER)
    shop.deliver("2026-01-01", "7,2025-12-01,W,5,2026-01-01", header=HEADER, name="b.csv")
    settle(shop, "2026-01-01")
    (row,) = _rows(shop.lake, shop.profile, silver.FILING, "7", date(2026, 1, 1))
    assert (row.source_row, row.combined) == (2, ("shops/2026-01-01/a.csv row 3", "shops/2026-01-01/b.csv row 2"))
    assert "shops/2026-01-01/a.csv row 2 with row 3, shops/2026-01-01/b.csv row 2, known" in _line(row)


@pytest.mark.parametrize(("rows", "verdict"), [(1_998, "passed"), (1_997, "stopped")])
def test_more_conflicts_than_one_in_a_thousand_stop_the_delivery(shop: Shop, rows: int, verdict: str) -> None:
    shop.deliver("2026-01-01", *[f"{key},A,open,2020-01-01" for key in range(rows)], "x,A,open,2020-01-01", "x,B,open,2020-01-01")
    manifest = settle(shop, "2026-01-01")
    assert manifest.verdict == verdict
    assert ("conflict_share" in manifest.why) == (verdict == "stopped")
    assert [manifest.batches[0][name] for name in ("read", "kept", "combined", "quarantined")] == [rows + 2, rows, 0, 2]
