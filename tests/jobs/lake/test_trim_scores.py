"""A day's scores and peers' medians are trimmed as its features are: month-ends, young days and what is of the listed stay."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from expectations.contracts import scoring
from jobs.engine.lake import Lake
from jobs.foundation.files import read_json, write_json
from jobs.incremental.previous_classes import has_all_scores, previous_classes
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.maintenance.retention import trim_scores
from jobs.lake.manifests import keep_time_travel_since, lake_of_finished_day, note_path, run_manifest_path
from jobs.profile.profile import Retention
from tests.day.command import steelyard
from tests.day.made_towns import town_after
from tests.day.town import PROFILE, TODAY, YESTERDAY, Town
from tests.jobs.lake.homes import ENTITIES, FEATURES, LISTED, close, put

MONTH_END, OLD, LAST_OLD, KEPT, D = (date(2026, *day) for day in ((5, 31), (6, 25), (6, 26), (6, 28), (6, 30)))
DAYS = (MONTH_END, OLD, LAST_OLD, KEPT, D)
POLICY = Retention(feature_days=3, time_travel_days=2)
GROUPS = {"E1": "retail", "E2": "food", "E3": "retail", "E4": "repair"}
TABLES = (FEATURES, scoring.RISK_LIST, scoring.SCORES, scoring.PEERS)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Finished days of four scored entities in three groups of peers; E2 and E4 are listed."""
    made = Lake(tmp_path)
    for day in DAYS:
        put(made, FEATURES, day, [{"entity_id": name, "peer_group": group} for name, group in GROUPS.items()])
        put(made, scoring.RISK_LIST, day, [{"entity_id": name, "list_rank": at} for at, name in enumerate(LISTED, start=1)])
        put(made, scoring.SCORES, day, [{"entity_id": name, "risk_class": "B"} for name in ENTITIES])
        put(made, scoring.PEERS, day, [{"peer_group": group, "indicator": "age_days"} for group in {*GROUPS.values()}])
        write_json(note_path(tmp_path, "scores", day), {"features": {}})
        close(made, day, tables=TABLES)
        path = run_manifest_path(tmp_path, day)
        write_json(path, {**read_json(path), "entities": len(ENTITIES)})
    return made


def scored(lake: Lake, day: date) -> list[str]:
    return sorted(lake.arrow(scoring.SCORES, columns=["entity_id"], where=f"as_of = '{day}'")["entity_id"].to_pylist())


def groups(lake: Lake, day: date) -> list[str]:
    return sorted(lake.arrow(scoring.PEERS, columns=["peer_group"], where=f"as_of = '{day}'")["peer_group"].to_pylist())


def test_scores_of_old_days_are_the_listeds_but_for_the_day_that_young_classes_are_held_against(lake: Lake) -> None:
    done = maintain(lake, POLICY, D)
    assert {day: scored(lake, day) for day in DAYS} == {
        MONTH_END: list(ENTITIES),
        OLD: list(LISTED),
        LAST_OLD: list(ENTITIES),
        KEPT: list(ENTITIES),
        D: list(ENTITIES),
    }
    assert done.trimmed == (OLD, LAST_OLD), "features and medians of both went"
    assert [day for day in DAYS if not note_path(lake.home, "scores", day).exists()] == [OLD]


def test_medians_of_old_days_are_those_of_the_groups_that_the_listed_stand_in(lake: Lake) -> None:
    maintain(lake, POLICY, D)
    every, theirs = ["food", "repair", "retail"], ["food", "repair"]
    assert {day: groups(lake, day) for day in DAYS} == {
        MONTH_END: every, OLD: theirs, LAST_OLD: theirs, KEPT: every, D: every,
    }  # fmt: skip


def test_a_day_that_can_be_replayed_has_all_of_them(lake: Lake) -> None:
    maintain(lake, Retention(feature_days=1, time_travel_days=6), D)
    assert (scored(lake, OLD), groups(lake, OLD)) == (list(LISTED), ["food", "repair"])
    then = lake_of_finished_day(lake, OLD)
    assert (scored(then, OLD), groups(then, OLD)) == (list(ENTITIES), ["food", "repair", "retail"])


def test_a_second_time_nothing_is_written(lake: Lake) -> None:
    maintain(lake, POLICY, D)
    versions = [lake.version(table) for table in TABLES]
    assert maintain(lake, POLICY, D).trimmed == ()
    assert [lake.version(table) for table in TABLES] == versions


def test_classes_are_held_against_a_day_that_has_everybodys(lake: Lake) -> None:
    assert previous_classes(lake, LAST_OLD).as_of == OLD
    maintain(lake, POLICY, D)
    assert [day for day in DAYS if not has_all_scores(lake, day)] == [OLD]
    assert previous_classes(lake, LAST_OLD).as_of == MONTH_END
    assert previous_classes(lake, KEPT).as_of == LAST_OLD


def test_a_day_on_which_all_are_listed_has_everybodys(lake: Lake) -> None:
    put(lake, scoring.RISK_LIST, D, [{"entity_id": name, "list_rank": at} for at, name in enumerate(ENTITIES, start=1)])
    assert has_all_scores(lake, D)


def test_a_trimmed_day_says_on_its_page_and_to_who_asks_that_only_the_listed_are_kept(
    tmp_path_factory: pytest.TempPathFactory, spark: object, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    town: Town = town_after(YESTERDAY, TODAY, session=spark, tmp_path_factory=tmp_path_factory).copy(tmp_path)
    listed = {*town.rows(scoring.RISK_LIST, YESTERDAY)["entity_id"]}
    other = min({*town.rows(scoring.SCORES, YESTERDAY)["entity_id"]} - listed)
    assert trim_scores(town.lake, TODAY + timedelta(days=60), 35) == (YESTERDAY,)
    keep_time_travel_since(town.home, TODAY)
    given = ("--profile", PROFILE, "--home", town.home, "--as-of", YESTERDAY)

    asked = steelyard(capfd, "trace", other, *given)
    assert (asked.code, "is not listed on 2026-06-29" in asked.err) == (4, True)
    assert steelyard(capfd, "trace", min(listed), *given).code == 0
    assert steelyard(capfd, "export", "risk_list", *given, "--format", "html", "--out", tmp_path / "day.html").code == 0
    page = (tmp_path / "day.html").read_text(encoding="utf-8")
    assert f"only the scores of the {len(listed)} listed businesses are still stored" in page
