"""A day's links are trimmed as its features are: those of the listed stay, by which a listing is traced."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from expectations.contracts import scoring
from expectations.contracts.silver import LINK
from jobs.engine.lake import Lake
from jobs.foundation.files import write_json
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.manifests import lake_of_finished_day, note_path
from jobs.profile.profile import Retention
from tests.jobs.lake.homes import FEATURES, close, put, put_day

MONTH_END, OLD, KEPT, D = date(2026, 5, 31), date(2026, 6, 25), date(2026, 6, 28), date(2026, 6, 30)
LINKS = {"C1": "E1", "C2": "E2", "C3": "E3", "C4": "E4"}


def linked(lake: Lake, day: date) -> list[str]:
    return sorted(lake.arrow(LINK, columns=["complaint_id"], where=f"as_of = '{day}'")["complaint_id"].to_pylist())


def home_with_links(folder: Path) -> Lake:
    """Finished days on which four complaints are linked, two of them to entities that are listed (E2, E4)."""
    lake = Lake(folder)
    for day in (MONTH_END, OLD, KEPT, D):
        put_day(lake, day)
        put(lake, LINK, day, [{"complaint_id": complaint, "entity_id": entity} for complaint, entity in LINKS.items()])
        write_json(note_path(folder, "links", day), {"rests_on": "x"})
        close(lake, day, tables=(FEATURES, scoring.RISK_LIST, LINK))
    return lake


def test_old_links_keep_the_listeds_and_month_ends_and_young_days_stay_whole(tmp_path: Path) -> None:
    lake = home_with_links(tmp_path)

    done = maintain(lake, Retention(feature_days=3, time_travel_days=2), D)

    assert done.trimmed == (OLD,)
    assert {day: linked(lake, day) for day in (MONTH_END, OLD, KEPT, D)} == {
        MONTH_END: list(LINKS),
        OLD: ["C2", "C4"],
        KEPT: list(LINKS),
        D: list(LINKS),
    }


def test_a_trimmed_days_links_are_no_longer_noted_as_current_so_that_who_needs_them_makes_them_again(tmp_path: Path) -> None:
    lake = home_with_links(tmp_path)

    maintain(lake, Retention(feature_days=3, time_travel_days=2), D)

    assert [day for day in (MONTH_END, OLD, KEPT, D) if not note_path(tmp_path, "links", day).exists()] == [OLD]


def test_a_day_within_time_travel_has_all_its_links_for_replay_and_trace(tmp_path: Path) -> None:
    lake = home_with_links(tmp_path)

    maintain(lake, Retention(feature_days=1, time_travel_days=6), D)

    assert linked(lake, OLD) == ["C2", "C4"]
    assert linked(lake_of_finished_day(lake, OLD), OLD) == list(LINKS)


def test_a_second_time_nothing_is_written(tmp_path: Path) -> None:
    lake = home_with_links(tmp_path)
    maintain(lake, Retention(feature_days=3, time_travel_days=2), D)
    version = lake.version(LINK)

    assert maintain(lake, Retention(feature_days=3, time_travel_days=2), D).trimmed == ()
    assert lake.version(LINK) == version
