"""Days in their order, and the report of what is overdue."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from airflow.sdk.exceptions import AirflowFailException
from airflow_deployment import make_deployment
from steelyard_dags.in_order import InOrder
from steelyard_dags.settings import Settings, read_settings
from steelyard_dags.task import SettleTask, SteelyardTask, late_deliveries
from steelyard_dags.watch import SEEN, ListWatch, OverdueError, days_first_seen, newest_due, overdue

SHANGHAI = "Asia/Shanghai"
SETTLED = ("complaint", "registration")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home that settled its sources for 30 June and has a list for the 29th. Its cut-off is six, its deadline eight o'clock."""
    made = make_deployment(tmp_path)
    for source in SETTLED:
        settle(made.home, source, "2026-06-30")
    make_list(made.home, "2026-06-29")
    return read_settings(made.environment)


def settle(home: Path, source: str, day: str, *deliveries: str) -> Path:
    path = home / "manifests" / "sources" / source / f"{day}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    batches = ", ".join(f'{{"delivered_on": "{delivered_on}"}}' for delivered_on in deliveries)
    path.write_text(f'{{"batches": [{batches}]}}', encoding="utf-8")
    return path


def make_list(home: Path, day: str) -> None:
    path = home / "manifests" / "runs" / f"{day}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}", encoding="utf-8")


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def overdue_at(settings: Settings, now: datetime, since: str = "2026-06-01T12:00") -> list[str]:
    """What is overdue at ``now`` if the watch first saw all DAGs at ``since``."""
    return overdue(settings, days_first_seen(settings, {}, local(since)), now)


def test_a_day_is_due_at_a_time_of_the_next_day_in_the_profiles_time_zone() -> None:
    assert newest_due(time(6), SHANGHAI, local("2026-07-01T05:59")) == date(2026, 6, 29)
    assert newest_due(time(6), SHANGHAI, local("2026-07-01T06:00")) == date(2026, 6, 30)


def test_a_list_is_overdue_from_its_deadline_until_it_is_there(settings: Settings) -> None:
    assert overdue_at(settings, local("2026-07-01T07:59")) == []
    assert overdue_at(settings, local("2026-07-01T08:00")) == [
        "there is no list for 2026-06-30 after its deadline: look at the DAG daily_risk"
    ]
    make_list(settings.home, "2026-06-30")
    assert overdue_at(settings, local("2026-07-01T08:00")) == []


def test_a_source_is_overdue_half_an_hour_after_its_cut_off(settings: Settings) -> None:
    for source in SETTLED:
        (settings.home / "manifests" / "sources" / source / "2026-06-30.json").rename(
            settings.home / "manifests" / "sources" / source / "2026-06-29.json"
        )
    assert overdue_at(settings, local("2026-07-01T06:29")) == []
    assert overdue_at(settings, local("2026-07-01T06:30")) == [
        f"{source} is not settled for 2026-06-30 after its cut-off: look at the DAG ingest_{source}" for source in SETTLED
    ]


def test_no_day_before_the_first_look_is_overdue_though_older_days_are_backfilled(settings: Settings) -> None:
    first_look = "2026-07-05T12:00"
    for now in (first_look, "2026-07-06T00:05", "2026-07-06T06:29"):
        assert overdue_at(settings, local(now), first_look) == [], "nobody scheduled the days from 1 to 4 July"
    assert [each.partition(" after")[0] for each in overdue_at(settings, local("2026-07-06T08:00"), first_look)] == [
        "there is no list for 2026-07-05",
        *(f"{source} is not settled for 2026-07-05" for source in SETTLED),
    ]


def test_a_source_added_to_a_running_home_is_expected_from_the_day_on_which_it_was_added(tmp_path: Path) -> None:
    made = make_deployment(tmp_path)
    mapping = made.folder / "config" / "town" / "sources" / "complaint.toml"
    text = mapping.read_text(encoding="utf-8")
    mapping.unlink()
    before = days_first_seen(read_settings(made.environment), {}, local("2026-06-01T12:00"))
    mapping.write_text(text, encoding="utf-8")
    for day in ("2026-06-29", "2026-06-30"):
        settle(made.home, "registration", day)
        make_list(made.home, day)
    settings = read_settings(made.environment)
    days = days_first_seen(settings, before, local("2026-06-30T12:00"))
    assert overdue(settings, days, local("2026-06-30T12:00")) == [], "the source was not there on 29 June"
    assert overdue(settings, days, local("2026-07-01T06:30")) == [
        "complaint is not settled for 2026-06-30 after its cut-off: look at the DAG ingest_complaint"
    ]


def test_a_source_that_stays_unsettled_is_overdue_each_day(settings: Settings) -> None:
    for day in ("2026-07-02", "2026-07-03", "2026-07-04"):
        assert len(overdue_at(settings, local(f"{day}T06:30"))) == 1 + len(SETTLED)


class Task(SimpleNamespace):
    """A task instance that keeps the XComs of earlier runs."""

    def xcom_pull(self, *, key: str, **_where: Any) -> Any:
        return self.stored.get(key)

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.stored[key] = value


def test_a_watch_stays_red_and_posts_what_is_overdue_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[dict[str, Any]] = []
    monkeypatch.setattr("steelyard_dags.watch.post", lambda message: posted.append(message()))
    task, stored = (
        ListWatch(settings=settings),
        Task(
            stored={SEEN: {"first_days": days_first_seen(settings, {}, local("2026-06-01T12:00"))}},
            dag_id="list_watch",
            task_id="watch",
            run_id="a",
            try_number=1,
        ),
    )

    def run() -> AirflowFailException:
        context = cast("Any", {"ti": stored, "task": task, "dag_run": SimpleNamespace(partition_key="2026-07-01", conf={})})
        with pytest.raises(AirflowFailException) as failed:
            task.execute(context)
        for notify in task.on_failure_callback:
            notify({**context, "exception": failed.value})
        return failed.value

    assert not isinstance(run(), OverdueError)
    assert isinstance(run(), OverdueError)
    (message,) = posted
    assert "complaint is not settled" in message["error"]
    assert message["text"].startswith("Steelyard: overdue: there is no list for ")
    assert (len(message["text"]), message["text"][-1]) == (300, "…") or message["text"].endswith("ingest_registration")
    assert message["as_of"] is None, "the day of the watch's run is no day of a list"


def is_refused(home: Path, day: str, run_type: str) -> bool:
    try:
        in_order(home, day, run_type)
    except AirflowFailException:
        return True
    return False


def in_order(home: Path, day: str, run_type: str) -> None:
    run = SimpleNamespace(partition_key=day, conf={}, run_type=run_type)
    InOrder(home=home, time_zone=SHANGHAI).execute(cast("Any", {"dag_run": run}))


def test_a_day_older_than_the_newest_list_is_refused_with_the_command_that_makes_it(settings: Settings) -> None:
    with pytest.raises(
        AirflowFailException, match=r"2026-06-28 has no list, but 2026-06-29 has one.* --conf '\{\"as_of\": \"2026-06-28\"\}'"
    ):
        in_order(settings.home, "2026-06-28", "asset_triggered")


@pytest.mark.parametrize(
    ("day", "run_type"), [("2026-06-30", "asset_triggered"), ("2026-06-29", "asset_triggered"), ("2026-06-28", "manual")]
)
def test_a_newer_day_a_day_with_a_list_and_a_run_by_hand_are_made(settings: Settings, day: str, run_type: str) -> None:
    assert not is_refused(settings.home, day, run_type)


def test_the_first_day_of_a_home_is_made(tmp_path: Path) -> None:
    assert not is_refused(tmp_path, "2026-06-28", "asset_triggered")


def test_a_delivery_is_late_when_its_day_was_settled_without_it(tmp_path: Path) -> None:
    first = settle(tmp_path, "tax", "2026-06-28", "2026-06-27")
    assert late_deliveries(first, {"batches": [{"delivered_on": "2026-06-27"}]}) == [], "no day was settled before"
    days = ("2026-06-27", "2026-06-28", "2026-06-29")
    second = settle(tmp_path, "tax", "2026-06-29", *days)
    assert late_deliveries(second, {"batches": [{"delivered_on": day} for day in days]}) == ["2026-06-28"]


@pytest.mark.parametrize(
    "damaged", [b"", b'{"batches": [{"deliv', b"\xff\xfe", b"[]", b'{"verdict": "passed"}', b'{"batches": [{}]}']
)
def test_a_damaged_manifest_of_the_day_before_is_a_warning_with_the_next_step(
    tmp_path: Path, damaged: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    before = settle(tmp_path, "tax", "2026-06-28")
    before.write_bytes(damaged)
    assert late_deliveries(before.with_name("2026-06-29.json"), {"batches": [{"delivered_on": "2026-06-28"}]}) == []
    assert f"{before} is damaged" in caplog.text
    assert "restore it from a backup" in caplog.text


def test_a_late_message_names_the_day_of_the_delivery_and_the_day_whose_list_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted: list[dict[str, Any]] = []
    monkeypatch.setattr(SteelyardTask, "execute", lambda *_: None)
    monkeypatch.setattr("steelyard_dags.task.post", lambda message: posted.append(message()))
    settle(tmp_path, "tax", "2026-06-28", "2026-06-27")
    settle(tmp_path, "tax", "2026-06-29", "2026-06-27", "2026-06-28", "2026-06-29")
    task = SettleTask(source="tax", home=tmp_path, options=[], time_zone=SHANGHAI)
    stored = Task(stored={}, dag_id="ingest_tax", task_id="settle", run_id="a", try_number=1)
    task.execute(cast("Any", {"ti": stored, "dag_run": SimpleNamespace(partition_key="2026-06-29", conf={})}))
    (message,) = posted
    assert (message["as_of"], message["verdict"]) == ("2026-06-29", "late")
    assert message["text"].startswith(
        "Steelyard: tax is late for 2026-06-28: the delivery of 2026-06-28 came after that day was settled; "
        "the list of 2026-06-29 uses it; "
    )
