"""The requirements on simulated worlds, and their table."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.planted.__main__ import HEAD, line, summarise


def world(model: float, best: float = 0.4, auc: float = 0.7) -> dict[str, Any]:
    """An assessment with these shares in the top 5 %, and this ROC-AUC of the best single indicator."""
    return {
        "violators": 300,
        "model": {"share_in_top": model, "roc_auc": 0.9},
        "best_indicator_by_share": {"share_in_top": best, "roc_auc": 0.6},
        "best_indicator_by_auc": {"share_in_top": 0.3, "roc_auc": auc},
        "random_drawn": {"share_in_top": 0.05, "roc_auc": 0.5},
    }


def test_means_and_ranges_are_over_worlds() -> None:
    summary = summarise([world(0.5), world(0.9)])
    assert summary["model"] == {"mean": pytest.approx(0.7), "least": 0.5, "most": 0.9}
    assert summary["enough_found"]
    assert summary["none_given_away"]


def test_the_mean_share_found_must_reach_the_minimum() -> None:
    assert not summarise([world(0.3), world(0.8)])["enough_found"]


def test_no_world_may_have_an_indicator_above_the_maximum() -> None:
    summary = summarise([world(0.9), world(0.9, auc=0.86)])
    assert summary["best_single_roc_auc"] == 0.86
    assert not summary["none_given_away"]


def test_a_world_is_a_row_of_the_table() -> None:
    row = line(3, world(0.834))
    assert row == "| 3 | 300 | 83.4% | 40.0% | 5.0% | 0.700 |"
    assert row.count("|") == HEAD.splitlines()[0].count("|")
