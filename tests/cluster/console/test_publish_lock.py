"""One at a time publishes into a PostgreSQL database, whichever machine it does so from."""

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
from console.core.finished_run import finished_run
from console.publishing import publish as publishing
from console.publishing.publish import Published, publish
from console.publishing.publish_lock import KEYS, NOTICES_LOSS, publish_lock
from jobs.foundation.errors import Busy
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
"""How long a server may take to see that a connection is gone."""


@contextmanager
def another_machine(database: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that publishes into the database and has nothing else in common with this one."""
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
    """What it gives as soon as nobody else publishes."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            return does()
        except Busy:
            assert time.monotonic() < end, "the lock was not let go of"
            time.sleep(0.05)


def is_free() -> bool:
    """Whether somebody else could publish: another thread has connections of its own."""

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
    """Have the server end the session that holds one of the locks, and wait until it is gone."""
    held = f"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = {KEYS[alias]}"
    say(database, f"SELECT pg_terminate_backend(({held}), {SECONDS * 1000})")


def test_of_two_machines_that_publish_at_once_one_is_told_to_wait(
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
def test_the_lock_is_let_go_of_when_the_block_ends_and_when_it_fails() -> None:
    with publish_lock():
        assert not is_free()
    assert is_free()

    with pytest.raises(OSError, match="stopped"), publish_lock():
        raise OSError("the machine stopped")
    assert is_free()


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("lost", KEYS)
def test_while_either_connection_of_who_publishes_is_there_nobody_else_begins(lost: str, database: str) -> None:
    (left,) = KEYS.keys() - {lost}

    with publish_lock():
        end_session(database, lost)
        assert not is_free()
        end_session(database, left)
        assert is_free()


@pytest.mark.parametrize("lost", KEYS)
def test_whoever_loses_a_connection_shows_nothing(
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
def test_a_machine_that_is_gone_is_noticed_in_minutes(database: str) -> None:
    with publish_lock():
        for alias in KEYS:
            for name, value in NOTICES_LOSS.items():
                with connections[alias].cursor() as cursor:
                    cursor.execute(f"SHOW {name}")
                    assert cursor.fetchone() == (value,), (alias, name)
    with psycopg.connect(database) as other:
        assert other.execute("SHOW tcp_keepalives_idle").fetchone() != ("60",)
