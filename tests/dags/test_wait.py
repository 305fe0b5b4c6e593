"""The wait for a day's delivery: it ends when the delivery is there, when none is due, or at the cut-off."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from airflow_deployment import make_deployment
from steelyard_dags.settings import Source, read_settings
from steelyard_dags.wait import PAUSE, WaitForDelivery, end_of_wait, is_due, is_there

from jobs.profile.mapping_schema import MappingSettings

SHANGHAI = "Asia/Shanghai"
FILES = "tax/{delivered_on}/*.csv"
DAY = date(2026, 6, 30)  # long ago


def read_tax(folder: Path, *settings: str) -> Source:
    """The source of a mapping with these settings, as DAGs read it."""
    deployment = make_deployment(folder)
    mapping = folder / "config" / "town" / "sources" / "tax.toml"
    mapping.write_text("\n".join(('contract = "tax_filing"', *settings)), encoding="utf-8")
    return next(source for source in read_settings(deployment.environment).sources if source.name == "tax")


def deliver(sources: Path, day: date, changed: datetime) -> None:
    path = sources / "tax" / day.isoformat() / "a.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a\n")
    os.utime(path, (changed.timestamp(), changed.timestamp()))


def task_of(tmp_path: Path) -> WaitForDelivery:
    source = Source("tax", owner="o", contract="tax_filing", files=FILES, cut_off=time(2, 30))
    return WaitForDelivery(source=source, sources_folder=tmp_path / "sources", time_zone=SHANGHAI)


def context_of(day: date, **conf: str) -> Any:
    return cast("Any", {"dag_run": SimpleNamespace(partition_key=day.isoformat(), conf=conf, run_type="scheduled")})


def test_a_mapping_says_its_cut_off_and_without_one_it_is_six_in_the_morning(tmp_path: Path) -> None:
    said = read_tax(tmp_path / "said", f'files = "{FILES}"', 'cut_off = "02:30"', "every_days = 31")
    assert (said.cut_off, said.every_days, said.files) == (time(2, 30), 31, FILES)
    assert said.is_waited_for
    unsaid = read_tax(tmp_path / "unsaid", f'files = "{FILES}"').cut_off
    assert unsaid == time(6) == time.fromisoformat(MappingSettings.__dataclass_fields__["cut_off"].default)


@pytest.mark.parametrize(
    "settings",
    [
        ['files = "history.csv"'],
        [f'files = "/{FILES}"'],
        ['format = "postgresql"'],
        [f'files = "{FILES}"', "cut_off = 6"],
        [f'files = "{FILES}"', 'cut_off = "06:00+08:00"'],
    ],
)
def test_a_source_whose_days_cannot_be_seen_is_not_waited_for(tmp_path: Path, settings: list[str]) -> None:
    assert not read_tax(tmp_path, *settings).is_waited_for


def test_the_cut_off_is_a_time_of_the_next_day_in_the_profiles_time_zone() -> None:
    assert end_of_wait(DAY, "02:30", SHANGHAI) == datetime(2026, 6, 30, 18, 30, tzinfo=UTC)


def test_a_delivery_is_there_when_no_file_of_it_changed_within_the_pause(tmp_path: Path) -> None:
    now = datetime(2026, 6, 30, 17, tzinfo=UTC)
    assert not is_there(tmp_path, FILES, DAY, now)
    deliver(tmp_path, DAY - timedelta(days=1), now - timedelta(hours=1))
    assert not is_there(tmp_path, FILES, DAY, now), "that is the delivery of the day before"
    deliver(tmp_path, DAY, now - PAUSE / 2)
    assert not is_there(tmp_path, FILES, DAY, now), "it may still be copied"
    assert is_there(tmp_path, FILES, DAY, now + PAUSE)


def test_a_delivery_is_due_when_none_has_come_for_the_expected_interval(tmp_path: Path) -> None:
    assert is_due(tmp_path, FILES, DAY, 31), "nothing was delivered yet"
    for days_ago in (10, 41):
        deliver(tmp_path, DAY - timedelta(days=days_ago), datetime(2026, 6, 30, tzinfo=UTC))
    assert not is_due(tmp_path, FILES, DAY, 31)
    assert is_due(tmp_path, FILES, DAY, 10)
    assert not is_due(tmp_path, FILES, DAY, 11)


def test_a_source_without_its_delivery_waits_on_airflows_trigger_until_it_is_there(tmp_path: Path) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    task, now = task_of(tmp_path), datetime.now(UTC)
    with pytest.raises(TaskDeferred) as waits:
        task.execute(context_of(tomorrow))
    trigger = waits.value.trigger
    assert isinstance(trigger, DateTimeTrigger)
    assert now + PAUSE <= trigger.moment <= datetime.now(UTC) + PAUSE
    deliver(tmp_path / "sources", tomorrow, now - 2 * PAUSE)
    getattr(task, waits.value.method_name)(context_of(tomorrow), event=trigger.moment)


def test_the_wait_of_a_day_whose_cut_off_has_passed_ends_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task_of(tmp_path).execute(context_of(DAY))
    assert "is not there at its cut-off, 2026-06-30T18:30:00+00:00" in capsys.readouterr().out


def test_a_run_may_have_a_cut_off_of_its_own(tmp_path: Path) -> None:
    task, ends = task_of(tmp_path), datetime.now(UTC) + PAUSE / 2
    with pytest.raises(TaskDeferred) as waits:
        task.execute(context_of(DAY, cut_off=ends.isoformat()))
    assert isinstance(waits.value.trigger, DateTimeTrigger)
    assert waits.value.trigger.moment == ends


@pytest.mark.parametrize("said", ["12:00", "2026-07-01T12:00", "noon"])
def test_a_cut_off_of_a_run_that_is_no_instant_is_refused_with_an_example(tmp_path: Path, said: str) -> None:
    with pytest.raises(AirflowFailException, match=re.escape(f"the run's cut_off is {said!r}; write an instant")):
        task_of(tmp_path).execute(context_of(DAY, cut_off=said))
