"""The benchmark of scoring covers all entities, and checks that contributions sum to the margin."""

from __future__ import annotations

import json

import pytest

from benchmarks.page import render_scoring
from benchmarks.scoring import __main__ as program

ROWS = 600


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("scoring")
    arguments = ["--home", str(folder / "home"), "--rows", str(ROWS), "--listed", "20", "--labels", "600"]
    program.main(arguments, result=folder / "scoring.json")
    return json.loads((folder / "scoring.json").read_text())


def test_all_entities_are_scored_and_the_listed_explained(facts: dict):
    assert (facts["entities"], facts["listed"]) == (ROWS, 20)
    assert 20 <= facts["reasons"] <= 100
    assert facts["columns"] > facts["indicators"] >= 60
    assert 0 <= facts["farthest_from_sum"] < 1e-9
    assert facts["train"]["cpu_seconds"] > 0


def test_the_section_shows_the_results(facts: dict):
    page = render_scoring({**facts, "day_after": {"seconds": 1234.5, "cpu_seconds": 2.0, "peak_mib": 1999}})
    assert "| score all entities on the second day | 1,234.5 | 2.0 | 1,999 |" in page
    assert "600 entities" in page
