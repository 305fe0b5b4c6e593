"""What scoring costs is measured on everybody, and told with how far reasons are from the margins."""

from __future__ import annotations

import json

import pytest

from benchmarks.scoring import __main__ as program
from benchmarks.scoring.section import render_scoring

ROWS = 600


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict:
    folder = tmp_path_factory.mktemp("scoring")
    words = ["--home", str(folder / "home"), "--rows", str(ROWS), "--listed", "20", "--labels", "600"]
    program.main(words, result=folder / "scoring.json")
    return json.loads((folder / "scoring.json").read_text())


def test_everybody_is_scored_and_the_listed_explained(facts: dict):
    assert (facts["entities"], facts["listed"]) == (ROWS, 20)
    assert 20 <= facts["reasons"] <= 100
    assert facts["columns"] > facts["indicators"] >= 60
    assert 0 <= facts["farthest_from_sum"] < 1e-9
    assert facts["train"]["cpu_seconds"] > 0


def test_the_section_tells_what_was_measured(facts: dict):
    page = render_scoring({**facts, "day_after": {"seconds": 1234.5, "cpu_seconds": 2.0, "peak_mib": 1999}})
    assert "| score everybody on the day after | 1,234.5 | 2.0 | 1,999 |" in page
    assert "600 entities" in page
