"""A finished day of the town, and a copy of it for each test that changes something."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.target_list import TIE_KEY_VARIABLE
from tests.day.town import SOURCES, Town


@pytest.fixture(scope="session", autouse=True)
def _public_tie_key() -> Iterator[None]:
    """The town's list is made without a key of this machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(TIE_KEY_VARIABLE, raising=False)
        yield


@pytest.fixture(scope="session")
def day_done(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with today run; for copying, not for changing."""
    folder = tmp_path_factory.mktemp("done")
    shutil.copytree(SOURCES, folder / "sources")
    made = Town(folder / "home", folder / "sources", spark)
    made.run()
    return made


@pytest.fixture
def town(day_done: Town, tmp_path: Path) -> Town:
    """The town with today run."""
    return day_done.copy(tmp_path)
