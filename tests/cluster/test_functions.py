"""Every engine function in use is documented, has examples, and gives the same results on every engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.documents.engine_functions import BEGIN, functions_in_use, with_functions
from tests.cluster.conftest import ROOT, Run
from tests.cluster.function_examples import DIFFERENT, functions_with_examples, queries

PAGE = ROOT / "docs" / "reference" / "engines.md"
# PySpark returns timestamps in the machine's time zone, without a zone.
IN_UTC = {"TZ": "UTC"}


def test_the_page_lists_the_functions_in_use() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert BEGIN in page
    assert with_functions(page) == page, "run `make docs`"


def test_the_page_names_every_difference() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [sql for sql in DIFFERENT if f"`{sql}`" not in page] == []


def test_every_function_in_use_has_examples_and_no_other() -> None:
    assert set(functions_in_use()) == functions_with_examples()


@pytest.fixture(scope="module")
def on_sail(run_on: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Sail's results for every example."""
    return _ask(run_on, "sail", tmp_path_factory.mktemp("sail") / "answers.json")


def _ask(run_on: Run, engine: str, path: Path) -> dict[str, Any]:
    run_on(engine, "tests.cluster.ask_engine", path, **IN_UTC)
    answers: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert set(answers) == set(queries())
    return answers


@pytest.mark.cluster
def test_every_function_gives_the_same_on_both_engines(run_on: Run, way: str, on_sail: dict[str, Any], tmp_path: Path) -> None:
    on_spark = _ask(run_on, way, tmp_path / "answers.json")
    assert {sql: on_spark[sql] for sql in queries() if sql not in DIFFERENT} == {
        sql: on_sail[sql] for sql in queries() if sql not in DIFFERENT
    }
    # Documented differences must still exist.
    assert [sql for sql in DIFFERENT if on_spark[sql] == on_sail[sql]] == []


@pytest.mark.cluster
def test_the_examples_do_not_all_raise(on_sail: dict[str, Any]) -> None:
    raising = {sql for sql, answer in on_sail.items() if answer == "raises"}
    assert {"1 / 0", "cast('x' AS INT)"} <= raising
    assert len(raising) < 8, raising
