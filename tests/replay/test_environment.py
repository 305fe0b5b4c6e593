"""The packages of a run are stored once for all runs that share them."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from jobs.engine.lake import Lake
from jobs.engine.session import ENGINE_VARIABLE
from jobs.foundation import environment


def test_the_environment_has_the_packages_that_a_day_needs_and_no_others() -> None:
    found = environment.installed()
    needed = {
        "machine",
        "python",
        "pysail",
        "pyspark",
        "deltalake",
        "lightgbm",
        "scikit-learn",
        "scipy",
        "numpy",
        "pandas",
        "pyarrow",
    }
    assert needed <= found.keys()
    assert found["lightgbm"] == version("lightgbm")
    assert not {"steelyard", "apache-airflow", "pytest", "mypy"} & found.keys()


def test_a_remote_engine_is_named_with_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Session:
        version = "4.2.0"

    monkeypatch.setenv(ENGINE_VARIABLE, "sc://127.0.0.1:9")
    assert Lake(tmp_path, Session()).engine == "connect 4.2.0"
    monkeypatch.setenv(ENGINE_VARIABLE, "local[2]")
    assert Lake(tmp_path, Session()).engine == "spark 4.2.0"
    monkeypatch.delenv(ENGINE_VARIABLE)
    assert Lake(tmp_path).engine == "sail"


def test_each_set_of_packages_is_stored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "installed", lambda: {"numpy": "1"})
    first = environment.keep_environment(tmp_path)
    assert environment.keep_environment(tmp_path) == first
    monkeypatch.setattr(environment, "installed", lambda: {"numpy": "2"})
    second = environment.keep_environment(tmp_path)
    assert first != second
    assert environment.read_environment(tmp_path, first) == {"numpy": "1"}
    assert environment.read_environment(tmp_path, second) == {"numpy": "2"}
    assert environment.read_environment(tmp_path, None) is None
