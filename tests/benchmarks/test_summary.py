"""The summary of results: medians over rounds, ratios, growth, stages summed over sources."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.summary import summarise


def found(step: str, entities: int, seconds: float, round_: int = 1, **more: Any) -> dict[str, Any]:
    took = {"wall_seconds": seconds, "cpu_seconds": 2 * seconds, "peak_mib": 100.0, "exit_code": 0, "stages": []}
    return {"step": step, "entities": entities, "round": round_, "rows": 1000, **took, **more}


def results(*measurements: dict[str, Any]) -> dict[str, Any]:
    return {"name": "small", "measurements": list(measurements)}


def test_a_figure_is_the_median_of_its_rounds():
    summary = summarise(results(*[found("features", 100, seconds, round_) for round_, seconds in enumerate((4.0, 20.0, 5.0))]))
    (figure,) = summary.of("features")
    assert (figure.wall_seconds, figure.cpu_seconds, figure.rounds, figure.spread) == (5.0, 10.0, 3, 5.0)
    assert figure.rows_per_second == 200


def test_growth_is_the_slope_of_the_line_through_the_logarithms():
    summary = summarise(results(*[found("features", n, 0.01 * n**1.5) for n in (100, 1000, 20_000)], found("score", 100, 1)))
    assert summary.growth("features", "wall_seconds") == pytest.approx(1.5)
    assert summary.growth("features", "peak_mib") == pytest.approx(0)
    assert summary.growth("score", "wall_seconds") is None, "one size shows no growth"


def test_a_ratio_needs_both_steps_at_the_size():
    summary = summarise(results(found("features", 100, 6), found("features-duckdb", 100, 2), found("features", 200, 9)))
    assert summary.ratio("features", "features-duckdb", 100, "wall_seconds") == 3
    assert summary.ratio("features", "features-duckdb", 200, "cpu_seconds") is None


def test_figures_of_different_days_or_processors_are_not_compared():
    then, now = {"processor": "P", "measured_on": "2026-01-01"}, {"processor": "P", "measured_on": "2026-01-02"}
    other = {"processor": "Q", "measured_on": "2026-01-02"}
    measurements = [found("features", n, n, **now) for n in (10, 100)] + [found("features", 1000, 9_999, **then)]
    measurements += [found("features-duckdb", 10, 5, **now), found("features-duckdb", 100, 5, **other)]
    summary = summarise(results(*measurements))
    assert summary.ratio("features", "features-duckdb", 10, "wall_seconds") == 2
    assert summary.ratio("features", "features-duckdb", 100, "wall_seconds") is None
    assert summary.growth("features", "wall_seconds") is None, "the largest size was measured on another day"
    later = summarise(results(*measurements, found("features", 10_000, 10_000, **now)))
    assert later.growth("features", "wall_seconds") == pytest.approx(1)


def test_stages_are_summed_over_sources():
    stages = [{"stage": "gate", "seconds": 1.0}, {"stage": "link", "seconds": 4.0}, {"stage": "gate", "seconds": 2.0}]
    (figure,) = summarise(results(found("day", 100, 9, stages=stages))).of("day")
    assert figure.stages == {"gate": 3.0, "link": 4.0}


def test_a_step_left_out_twice_is_shown_once():
    left = {"step": "features-spark", "entities": 100, "left_out": "there is no Java"}
    assert summarise(results(left, left)).left_out == [("features-spark", 100, "there is no Java")]
