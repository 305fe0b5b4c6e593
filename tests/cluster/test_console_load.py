"""A small run of the console's benchmark on PostgreSQL; tests/benchmarks/test_console.py does the same with files."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness.postgresql_server import find_programs
from tests.benchmarks.crowd import assert_people_work_while_a_day_is_published

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


@pytest.mark.skipif(find_programs() is None, reason="there is no PostgreSQL server here")
def test_users_work_while_a_day_is_published_and_no_list_mixes_days(tmp_path: Path) -> None:
    assert_people_work_while_a_day_is_published("postgresql", tmp_path)
