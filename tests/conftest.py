"""Fixtures that several tests share: one engine session for the whole run, and where the real data is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.runtime.engine import open_session

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def spark() -> SparkSession:
    """One session for all tests, on the engine that STEELYARD_ENGINE names (Sail by default)."""
    return open_session()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data; a test that needs it is skipped where it is absent, but never on CI."""
    folder = Path(os.environ.get("STEELYARD_REAL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        message = f"no real data at {folder}: set STEELYARD_REAL_DATA to its folder"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return folder
