"""A town whose home holds two finished days, made once for the tests that need what a real run leaves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.target_list import TIE_KEY_VARIABLE
from tests.day.town import SOURCES, TODAY, YESTERDAY, Town


@pytest.fixture(scope="session")
def two_days(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with yesterday and today run; for copying, not for changing."""
    folder = tmp_path_factory.mktemp("two_days")
    shutil.copytree(SOURCES, folder / "sources")
    town = Town(folder / "home", folder / "sources", spark)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(TIE_KEY_VARIABLE, raising=False)
        town.run(YESTERDAY)
        town.run(TODAY)
    return town


@pytest.fixture
def town(two_days: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """A copy of the town that a test may change."""
    monkeypatch.delenv(TIE_KEY_VARIABLE, raising=False)
    return two_days.copy(tmp_path)
