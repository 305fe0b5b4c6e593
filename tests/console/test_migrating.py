"""Two processes that migrate at the same time: one does it, and the other has nothing to do."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from console.core.environment import FOLDER_VARIABLE, Folder
from console.publishing.open_site import migrate
from tests.conftest import ROOT

MIGRATES = """
import django
django.setup()
from django.db.migrations.executor import MigrationExecutor
from console.publishing.open_site import migrate
done, apply = [], MigrationExecutor.apply_migration
def noted(self, state, migration, *args, **kwargs):
    done.append(migration.name)
    return apply(self, state, migration, *args, **kwargs)
MigrationExecutor.apply_migration = noted
print("begins", flush=True)
migrate()
print(len(done), flush=True)
"""
TWO = 2


@contextmanager
def processes_that_migrate(number: int, **settings: str) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are about to migrate and will print the number of their steps."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "STEELYARD_CONSOLE_HTTPS": "off", **settings}
    command = [sys.executable, "-c", MIGRATES]
    begun = [subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    try:
        for process in begun:
            assert process.stdout is not None
            assert process.stdout.readline() == "begins\n"
        yield begun
    finally:
        for process in begun:
            process.kill()
            process.wait()


def steps_of(processes: list[subprocess.Popen[str]]) -> list[int]:
    """The number of steps of each process, ascending; all exit with 0."""
    steps = sorted(int(process.communicate()[0]) for process in processes)
    assert [process.returncode for process in processes] == [0] * len(processes)
    return steps


def test_the_second_of_two_migrating_processes_waits_and_has_nothing_to_do(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "console")
    folder.make()
    with (folder.path / "publishing.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with processes_that_migrate(TWO, **{FOLDER_VARIABLE: str(folder.path)}) as both:
            fcntl.flock(lock, fcntl.LOCK_UN)
            second, first = steps_of(both)

    assert (second, first > 0) == (0, True)


@pytest.mark.usefixtures("site")
def test_without_pending_migrations_no_process_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr("console.publishing.publish_lock.publish_lock", lambda *, waits: asked.append(waits) or nullcontext())

    migrate()

    assert asked == []
