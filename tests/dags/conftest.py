"""Fixtures of the tests of the DAGs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from airflow_deployment import DAGS, make_deployment

if str(DAGS) not in sys.path:  # as Airflow does with the folder of a bundle
    sys.path.append(str(DAGS))


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Airflow database with our pool. Making one takes several seconds, so it is made once and copied."""
    made = make_deployment(tmp_path_factory.mktemp("database"))
    made.airflow("db", "migrate")
    made.airflow("pools", "set", "lake_writes", "1", "one writer of the lake at a time")
    return made.folder / "airflow" / "airflow.db"
