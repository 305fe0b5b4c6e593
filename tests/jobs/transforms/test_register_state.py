"""The state of the register: days that compute only their news equal a full computation."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from expectations.contracts import silver
from expectations.contracts.state import REGISTER
from jobs.engine.lake import Lake
from jobs.incremental.entity_state import REGISTER_STATE, compute_state, read_state, update_state
from jobs.lake.maintenance.retention import trim_state
from jobs.profile.load_profile import load_profile
from jobs.transforms.coverage import Coverage
from tests.day.news import register
from tests.jobs.transforms.deliveries import deliver
from tests.jobs.transforms.random_tables import draw_tables
from tests.jobs.transforms.tables import frame

PROFILE = load_profile("cn")
FIRST = date(2026, 1, 16)
SOURCE = "registration"


def spread(seed: int) -> list[dict]:
    """Entities drawn at random, with changes of the past, of the window's edge and announced ones, delivered over four weeks."""
    rng = random.Random(seed)
    rows = draw_tables(seed, entities=60)["entity"]
    for row in rows:
        delivered = FIRST + timedelta(days=rng.choice([0, 0, 0, *range(1, 27)]))
        early = rng.choice([0, 0, 1, 5])
        row.update(source=SOURCE, delivered_on=delivered)
        row["known_at"] = datetime(delivered.year, delivered.month, delivered.day, 3) - timedelta(days=early)
        back = rng.choice([0, 3, -9, 340, 350, 360, rng.randint(0, 800), None])
        row["changed_on"] = None if back is None else delivered - timedelta(days=back)
        row["change_type"] = rng.choice(["new", "legal_rep", "address", "scope", None])
    return rows


def entity(delivered: date, **facts) -> dict:
    at = datetime(delivered.year, delivered.month, delivered.day, 1)
    return {
        "entity_id": "E",
        "source": SOURCE,
        "delivered_on": delivered,
        "known_at": at,
        "source_file": f"{delivered}.csv",
    } | facts


def held(lake: Lake, as_of: date) -> list[tuple]:
    return register(read_state(REGISTER_STATE, lake, as_of))


def computed(lake: Lake, as_of: date) -> list[tuple]:
    return register(compute_state(REGISTER_STATE, lake, PROFILE, as_of))


def test_incremental_days_equal_a_full_computation(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    deliver(lake, "entity", SOURCE, spread(1))
    days = [FIRST + timedelta(days=n) for n in (0, 1, 4, 8, 25)]
    updated = {}
    for day in days:
        updated[day] = update_state(REGISTER_STATE, lake, PROFILE, day)
        assert held(lake, day) == computed(lake, day), day
    every = len(computed(lake, days[-1]))
    assert all(0 < updated[day] < every for day in days[1:]), updated
    assert update_state(REGISTER_STATE, lake, PROFILE, days[-1]) == 0, "nothing is new on a day done again"


def test_a_newly_closed_month_changes_no_entity(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    settles = date(2026, 2, 15)
    before, after = settles - timedelta(days=1), settles + timedelta(days=1)
    assert Coverage(before).closed_month() < Coverage(settles).closed_month() == Coverage(after).closed_month()
    rows = [entity(FIRST, entity_id=f"E{n}") for n in range(5)]
    rows += [entity(before, entity_id="E0", owner_id="p"), entity(before, entity_id="E4", is_absent=True)]
    rows += [entity(settles, entity_id="E1", owner_id="q"), entity(after, entity_id="E2", owner_id="r")]
    deliver(lake, "entity", SOURCE, rows)
    updated = {}
    for day in (FIRST, before, settles, after):
        updated[day] = update_state(REGISTER_STATE, lake, PROFILE, day)
        assert held(lake, day) == computed(lake, day), day
    assert updated == {FIRST: 5, before: 2, settles: 1, after: 1}
    # Written whole, so that no day needs what was written before it.
    assert trim_state(lake, REGISTER, after) == (str(FIRST), str(before))
    assert held(lake, after) == computed(lake, after)


def test_days_may_run_out_of_order_and_again(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    rows = spread(3)
    deliver(lake, "entity", SOURCE, rows)
    days = [FIRST + timedelta(days=n) for n in (0, 4)]
    between = FIRST + timedelta(days=2)
    for day in (*days, between):
        update_state(REGISTER_STATE, lake, PROFILE, day)
        assert held(lake, day) == computed(lake, day), day
    for row in rows[:30]:
        row["owner_id"] = "corrected"
    deliver(lake, "entity", SOURCE, rows, conformed="corrected")
    for day in (days[1], days[0], between, days[1]):
        update_state(REGISTER_STATE, lake, PROFILE, day)
        assert held(lake, day) == computed(lake, day), day


def test_an_entity_removed_from_the_register_is_dropped_and_may_return(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    gone, back = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
    deliver(lake, "entity", SOURCE, [entity(FIRST), entity(gone, is_absent=True), entity(back, owner_id="p")])
    there = {}
    for day in (FIRST, gone, back):
        update_state(REGISTER_STATE, lake, PROFILE, day)
        assert held(lake, day) == computed(lake, day)
        there[day] = [row["owner_id"] for row in read_state(REGISTER_STATE, lake, day).collect()]
    assert there == {FIRST: [None], gone: [], back: ["p"]}


def test_a_row_changes_when_its_changes_on_date_passes(tmp_path, spark):
    """A change that was announced takes place on its day; one of a year ago leaves the window on its 365th,
    up to which the source delivers."""
    lake = Lake(tmp_path, spark)
    announced, old = FIRST + timedelta(days=3), FIRST + timedelta(days=6) - timedelta(days=365)
    deliver(
        lake,
        "entity",
        SOURCE,
        [
            entity(FIRST, status="active", changed_on=old, change_type="scope"),
            entity(FIRST, status="closed", changed_on=announced, change_type="status", source_file="z.csv"),
            entity(FIRST + timedelta(days=6), entity_id="F"),
        ],
    )
    updated, said = [], []
    for n in range(8):
        day = FIRST + timedelta(days=n)
        updated.append(update_state(REGISTER_STATE, lake, PROFILE, day))
        assert held(lake, day) == computed(lake, day), day
        rows = read_state(REGISTER_STATE, lake, day).where("entity_id <> 'F'").collect()
        said += [(row["status"], row["changes_12m"]) for row in rows]
    assert updated == [1, 0, 0, 1, 0, 0, 2, 0]
    assert said == [("active", 1)] * 3 + [("closed", 2)] * 3 + [("closed", 1)] * 2


def test_no_day_builds_on_inconsistent_silver(tmp_path, spark):
    lake = Lake(tmp_path, spark)
    rows = [entity(FIRST), entity(FIRST + timedelta(days=1), owner_id="p")]
    deliver(lake, "entity", SOURCE, rows[:1])
    update_state(REGISTER_STATE, lake, PROFILE, FIRST)
    lake.replace(frame(spark, "entity", rows), silver.ENTITY, "true")  # rows whose delivery is in no book
    today = FIRST + timedelta(days=1)
    update_state(REGISTER_STATE, lake, PROFILE, today)
    assert held(lake, today) == computed(lake, today)
    deliver(lake, "entity", SOURCE, [rows[0], {**rows[1], "owner_id": "q"}])
    tomorrow = FIRST + timedelta(days=2)
    update_state(REGISTER_STATE, lake, PROFILE, tomorrow)
    assert [row["owner_id"] for row in read_state(REGISTER_STATE, lake, tomorrow).collect()] == ["q"]
