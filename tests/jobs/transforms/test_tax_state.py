"""The state of tax sums: days that compute only their news equal a full computation."""

from __future__ import annotations

import random
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

from expectations.contracts import silver
from expectations.contracts.lineage import AS_OF
from expectations.contracts.state import CHANGES_ON, TAX_SUMS
from jobs.engine.lake import Lake
from jobs.incremental.entity_state import TAX_STATE, compute_state, read_state, update_state
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from jobs.transforms.tax_sums import SUMS
from tests.jobs.transforms.deliveries import deliver
from tests.jobs.transforms.random_tables import draw_tables

PROFILE = load_profile("cn")
FIRST = date(2026, 1, 10)
SOURCE = "tax"


def spread(seed: int) -> list[dict]:
    """Returns drawn at random that became known, and were delivered, over six weeks; some long before they were delivered."""
    rng = random.Random(seed)
    rows = draw_tables(seed, entities=30)["filing"]
    for row in rows:
        delivered = FIRST + timedelta(days=rng.choice([0, 0, 0, *range(1, 42)]))
        early = rng.choice([0, 0, 1, 5])
        row.update(source=SOURCE, delivered_on=delivered)
        row["known_at"] = datetime(delivered.year, delivered.month, delivered.day, 3) - timedelta(days=early)
    return rows


def held(lake: Lake, as_of: date) -> list[tuple]:
    """The sums in the state, without ``changes_on``, which depends on the day of the computation."""
    return _plain(read_state(TAX_STATE, lake, as_of))


def computed(lake: Lake, as_of: date) -> list[tuple]:
    return _plain(compute_state(TAX_STATE, lake, PROFILE, as_of))


def _plain(sums) -> list[tuple]:
    return sorted((row["entity_id"], *[row[name] for name in SUMS if name != CHANGES_ON]) for row in sums.collect())


def test_incremental_days_equal_a_full_computation(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    deliver(lake, "filing", SOURCE, spread(1))
    days = [FIRST + timedelta(days=n) for n in (0, 1, 4, 8, 20, 41)]
    summed = {}
    for day in days:
        summed[day] = update_state(TAX_STATE, lake, PROFILE, day)
        assert held(lake, day) == computed(lake, day), day
    every = len(computed(lake, days[-1]))
    assert summed[FIRST] > 0
    # From the 14th to the 20th a month became settled, so all were added up; on other days only those with news were.
    assert 0 < summed[days[1]] < every
    assert update_state(TAX_STATE, lake, PROFILE, days[-1]) == 0, "nothing is new on a day done again"


def test_days_may_run_out_of_order_and_again(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    rows = spread(3)
    deliver(lake, "filing", SOURCE, rows)
    days = [FIRST + timedelta(days=n) for n in (0, 4)]
    for day in days:
        update_state(TAX_STATE, lake, PROFILE, day)
    between = FIRST + timedelta(days=2)
    update_state(TAX_STATE, lake, PROFILE, between)
    assert held(lake, between) == computed(lake, between)
    # Something that came late for the first day: every day that was built on it is computed again.
    for row in rows[:20]:
        row["declared_revenue_minor"] = 77
    deliver(lake, "filing", SOURCE, rows, conformed="corrected")
    for day in (days[1], days[0], between, days[1]):
        update_state(TAX_STATE, lake, PROFILE, day)
        assert held(lake, day) == computed(lake, day), day


def test_a_late_delivery_updates_a_computed_day(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    rows = spread(4)
    last = FIRST + timedelta(days=3)
    deliver(lake, "filing", SOURCE, [row for row in rows if row["delivered_on"] <= FIRST])
    for day in (FIRST, FIRST + timedelta(days=1), last):
        update_state(TAX_STATE, lake, PROFILE, day)
    deliver(lake, "filing", SOURCE, [row for row in rows if row["delivered_on"] <= last])
    assert update_state(TAX_STATE, lake, PROFILE, last) > 0
    assert held(lake, last) == computed(lake, last)


def test_a_withdrawn_return_leaves_no_row(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    one = {
        "entity_id": "E", "period_start": date(2025, 10, 1), "period_end": date(2025, 10, 31), "declared_revenue_minor": 5,
        "source": SOURCE, "delivered_on": FIRST, "known_at": datetime(2026, 1, 1), "due_on": None, "filed_on": None,
    }  # fmt: skip
    later = FIRST + timedelta(days=1)
    gone = {**one, "delivered_on": later, "known_at": datetime(2026, 1, 11), "is_absent": True, "source_file": "g.csv"}
    deliver(lake, "filing", SOURCE, [one, gone])
    update_state(TAX_STATE, lake, PROFILE, FIRST)
    assert [row[0] for row in held(lake, FIRST)] == ["E"]
    update_state(TAX_STATE, lake, PROFILE, later)
    assert held(lake, later) == [] == computed(lake, later)


def test_a_row_changes_when_its_changes_on_date_passes(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    due = {
        "entity_id": "E", "period_start": date(2025, 11, 1), "period_end": date(2025, 11, 30), "due_on": date(2026, 1, 20),
        "filed_on": None, "source": SOURCE, "delivered_on": FIRST, "known_at": datetime(2026, 1, 1),
    }  # fmt: skip
    next_delivery = date(2026, 1, 29)
    other = {**due, "entity_id": "F", "filed_on": FIRST, "delivered_on": next_delivery, "known_at": datetime(2026, 1, 28, 20)}
    deliver(lake, "filing", SOURCE, [due, other])
    summed, missing = {}, {}
    for day in (15, 19, 20, 28, 29, 30):
        summed[day] = update_state(TAX_STATE, lake, PROFILE, date(2026, 1, day))
        assert held(lake, date(2026, 1, day)) == computed(lake, date(2026, 1, day))
        missing[day] = read_state(TAX_STATE, lake, date(2026, 1, day)).where("entity_id = 'E'").collect()[0].unfiled_count
    # It falls due on the 20th, and the source may say that it was not filed only in its next delivery.
    assert summed == {15: 1, 19: 0, 20: 1, 28: 1, 29: 2, 30: 0}
    assert missing == {15: 0, 19: 0, 20: 0, 28: 0, 29: 1, 30: 1}


def test_the_contract_has_the_columns_of_the_sums():
    names = [str(column) for column in TAX_SUMS.columns]
    assert names == ["entity_id", str(AS_OF), *SUMS]


def without(column: str, folder: Path) -> Profile:
    """The profile of ``cn`` whose source of returns does not map a column."""
    shutil.copytree(PROFILE.folder, folder)
    path = folder / "sources" / f"{SOURCE}.toml"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(f"{column} =")), encoding="utf-8")
    return load_profile(str(folder))


def test_a_return_of_a_source_that_does_not_say_when_it_was_filed_is_not_missing(tmp_path, spark):
    """Also in a replay, which has the tables and the profile and no book of deliveries, and for a day before the delivery."""
    lake, profile = Lake(tmp_path / "home", spark), without("filed_on", tmp_path / "profile")
    due = {"period_start": date(2025, 11, 1), "period_end": date(2025, 11, 30), "due_on": date(2025, 12, 15)}
    filing = {"entity_id": "E", **due, "source": SOURCE, "delivered_on": FIRST, "known_at": datetime(2026, 1, 5, 3)}
    deliver(lake, "filing", SOURCE, [filing])
    update_state(TAX_STATE, lake, PROFILE, FIRST)
    assert [(row.due_count, row.unfiled_count) for row in read_state(TAX_STATE, lake, FIRST).collect()] == [(1, 1)]
    assert update_state(TAX_STATE, lake, profile, FIRST) == 1, "another mapping makes the state stale"
    assert [(row.due_count, row.unfiled_count) for row in read_state(TAX_STATE, lake, FIRST).collect()] == [(0, 0)]
    copy = lake.onto(tmp_path / "replay", {silver.FILING.full_name: lake.version(silver.FILING)})
    for day in (FIRST, FIRST - timedelta(days=3)):
        assert [(row.due_count, row.unfiled_count) for row in compute_state(TAX_STATE, copy, profile, day).collect()] == [(0, 0)]


def test_tax_is_not_paid_up_where_the_source_does_not_say_what_is_in_arrears(tmp_path, spark):
    lake = Lake(tmp_path / "home", spark)
    month = {"period_start": date(2025, 11, 1), "period_end": date(2025, 11, 30), "known_at": datetime(2026, 1, 5, 3)}
    filing = {"entity_id": "E", **month, "source": SOURCE, "delivered_on": FIRST, "tax_due_minor": 100}
    deliver(lake, "filing", SOURCE, [filing, {**filing, "tax_type": "excise", "source": "other", "arrears_minor": 50}])
    profile = without("arrears_minor", tmp_path / "profile")
    assert [row.all_tax_due for row in compute_state(TAX_STATE, lake, PROFILE, FIRST).collect()] == [200]
    assert [row.all_tax_due for row in compute_state(TAX_STATE, lake, profile, FIRST).collect()] == [100]
