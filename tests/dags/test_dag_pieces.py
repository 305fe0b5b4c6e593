"""The shared modules of the DAGs; these tests do not need Airflow."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow_deployment import ROOT
from steelyard_dags.as_of import NoDayError, as_of_day
from steelyard_dags.command import FINAL, PASSING, CommandMissingError, RunningCommand, find_command, meaning_of
from steelyard_dags.links import SITE, DataDocsLink, address_in_home
from steelyard_dags.settings import SettingsError, read_settings
from steelyard_dags.webhook import failure_message, notify_webhook

from jobs.foundation.errors import SteelyardError
from tests.failures import error_classes

SHANGHAI = "Asia/Shanghai"


def run_of(**known: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"partition_key": None, "conf": {}, "run_type": "manual", "data_interval_start": None, **known})


def test_the_partition_key_is_the_day_and_overrides_the_conf() -> None:
    assert as_of_day(run_of(partition_key="2026-06-30", conf={"as_of": "2026-01-01"}), SHANGHAI) == "2026-06-30"


def test_a_manual_run_uses_the_day_of_its_conf() -> None:
    assert as_of_day(run_of(conf={"as_of": "2026-06-30"}), SHANGHAI) == "2026-06-30"


def test_a_scheduled_run_covers_the_day_of_its_interval_in_the_profiles_time_zone() -> None:
    sunday_noon_there = datetime(2026, 6, 28, 4, tzinfo=UTC)
    late_saturday_here = datetime(2026, 6, 27, 20, tzinfo=UTC)  # 04:00 on Sunday there
    for start in (sunday_noon_there, late_saturday_here):
        assert as_of_day(run_of(run_type="scheduled", data_interval_start=start), SHANGHAI) == "2026-06-28"


def test_a_manual_run_never_uses_the_day_of_its_interval() -> None:
    with pytest.raises(NoDayError, match="has no day"):
        as_of_day(run_of(data_interval_start=datetime(2026, 6, 28, tzinfo=UTC)), SHANGHAI)


@pytest.mark.parametrize("named", ["2026-6-30", "20260630", "2026-06-31", "yesterday", "", 20260630, "2026-06-30T00:00:00"])
def test_a_day_must_be_an_iso_date(named: object) -> None:
    with pytest.raises(NoDayError):
        as_of_day(run_of(conf={"as_of": named}), SHANGHAI)


def test_the_link_to_data_docs_is_the_days_page_on_the_server_or_on_the_worker(tmp_path: Path) -> None:
    day = tmp_path / SITE / "days" / "2026-06-30.html"
    day.parent.mkdir(parents=True)
    day.touch()
    served = {"STEELYARD_HOME_URL": "https://checks.example/home/"}
    page, index = DataDocsLink.file.format(day="2026-06-30"), DataDocsLink.instead
    assert address_in_home(tmp_path, page, index, served) == f"https://checks.example/home/{SITE}/days/2026-06-30.html"
    assert address_in_home(tmp_path, page, index, {}) == day.resolve().as_uri()
    later = DataDocsLink.file.format(day="2026-07-01")
    assert address_in_home(tmp_path, later, index, {}).endswith("/index.html"), "nothing was checked on that day"


def test_the_command_comes_from_the_environment_the_interpreters_folder_or_path(tmp_path: Path) -> None:
    beside, on_path = tmp_path / "bin" / "steelyard", tmp_path / "other" / "steelyard"
    for path in (beside, on_path):
        path.parent.mkdir()
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    interpreter, path = str(beside.with_name("python")), str(on_path.parent)
    assert find_command({"STEELYARD_COMMAND": "python -m 'jobs.cli'", "PATH": path}, interpreter) == ["python", "-m", "jobs.cli"]
    assert find_command({"PATH": path}, interpreter) == [str(beside)]
    beside.unlink()
    assert find_command({"PATH": path}, interpreter) == [str(on_path)]
    on_path.unlink()
    with pytest.raises(CommandMissingError, match="STEELYARD_COMMAND"):
        find_command({"PATH": path}, interpreter)


def test_output_is_logged_and_the_exit_code_returned() -> None:
    lines: list[str] = []
    script = "import sys; print('读取'); print('then', file=sys.stderr); sys.exit(5)"
    assert RunningCommand([sys.executable, "-X", "utf8", "-c", script]).follow(lines.append) == (5, "读取\nthen")
    assert lines == ["读取", "then"]


def test_a_command_and_its_children_end_with_the_task(tmp_path: Path) -> None:
    def interrupt(_line: str) -> None:
        raise KeyboardInterrupt

    alive = tmp_path / "alive"
    script = f"(while true; do date +%s%N > {alive}; sleep 0.05; done) & echo started; wait"
    with pytest.raises(KeyboardInterrupt):
        RunningCommand(["/bin/sh", "-c", script]).follow(interrupt)
    time.sleep(0.2)
    last = alive.read_text() if alive.exists() else ""
    time.sleep(0.3)
    assert (alive.read_text() if alive.exists() else "") == last


def test_exit_codes_have_a_meaning() -> None:
    assert meaning_of(6) == "another run is writing the lake"
    assert meaning_of(7) == "the replay differs from the published list"
    assert meaning_of(69) == "the engine does not answer"
    assert meaning_of(137) == "it crashed"


def test_every_error_class_has_a_known_exit_code() -> None:
    explained = {kind.exit_code for kind in error_classes()} - {SteelyardError.exit_code}
    assert len(explained) == len(error_classes()) - 1, "two classes have the same exit code"
    assert {code for code in explained if meaning_of(code) == "it crashed"} == set()


def test_the_page_says_which_exit_codes_are_retried() -> None:
    page = (ROOT / "docs" / "how-to" / "run-by-airflow.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\d, ]+) \| (failed at once|tried again) \|", page, re.MULTILINE)
    outcomes = {int(code): outcome for codes, outcome in rows for code in codes.split(",")}
    assert outcomes == dict.fromkeys(FINAL, "failed at once") | dict.fromkeys(PASSING, "tried again")


def test_the_page_backfills_every_dag_that_the_list_waits_for(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "run-by-airflow.md").read_text(encoding="utf-8")
    (words,) = re.findall(r"for source in (.+); do\n    airflow backfill", page)
    named = subprocess.check_output(["bash", "-c", f"PROFILE=cn; echo {words}"], cwd=ROOT, text=True)
    settings = read_settings({"STEELYARD_HOME": str(tmp_path), "STEELYARD_SOURCES": str(tmp_path)})
    assert sorted(named.split()) == [source.name for source in settings.sources]


def failed_task() -> dict[str, Any]:
    task = SimpleNamespace(dag_id="ingest_x", task_id="gate", run_id="r", try_number=3, log_url="http://airflow/log")
    error = "the counts do not add up\n" + "e" * 5000
    run = run_of(run_type="scheduled", data_interval_start=datetime(2026, 6, 29, 20, tzinfo=UTC))
    return {"ti": task, "task": SimpleNamespace(time_zone=SHANGHAI), "dag_run": run, "exception": ValueError(error)}


def test_a_failure_message_has_task_day_and_a_short_error() -> None:
    message = failure_message(failed_task())  # type: ignore[arg-type]
    assert message["text"] == "Steelyard: ingest_x.gate failed for 2026-06-30: the counts do not add up"
    assert message["as_of"] == "2026-06-30"
    assert message["log_url"] == "http://airflow/log"
    assert len(message["error"]) == 2000


def test_a_failure_message_of_a_run_without_a_day_says_so() -> None:
    message = failure_message({**failed_task(), "dag_run": run_of(conf={"as_of": "soon"})})  # type: ignore[typeddict-item]
    assert message["text"].startswith("Steelyard: ingest_x.gate failed for a run without a day")
    assert message["as_of"] is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/closed", "file:///etc/passwd", "nonsense"])
def test_a_broken_webhook_raises_nothing_and_its_address_is_not_logged(
    url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STEELYARD_WEBHOOK_URL", url)
    notify_webhook(failed_task())  # type: ignore[arg-type]
    assert "could not be notified" in caplog.text
    assert url not in caplog.text


def a_profile(folder: Path, text: str = 'time_zone = "Asia/Shanghai"') -> dict[str, str]:
    (folder / "cn" / "sources").mkdir(parents=True)
    (folder / "cn" / "profile.toml").write_text(text, encoding="utf-8")
    (folder / "cn" / "sources" / "complaint.toml").write_text('contract = "complaint"\nowner = "12315"', encoding="utf-8")
    return {"STEELYARD_CONFIG": str(folder), "STEELYARD_HOME": "/h", "STEELYARD_SOURCES": "/s"}


def test_all_settings_but_two_folders_have_defaults(tmp_path: Path) -> None:
    settings = read_settings(a_profile(tmp_path))
    assert (settings.profile, settings.time_zone, settings.cron, settings.retries) == ("cn", "Asia/Shanghai", "0 0 * * *", 2)
    assert [(source.name, source.owner, source.trouble) for source in settings.sources] == [
        ("complaint", "12315", ""),
        ("console_results", "inspection department", ""),
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"STEELYARD_HOME": ""}, "STEELYARD_HOME is not set"),
        ({"STEELYARD_SOURCES": ""}, "STEELYARD_SOURCES is not set"),
        ({"STEELYARD_PROFILE": "nowhere"}, "set STEELYARD_CONFIG and STEELYARD_PROFILE"),
        ({"STEELYARD_RETRIES": "two"}, "STEELYARD_RETRIES is 'two'"),
        ({"STEELYARD_LIST_DEADLINE": "eight"}, "STEELYARD_LIST_DEADLINE is 'eight'"),
        ({"STEELYARD_LIST_DEADLINE": "08:00+08:00"}, r"set it to a time of day, or unset it for 08:00"),
    ],
)
def test_an_invalid_setting_is_named(tmp_path: Path, change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_settings({**a_profile(tmp_path), **change})


@pytest.mark.parametrize(("text", "message"), [("time_zone = ", "not valid TOML"), ('name = "cn"', "has no time_zone")])
def test_an_invalid_profile_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        read_settings(a_profile(tmp_path, text))


def test_a_source_with_an_unreadable_mapping_is_kept(tmp_path: Path) -> None:
    environment = a_profile(tmp_path)
    (tmp_path / "cn" / "sources" / "penalty.toml").mkdir()
    complaint, _, penalty = read_settings(environment).sources
    assert (complaint.trouble, penalty.name) == ("", "penalty")
    assert penalty.trouble.startswith("penalty.toml cannot be read: ")


def test_a_profile_without_sources_is_an_error(tmp_path: Path) -> None:
    environment = a_profile(tmp_path)
    (tmp_path / "cn" / "sources" / "complaint.toml").unlink()
    with pytest.raises(SettingsError, match="no source mapping"):
        read_settings(environment)
