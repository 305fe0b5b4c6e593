"""The town before anything was run, after yesterday was, and after today was."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.target_list import TIE_KEY_VARIABLE
from tests.day.town import SOURCES, TODAY, YESTERDAY, Town


@pytest.fixture(scope="session", autouse=True)
def _public_tie_key() -> Iterator[None]:
    """Equal objectives are ordered as in the list written down, whatever this machine's own key is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(TIE_KEY_VARIABLE, raising=False)
        yield


@pytest.fixture
def town(tmp_path: Path, spark: SparkSession) -> Town:
    """The town with an empty home and deliveries of its own."""
    shutil.copytree(SOURCES, tmp_path / "sources")
    return Town(tmp_path / "home", tmp_path / "sources", spark)


@pytest.fixture(scope="session")
def yesterday(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with yesterday run; for copying, not for changing."""
    return _ran(tmp_path_factory.mktemp("yesterday"), spark, YESTERDAY)


@pytest.fixture(scope="session")
def golden(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town with today run and no day before; for copying, not for changing."""
    return _ran(tmp_path_factory.mktemp("golden"), spark, TODAY)


def _ran(folder: Path, spark: SparkSession, as_of: date) -> Town:
    shutil.copytree(SOURCES, folder / "sources")
    made = Town(folder / "home", folder / "sources", spark)
    made.run(as_of)
    return made
