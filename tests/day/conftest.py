"""The town before anything was run, after yesterday was, and after today was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from tests.day.made_towns import town_after
from tests.day.town import TODAY, YESTERDAY, Town, found_town, public_tie_key


@pytest.fixture(scope="session", autouse=True)
def _public_tie_key() -> Iterator[None]:
    with public_tie_key():
        yield


@pytest.fixture
def town(tmp_path: Path, spark: SparkSession) -> Town:
    """The town with an empty home and deliveries of its own."""
    return found_town(tmp_path, spark)


@pytest.fixture(scope="session")
def yesterday(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with yesterday run; for copying, not for changing."""
    return town_after(YESTERDAY, session=spark, tmp_path_factory=tmp_path_factory)


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with today run and no day before; for copying, not for changing."""
    return town_after(TODAY, session=spark, tmp_path_factory=tmp_path_factory)
