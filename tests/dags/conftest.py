"""Fixtures for tests of the DAGs."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow_deployment import make_deployment

from tests.made_once import made_once


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Airflow database with the pool. Creating it takes seconds, so it is created once and copied."""
    return made_once("airflow_database", _make_database, tmp_path_factory) / "airflow" / "airflow.db"


def _make_database(folder: Path) -> None:
    made = make_deployment(folder)
    made.airflow("db", "migrate")
    made.airflow("pools", "set", "lake_writes", "1", "one writer of the lake at a time")
