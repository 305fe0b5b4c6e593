"""Only one process publishes to a PostgreSQL database at a time, across machines."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connections

from console.apps.ranking.runs import current_run
from console.publishing import publish as publishing
from console.publishing.publish import Published, publish
from console.publishing.publish_lock import KEYS, NOTICES_LOSS, publish_lock
from jobs.foundation.errors import Busy
from jobs.lake.finished_run import finished_run
from tests.cluster.console.conftest import say
from tests.conftest import ROOT, FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import Site

pytestmark = pytest.mark.cluster
HOLDS = """
import django, sys
django.setup()
from console.publishing.publish_lock import publish_lock
with publish_lock():
    print("held", flush=True)
    sys.stdin.read()
"""
SECONDS = 20
"""Seconds that a server may need to notice a lost connection."""


@contextmanager
def another_machine(database: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that publishes to the database and shares nothing else with this one."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "STEELYARD_CONSOLE_HTTPS": "off"}
    environment |= {"STEELYARD_CONSOLE_DATABASE": database, "STEELYARD_CONSOLE_FOLDER": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def once_free(does: Callable[[], Published]) -> Published:
    """Call ``does`` again until no other process publishes."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return does()
        except Busy:
            assert time.monotonic() < end, "the lock was not released"
            time.sleep(0.05)


def is_free() -> bool:
    """Whether another thread, with its own connections, can publish."""

    def tries() -> bool:
        try:
            with publish_lock():
                return True
        except Busy:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(tries).result()


def end_session(database: str, alias: str) -> None:
    """End the session that holds one of the locks, and wait until it is gone."""
    held = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {KEYS[alias]}"
    say(database, f"SELECT pg_terminate_backend(({held}), {SECONDS * 1000})")


def test_a_second_machine_cannot_publish_at_the_same_time(
    site: Site, finished_day: FinishedDay, database: str, tmp_path: Path
) -> None:
    run = finished_run(finished_day.home, finished_day.as_of)

    with another_machine(database, tmp_path / "elsewhere") as other:
        with pytest.raises(Busy, match=r"another process is publishing \(the PostgreSQL database copy_\d+ at 127.0.0.1\); wait"):
            publish(run)
        other.kill()
        assert not once_free(lambda: publish(run)).is_new
    assert site.run.run_id == run.run_id


@pytest.mark.usefixtures("site")
def test_the_lock_is_released_when_the_block_ends_or_fails() -> None:
    with publish_lock():
        assert not is_free()
    assert is_free()

    with pytest.raises(OSError, match="stopped"), publish_lock():
        raise OSError("the machine stopped")
    assert is_free()


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("lost", KEYS)
def test_one_of_the_two_connections_is_enough_to_hold_the_lock(lost: str, database: str) -> None:
    (left,) = KEYS.keys() - {lost}

    with publish_lock():
        end_session(database, lost)
        assert not is_free()
        end_session(database, left)
        assert is_free()


@pytest.mark.parametrize("lost", KEYS)
def test_a_lost_connection_publishes_nothing(
    site: Site, finished_day: FinishedDay, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of)
    shown, reasons = site.run, publishing._reasons

    def lose(*asked: Any) -> Any:
        end_session(database, lost)
        return reasons(*asked)

    monkeypatch.setattr(publishing, "_reasons", lose)
    with pytest.raises((OperationalError, psycopg.OperationalError), match=r"terminat|closed"):
        publish(run)
    monkeypatch.undo()
    connections.close_all()

    assert current_run() == shown
    assert publish(run).is_new


@pytest.mark.usefixtures("site")
def test_a_lost_machine_is_noticed_in_minutes(database: str) -> None:
    with publish_lock():
        for alias in KEYS:
            for name, value in NOTICES_LOSS.items():
                with connections[alias].cursor() as cursor:
                    cursor.execute(f"SHOW {name}")
                    assert cursor.fetchone() == (value,), (alias, name)
    with psycopg.connect(database) as other:
        assert other.execute("SHOW tcp_keepalives_idle").fetchone() != ("60",)
