"""What ingest keeps, tells as a duplicate, and turns away; and that a rerun repairs and never doubles."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE
from jobs.analysis.open_lake import open_lake
from jobs.foundation.errors import ConfigError
from jobs.profile.mapping import load_mapping
from jobs.sources.mapped_records import FEW_ROWS
from jobs.steps.ingest_source import ingest_source
from jobs.transforms.latest_known import keep_latest
from tests.jobs.sources.conftest import Shop

REGISTRATION = BRONZE["registration"]


def kept(shop: Shop) -> list[str]:
    """Names of the rows in bronze, in the order they arrived."""
    frame = shop.lake.read(REGISTRATION).toPandas().sort_values(["delivered_on", "source_row"])
    return [f"{row.entity_id}:{row.name_}" for row in frame.rename(columns={"name": "name_"}).itertuples()]


def turned_away(shop: Shop) -> pd.DataFrame:
    """The rows in quarantine."""
    return shop.lake.read(quarantine_of("shops")).toPandas().sort_values(["delivered_on", "source_row"], ignore_index=True)


def table_bytes(shop: Shop) -> list[tuple]:
    frame = shop.lake.read(REGISTRATION).toPandas().astype(str)
    return sorted(map(tuple, frame.to_numpy().tolist()))


def test_a_version_that_comes_back_is_kept_and_a_repeated_one_is_a_duplicate(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    shop.deliver("2026-01-02", "1,B,open,2020-01-01", "1,B,open,2020-01-01")
    shop.deliver("2026-01-03", "1,B,open,2020-01-01")
    shop.deliver("2026-01-04", "1,A,open,2020-01-01")
    done = shop.ingest("2026-01-04")
    assert kept(shop) == ["1:A", "1:B", "1:A"]
    assert [(batch.counts.read, batch.counts.kept, batch.counts.duplicates) for batch in done.known] == [
        (1, 1, 0),
        (2, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
    ]


def test_days_taken_in_one_by_one_give_what_all_at_once_gives(shop: Shop) -> None:
    for day, name in (("2026-01-01", "A"), ("2026-01-02", "B"), ("2026-01-03", "B"), ("2026-01-04", "A")):
        shop.deliver(day, f"1,{name},open,2020-01-01", "2,Z,open,2020-01-01")
        shop.ingest(day)
    assert kept(shop) == ["1:A", "2:Z", "1:B", "1:A"]


def test_the_same_files_again_change_nothing(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "broken line")
    shop.ingest("2026-01-01")
    before, version = table_bytes(shop), shop.lake.version(REGISTRATION)
    again = shop.ingest("2026-01-01")
    assert again.taken_in == ()
    assert (table_bytes(shop), shop.lake.version(REGISTRATION)) == (before, version)


def test_a_malformed_record_is_in_quarantine_with_file_line_text_and_reason(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "2,B", "3,C,open,2020-01-01")
    (batch,) = shop.ingest("2026-01-01").known
    (row,) = turned_away(shop).to_dict("records")
    assert (row["source_file"], row["source_row"], row["raw"]) == ("shops/2026-01-01/a.csv", 3, "2,B")
    assert row["rule_id"] == "wrong_field_count"
    assert "field" in row["reason"]
    assert (batch.counts.read, batch.counts.kept, batch.counts.quarantined) == (3, 2, 1)


def test_a_value_that_cannot_be_read_is_in_quarantine_and_not_silently_empty(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-13-45", "2,B,asleep,2020-01-01", "3,C,open,-")
    (batch,) = shop.ingest("2026-01-01").known
    found = turned_away(shop)
    assert list(zip(found["column_name"], found["bad_value"], found["raw"], strict=True)) == [
        ("established_on", "2020-13-45", "1,A,open,2020-13-45"),
        ("status", "asleep", "2,B,asleep,2020-01-01"),
    ]
    assert (batch.counts.read, batch.counts.kept, batch.counts.quarantined) == (3, 1, 2)


def test_a_record_without_the_instant_from_which_it_is_known_is_in_quarantine(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace("[raw]", "known_at = \"try_to_timestamp(opened, 'yyyy-MM-dd')\"\n[raw]", 1))
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "2,B,open,-")
    (batch,) = shop.ingest("2026-01-01").known
    (row,) = turned_away(shop).to_dict("records")
    assert (row["column_name"], row["raw"]) == ("known_at", "2,B,open,-")
    assert (batch.counts.read, batch.counts.kept, batch.counts.quarantined) == (2, 1, 1)


def test_a_corrected_file_is_ingested_again_with_all_that_built_on_it(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    shop.deliver("2026-01-02", "1,A,open,2020-01-01")
    shop.ingest("2026-01-02")
    assert kept(shop) == ["1:A"]
    shop.deliver("2026-01-01", "1,B,open,2020-01-01")
    done = shop.ingest("2026-01-02")
    assert [str(day) for day in done.taken_in] == ["2026-01-01", "2026-01-02"]
    assert kept(shop) == ["1:B", "1:A"]


def test_a_corrected_mapping_releases_the_rows_it_had_rejected(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,asleep,2020-01-01")
    shop.ingest("2026-01-01")
    assert len(turned_away(shop)) == 1
    shop.change_mapping(lambda text: text.replace('"shut" = "closed"', '"shut" = "closed", "asleep" = "suspended"'))
    shop.ingest("2026-01-01")
    assert (kept(shop), len(turned_away(shop))) == (["1:A"], 0)


@pytest.mark.parametrize("at", [0, FEW_ROWS])
def test_an_expression_that_fails_on_what_was_delivered_is_named_by_its_column(shop: Shop, at: int) -> None:
    shop.change_mapping(
        lambda text: text.replace("[translate", "registered_capital_minor = 'cast(100 / state as bigint)'\n[translate")
    )
    shop.change_mapping(lambda text: text.replace('"open" = "active", "shut" = "closed"', '"1" = "active", "0" = "closed"'))
    lines = [f"{key},A,{int(key != at)},2020-01-01" for key in range(FEW_ROWS + 9)]
    shop.deliver("2026-01-01", *lines)
    with pytest.raises(
        ConfigError, match=r"the mapping of registered_capital_minor cannot be applied to the delivered records: .*zero"
    ):
        shop.ingest("2026-01-01")
    shop.deliver("2026-01-01", *lines[:at], *lines[at + 1 :])
    assert shop.ingest("2026-01-01").known[0].counts.kept == FEW_ROWS + 8


def test_an_earlier_day_done_again_leaves_later_days_alone(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    shop.deliver("2026-01-02", "2,B,open,2020-01-01")
    shop.ingest("2026-01-02")
    assert shop.ingest("2026-01-01").taken_in == ()
    assert kept(shop) == ["1:A", "2:B"]


def test_a_delivery_that_is_gone_takes_its_rows_with_it(shop: Shop) -> None:
    path = shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    shop.deliver("2026-01-02", "2,B,open,2020-01-01")
    shop.ingest("2026-01-02")
    path.unlink()
    done = shop.ingest("2026-01-02")
    assert kept(shop) == ["2:B"]
    assert [str(batch.delivered_on) for batch in done.known] == ["2026-01-02"]
    gone = "the delivery of 2026-01-01 is gone; its 1 records are no longer used; if that is wrong, deliver it again"
    assert done.warnings == (gone,)


def test_a_delivery_that_lost_records_is_reported(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "2,B,open,2020-01-01")
    assert shop.ingest("2026-01-01").warnings == ()
    shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    fewer = "the delivery of 2026-01-01 has 1 records; it had 2; ask its owner if that is right"
    assert shop.ingest("2026-01-01").warnings == (fewer,)


def test_deliveries_that_are_all_gone_at_once_are_not_taken_for_withdrawn(shop: Shop) -> None:
    paths = [shop.deliver(day, f"{day[-1]},A,open,2020-01-01") for day in ("2026-01-01", "2026-01-02")]
    shop.ingest("2026-01-02")
    for path in paths:
        path.unlink()
    with pytest.raises(ConfigError, match="no delivery of shops exists, although 2 were taken in"):
        shop.ingest("2026-01-02")
    assert kept(shop) == ["1:A", "2:A"]
    paths[1].touch()
    shop.ingest("2026-01-02")
    assert kept(shop) == []


def test_a_file_without_its_columns_makes_its_day_unusable_and_says_so(shop: Shop) -> None:
    shop.deliver("2026-01-01", "1,A,open,2020-01-01")
    shop.deliver("2026-01-02", "2,open", header="id,state")
    done = shop.ingest("2026-01-02")
    assert [batch.is_usable for batch in done.known] == [True, False]
    assert "name" in done.known[1].unusable[0]
    assert kept(shop) == ["1:A"]
    assert done.known[1].counts.adds_up
    assert done.known[1].counts.quarantined == 1


def test_a_key_that_a_snapshot_no_longer_holds_is_marked_absent_and_can_come_back(shop: Shop) -> None:
    shop.change_mapping(lambda text: text.replace('"increment"', '"snapshot"').replace('"nothing"', '"removed"'))
    shop.deliver("2026-01-01", "1,A,open,2020-01-01", "2,B,open,2020-01-01")
    shop.deliver("2026-01-02", "1,A,open,2020-01-01")
    shop.deliver("2026-01-03", "1,A,open,2020-01-01", "2,B,open,2020-01-01")
    done = shop.ingest("2026-01-03")
    frame = shop.lake.read(REGISTRATION).toPandas().sort_values(["delivered_on", "entity_id"])
    assert [(str(row.delivered_on), row.entity_id, row.is_absent) for row in frame.itertuples()] == [
        ("2026-01-01", "1", False),
        ("2026-01-01", "2", False),
        ("2026-01-02", "2", True),
        ("2026-01-03", "2", False),
    ]
    assert all(batch.counts.adds_up for batch in done.known)


def test_a_key_whose_record_in_a_snapshot_is_unreadable_is_not_absent(shop: Shop) -> None:
    """Its last good version stays until a snapshot has a readable record of it, or none."""
    shop.change_mapping(lambda text: text.replace('"increment"', '"snapshot"').replace('"nothing"', '"removed"'))
    shop.deliver("2026-01-01", *[f"{key},A,open,2020-01-01" for key in "1234"])
    shop.deliver("2026-01-02", "1,A,open,2020-01-01", "2,B,asleep,2020-01-01", "-,C,asleep,2020-01-01", "4,D,open,01.01.2020")
    shop.deliver("2026-01-03", "1,A,open,2020-01-01", "4,D,open,2020-01-01")
    done = shop.ingest("2026-01-03")
    frame = shop.lake.read(REGISTRATION).toPandas().sort_values(["delivered_on", "entity_id"])
    after = [(str(row.delivered_on), row.entity_id, row.name, row.is_absent) for row in frame.itertuples(index=False)][4:]
    assert after == [("2026-01-02", "3", "A", True), ("2026-01-03", "2", "A", True), ("2026-01-03", "4", "D", False)]
    assert [batch.counts.quarantined for batch in done.known] == [0, 3, 0]
    assert all(batch.counts.adds_up for batch in done.known)


def test_a_personal_value_that_cannot_be_read_is_not_in_the_reason_that_anyone_may_read(shop: Shop) -> None:
    columns = "phone_hash = \"sha2(nullif(trim(name), '13800000000'), 256)\"\ntrading_name = \"nullif(name, '13900000000')\""
    shop.change_mapping(lambda text: text.replace("[translate.status]", f"{columns}\n[translate.status]"))
    shop.deliver("2026-01-01", "1,13800000000,open,2020-01-01", "2,13900000000,open,2020-01-01", "3,C,asleep,2020-01-01")
    shop.ingest("2026-01-01")
    assert turned_away(shop)["bad_value"].tolist() == ["13800000000", "13900000000", "asleep"]
    shown = open_lake(shop.lake.home, personal=False).pandas("quarantine.shops").sort_values("source_row")
    assert not shown.map(lambda value: "13800000000" in str(value) or "13900000000" in str(value)).any(axis=None)
    assert shown["reason"].tolist() == [
        "phone_hash cannot be read from the personal value that was given",
        "trading_name cannot be read from the personal value that was given",
        "status cannot be read from 'asleep'",
    ]


def test_of_two_snapshots_of_one_contract_either_takes_away_a_key_that_both_hold(shop: Shop) -> None:
    """As docs/reference/mapping.md says of two registers: a row that the other repeats unchanged is no new version."""
    shop.change_mapping(lambda text: text.replace('"increment"', '"snapshot"').replace('"nothing"', '"removed"'))
    text = shop.mapping.path.read_text(encoding="utf-8").replace("shops/", "stalls/")
    stalls = shop.mapping.path.with_name("stalls.toml")
    stalls.write_text(text, encoding="utf-8")
    for day, of_shops in ((1, ["1,A,open,2020-01-01", "2,B,open,2020-01-01"]), (2, ["2,B,open,2020-01-01"])):
        of_stalls = shop.sources / "stalls" / f"2026-01-0{day}" / "a.csv"
        of_stalls.parent.mkdir(parents=True)
        of_stalls.write_text("id,name,state,opened\n1,A,open,2020-01-01\n", encoding="utf-8")
        shop.deliver(f"2026-01-0{day}", *of_shops)
        shop.ingest(f"2026-01-0{day}")
        ingest_source(shop.lake, shop.profile, load_mapping(stalls), shop.sources, date(2026, 1, day))
    known = shop.lake.read(REGISTRATION)
    assert sorted(row.entity_id for row in keep_latest(known, ("entity_id",)).collect()) == ["2"]
    of_each = known.groupBy("source", "entity_id", "is_absent").count().collect()
    assert sorted(map(tuple, of_each)) == [
        ("shops", "1", False, 1),
        ("shops", "1", True, 1),
        ("shops", "2", False, 1),
        ("stalls", "1", False, 1),
    ]


def test_columns_that_are_not_expected_are_one_warning_for_all_deliveries(shop: Shop) -> None:
    for day in range(1, 7):
        more = ",note,fax" if day == 4 else ",note"
        shop.deliver(f"2026-01-0{day}", f"{day},A,open,2020-01-01{',x' * more.count(',')}", header=f"id,name,state,opened{more}")
    said = "note (deliveries: 6, 2026-01-01 to 2026-01-06); fax (deliveries: 1, 2026-01-04 to 2026-01-04)"
    assert shop.ingest("2026-01-06").warnings == (f"columns not expected: {said}",)
