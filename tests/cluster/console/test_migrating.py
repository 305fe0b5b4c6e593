"""Two machines that migrate one PostgreSQL database at once: one migrates, the other finds nothing to do."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from console.core.environment import FOLDER_VARIABLE
from console.publishing.publish_lock import KEYS
from tests.cluster.console.conftest import say, within
from tests.console.test_migrating import TWO, processes_that_migrate, steps_of

pytestmark = pytest.mark.cluster
NAME = "migrated_by_two"


def test_a_second_machine_waits_for_a_migration_and_finds_nothing_to_do(postgresql: str, tmp_path: Path) -> None:
    say(postgresql, f"CREATE DATABASE {NAME}")
    address = within(postgresql, NAME)
    settings = {"STEELYARD_CONSOLE_DATABASE": address, FOLDER_VARIABLE: str(tmp_path / "console")}
    with psycopg.connect(address) as holder:
        holder.execute("SELECT pg_advisory_lock(%s)", [KEYS["evidence"]])
        with processes_that_migrate(TWO, **settings) as both:
            holder.close()
            second, first = steps_of(both)

    assert (second, first > 0) == (0, True)
