"""The section on accuracy shows the results that exist and leaves out the others."""

from __future__ import annotations

import json

from benchmarks.how_right import render_how_right
from benchmarks.page import RESULTS


def span(mean: float) -> dict[str, float]:
    return {"mean": mean, "least": mean - 0.2, "most": mean + 0.2}


def test_calibration_is_shown_by_labels_and_group():
    group = {"slope": span(0.9), "observed_to_expected": span(1.05), "right_in": 3}
    summary = {"weighted": {"may be listed": group}, "unweighted": {}}
    facts = {"entities": 20_000, "worlds": {"1": {}, "2": {}}, "summary": summary}
    page = render_how_right({"selective": facts})
    assert "| weighted (default) | may be listed | 0.900 (0.700 to 1.100) | 1.050 (0.850 to 1.250) | 3 |" in page
    assert "2 worlds of 20,000 entities" in page
    assert "Polish" not in page


def test_the_committed_results_are_rendered():
    results = {path.stem: json.loads(path.read_text()) for path in RESULTS.glob("*.json")}
    page = render_how_right(results)
    polish = results["polish"]["summary"]["scorecard"]
    assert f"| scorecard | {polish['auc']:.4f} | {polish['difference']:+.4f} " in page
    assert page.count("\n### ") == len({"selective", "polish"} & set(results))


def test_without_results_there_is_no_section():
    assert render_how_right({}) == ""
