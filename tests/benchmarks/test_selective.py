"""The benchmark of selective labels: true chances of findings, and the target range."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession

from benchmarks.selective.compare import GROUPS, VIOLATES, WOULD_FIND, by_group, is_calibrated, measures, true_chances
from jobs.engine.lake import Lake
from simulation.sources.inspections import DETECTION_RATE
from tests.conftest import FinishedDay


def scored(rows: int, tilt: float, shift: float) -> pd.DataFrame:
    """Entities whose true log-odds are ``tilt`` times those of the probability, plus ``shift``."""
    margin = np.random.default_rng(1).normal(-2, 1, rows)
    truth = 1 / (1 + np.exp(-(tilt * margin + shift)))
    return pd.DataFrame(
        {"margin": margin, "probability": 1 / (1 + np.exp(-margin)), WOULD_FIND: truth, VIOLATES: np.arange(rows) % 2 == 0}
    )


def test_true_probabilities_are_calibrated():
    figures = measures(scored(20_000, 1.0, 0.0), at=1000)
    assert figures["slope"] == pytest.approx(1.0, abs=0.01)
    assert figures["observed_to_expected"] == pytest.approx(1.0, abs=1e-3)
    assert is_calibrated(figures)


@pytest.mark.parametrize(("tilt", "shift", "wrong"), [(0.8, -0.4, "slope"), (1.0, -0.5, "observed_to_expected")])
def test_overconfident_probabilities_are_not_calibrated(tilt: float, shift: float, wrong: str):
    figures = measures(scored(20_000, tilt, shift), at=1000)
    assert not is_calibrated(figures)
    assert figures[wrong] < 0.9


@pytest.mark.parametrize("tilt", [0.5, -0.5])
def test_the_slope_is_exact_with_few_entities(tilt: float):
    assert measures(scored(60, tilt, 0.0), at=10)["slope"] == pytest.approx(tilt, abs=1e-3)


def test_a_visit_finds_violators_often_and_others_sometimes(finished_day: FinishedDay, spark: SparkSession):
    truth = true_chances(Lake(finished_day.home, spark), finished_day.world / "truth", finished_day.as_of)
    assert truth["entity_id"].is_unique
    assert set(truth.loc[truth[VIOLATES], WOULD_FIND]) == {DETECTION_RATE}
    assert truth.loc[~truth[VIOLATES], WOULD_FIND].between(0.001, 0.3).all()
    assert truth.loc[~truth[VIOLATES], WOULD_FIND].nunique() > 5


def test_entities_that_cannot_be_listed_count_only_in_the_group_of_all():
    frame = scored(3_000, 1.0, 0.0).assign(entity_id=[f"E{at:04d}" for at in range(3_000)])
    active, found = pd.Index(frame["entity_id"][:2_000]), frame["entity_id"][1_500:]
    figures = by_group(frame, active, found, at=100)
    assert list(figures) == list(GROUPS)
    for who, rows in zip(GROUPS, (frame[:2_000], frame[:1_500], frame), strict=True):
        assert figures[who] == measures(rows, 100)
