"""A finished day of the town, and a copy of it for each test that changes something."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.day.made_towns import town_after
from tests.day.town import TODAY, Town, public_tie_key


@pytest.fixture(scope="session", autouse=True)
def _public_tie_key() -> Iterator[None]:
    with public_tie_key():
        yield


@pytest.fixture(scope="session")
def day_done(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with today run; for copying, not for changing."""
    return town_after(TODAY, session=spark, tmp_path_factory=tmp_path_factory)


@pytest.fixture
def town(day_done: Town, tmp_path: Path) -> Town:
    """The town with today run."""
    return day_done.copy(tmp_path)
