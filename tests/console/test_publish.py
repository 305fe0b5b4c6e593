"""Publishing a day: completely or not at all, once, and by its changes."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from deltalake import DeltaTable

from console.apps.api.tokens import make_token
from console.apps.audit.chain import read_head
from console.apps.audit.models import AuditEvent
from console.apps.evidence.models import Event, Partition, TrendPoint
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, current_run, ranked_of
from console.core.policy import policy_of
from console.publishing import publish as publishing
from console.publishing.publish import publish, thin_out_old_runs
from expectations.contracts import registration, silver
from jobs.foundation.errors import Busy
from jobs.lake.finished_run import finished_run
from jobs.profile.calendar import is_working_day
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import Site


def contents(folder: Path) -> dict[str, str]:
    """A hash of each non-empty file."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.rglob("*.sqlite3"))}


def everyone(run_id: str) -> list[Ranked]:
    return list(Ranked.objects.using(alias_of(run_id)).order_by("position"))


def test_publishing_again_changes_nothing(site: Site, finished_day: FinishedDay) -> None:
    before, head = contents(site.folder.path), read_head()

    done = publish(finished_run(finished_day.home, finished_day.as_of))

    assert not done.is_new
    assert contents(site.folder.path) == before
    assert read_head() == head


def test_every_scored_entity_has_a_place_with_the_listed_first(site: Site) -> None:
    ranked = everyone(site.run.run_id)
    table = (
        DeltaTable(str(site.home / "lake/gold/risk_list")).to_pyarrow_table(filters=[("as_of", "=", site.run.as_of)]).to_pandas()
    )
    order = table.sort_values("list_rank")["entity_id"].tolist()

    assert [row.position for row in ranked] == list(range(1, site.run.entities + 1))
    assert [row.entity_id for row in ranked[: len(order)]] == order
    rest = [(-row.margin, row.entity_id) for row in ranked[len(order) :]]
    assert rest == sorted(rest)


def test_an_entity_is_shown_as_on_the_list(site: Site) -> None:
    """The engine made the list's columns and the file reader made the console's: two ways to the same answer."""
    table = DeltaTable(str(site.home / "lake/gold/risk_list")).to_pyarrow_table(filters=[("as_of", "=", site.run.as_of)])
    columns = ["entity_id", "name", "industry_code", "region_code", "address", "risk_class", "capacity_region"]
    wanted = {row["entity_id"]: {name: row[name] or "" for name in columns} for row in table.select(columns).to_pylist()}

    found = {row.entity_id: {name: getattr(row, name) for name in columns} for row in everyone(site.run.run_id) if row.is_listed}

    assert found == wanted


@pytest.mark.parametrize(
    "step", ["_reasons", "shared_identifiers", "_postings", "compute_monthly_counts", "drift_of_indicators", "_swap"]
)
def test_an_interrupted_publication_changes_nothing_that_is_shown(
    site: Site, finished_day: FinishedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of)

    def break_off(*_: Any, **_of_them: Any) -> None:
        raise OSError("the machine stopped")

    monkeypatch.setattr(publishing, step, break_off)
    with pytest.raises(OSError, match="stopped"):
        publish(run)

    assert current_run() == site.run
    is_filled = step in ("compute_monthly_counts", "drift_of_indicators", "_swap")  # the file is complete, but not shown
    there = {path.name for path in site.folder.rankings.iterdir()}
    assert there == {f"{site.run.run_id}.sqlite3", *([f"{run.run_id}.sqlite3"] if is_filled else [])}
    monkeypatch.undo()
    assert publish(run).is_new
    assert current_run().run_id == run.run_id


def test_readers_see_the_old_day_until_the_new_one_is_complete(
    site: Site, finished_day: FinishedDay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    real = publishing.update_events

    def look(run: Any) -> int:
        seen.append(site.client("wang").get("/list/").context["run"].as_of)
        return real(run)

    monkeypatch.setattr(publishing, "update_events", look)
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of))

    assert [str(day) for day in seen] == ["2026-06-30"]
    assert str(site.client("wang").get("/list/").context["run"].as_of) == "2026-07-01"


def test_a_further_day_loads_only_changes_and_shows_movement(site: Site, finished_day: FinishedDay, tmp_path: Path) -> None:
    last = everyone(site.run.run_id)[-1]
    events, partitions = Event.objects.count(), Partition.objects.count()

    def change(name: str, frame: pd.DataFrame) -> pd.DataFrame:
        if name == "gold/scores":
            is_last = frame["entity_id"] == last.entity_id
            frame.loc[is_last, ["margin", "credit_points", "risk_class"]] = [99.0, 1, "D"]
        return frame

    done = publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=change))

    moved = Ranked.objects.using(alias_of(done.run_id)).get(entity_id=last.entity_id)
    assert done.deliveries == 0
    assert (Event.objects.count(), Partition.objects.count()) == (events, partitions)
    assert list(TrendPoint.objects.filter(as_of="2026-07-01").values_list("entity_id", "credit_points")) == [(last.entity_id, 1)]
    assert (moved.previous_position, moved.position, moved.moved_by) == (last.position, site.run.listed + 1, "own")
    assert Ranked.objects.using(alias_of(done.run_id)).get(position=site.run.listed + 2).moved_by == "others"


def test_listed_and_viewed_entities_survive_thinning_out(site: Site, finished_day: FinishedDay, tmp_path: Path) -> None:
    old = site.run
    seen = site.ranked(is_listed=False, region_middle="330100")
    site.client("wang").get(f"/entity/{seen.entity_id}/")
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of))

    thin_out_old_runs(1)

    kept = everyone(old.run_id)
    assert len(kept) == old.listed + 1
    assert kept[-1].entity_id == seen.entity_id
    assert not PublishedRun.objects.get(run_id=old.run_id).is_whole
    assert_says_that_it_is_thinned_out(site, old)
    page = site.client("wang").get(f"/entity/{seen.entity_id}/?run={old.run_id}")
    assert page.status_code == 200
    assert page.context["entity"].position == seen.position


def test_publish_is_refused_while_another_process_publishes(site: Site, finished_day: FinishedDay, tmp_path: Path) -> None:
    run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of)

    with (site.folder.path / "publishing.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Busy, match="another process"):
            publish(run)

    assert publish(run).is_new


def test_personal_columns_are_not_read(finished_day: FinishedDay) -> None:
    run = finished_run(finished_day.home, finished_day.as_of)

    with pytest.raises(ValueError, match="is personal"):
        run.rows(silver.ENTITY, [registration.PHONE_HASH])


def test_a_profile_with_holidays_is_stored_as_json(finished_day: FinishedDay, tmp_path: Path) -> None:
    run = finished_run(finished_day.home, finished_day.as_of)
    folder = tmp_path / "profile"
    folder.mkdir()
    text = (Path(finished_day.profile) / "profile.toml").read_text(encoding="utf-8")
    (folder / "profile.toml").write_text(text.replace("holidays = []", "holidays = [2026-10-01, 2026-10-02]"), encoding="utf-8")
    home = tmp_path / "home"
    shutil.copytree(finished_day.home / "manifests", home / "manifests")
    path = home / "manifests" / "runs" / f"{run.as_of}.json"
    path.write_text(json.dumps({**run.manifest, "profile_folder": str(folder)}), encoding="utf-8")

    profile = finished_run(home, run.as_of).profile

    assert json.loads(json.dumps(profile))["calendar"]["holidays"] == ["2026-10-01", "2026-10-02"]
    assert not is_working_day(date(2026, 10, 1), policy_of(profile).calendar)


def assert_says_that_it_is_thinned_out(site: Site, old: PublishedRun) -> None:
    client, day = site.client("wang"), old.as_of
    kept = ranked_of(old, site.user("wang")).first()
    assert kept is not None
    token = make_token(site.user("wang"), "test", ["list"], day + timedelta(days=60))
    header = {"authorization": f"Bearer {token}"}

    for there, is_said in (
        (f"/list/?day={day}", True),
        (f"/entity/{kept.entity_id}/?run={old.run_id}", True),
        ("/list/", False),
    ):
        assert ("data was reduced" in client.get(there).content.decode()) is is_said, there
    assert client.get(f"/api/list?day={day}", headers=header).json()["is_whole"] is False
    assert client.get("/api/list", headers=header).json()["is_whole"] is True
    for form in ("csv", "xlsx"):
        assert "only" in client.get(f"/list/export.{form}?day={day}").headers["Content-Disposition"]
        assert "only" not in client.get(f"/list/export.{form}").headers["Content-Disposition"]
    is_whole = [json.loads(event.detail)["is_whole"] for event in AuditEvent.objects.filter(kind="exported").order_by("number")]
    assert is_whole == [False, True, False, True]
