"""A town whose home holds two finished days, made once for the tests that need what a real run leaves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.day.made_towns import town_after
from tests.day.town import TODAY, YESTERDAY, Town, public_tie_key


@pytest.fixture(scope="session", autouse=True)
def _public_tie_key() -> Iterator[None]:
    with public_tie_key():
        yield


@pytest.fixture(scope="session")
def two_days(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with yesterday and today run; for copying, not for changing."""
    return town_after(YESTERDAY, TODAY, session=spark, tmp_path_factory=tmp_path_factory)


@pytest.fixture
def town(two_days: Town, tmp_path: Path) -> Town:
    """A copy of the town that a test may change."""
    return two_days.copy(tmp_path)
