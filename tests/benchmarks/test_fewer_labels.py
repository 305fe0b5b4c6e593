"""Models that learn from fewer labels are judged on the same visits, which none of them knew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks import fewer_labels
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from models.inputs import Inputs
from models.labels.training_set import TrainingSet

PROFILE = load_profile("cn")
COHORTS = pd.to_datetime(["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"])


@pytest.fixture
def known() -> TrainingSet:
    """A visit a cohort to each of a thousand entities; x alone tells what it finds, and a visit in ten was drawn."""
    random = np.random.default_rng(1)
    rows = 1_000 * len(COHORTS)
    cohort, x = COHORTS.repeat(1_000), random.normal(size=rows)
    features = pd.DataFrame({"entity_id": [f"E{at % 1_000:04}" for at in range(rows)], "cohort_on": cohort, "x": x})
    is_drawn = random.random(rows) < 0.1
    labels = features[["entity_id", "cohort_on"]].assign(
        found_violation=(random.random(rows) < 1 / (1 + np.exp(-x))).astype(float),
        known_at=cohort + pd.Timedelta(days=20),
        selected_by=np.where(is_drawn, "random", "targeted"),
        inclusion_probability=np.where(is_drawn, 0.1, np.nan),
    )
    return TrainingSet(features, features, labels, Inputs(("x",), (0,), ("basic",)))


def test_every_model_is_judged_on_what_none_of_them_knew(known: TrainingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[TrainingSet] = []
    seen: list[pd.DataFrame] = []

    def fit(some: TrainingSet, _profile: Profile, **_: object) -> Any:
        taught.append(some)
        return SimpleNamespace(score=score)

    def score(rows: pd.DataFrame) -> pd.DataFrame:
        seen.append(rows)
        return pd.DataFrame({"margin": rows["x"], "probability": 1 / (1 + np.exp(-rows["x"]))})

    def kept(_lake: Lake, profile: Profile, _as_of: date) -> TrainingSet:
        rows = ((known.labels["cohort_on"].dt.month % 2 == 0) | (profile.training.most_labels >= 2_500)).to_numpy()
        return replace(known, labels=known.labels[rows], features=known.features[rows])

    monkeypatch.setattr(fewer_labels, "fit", fit)
    monkeypatch.setattr(fewer_labels, "fit_anomaly", lambda *_, **__: None)
    monkeypatch.setattr(fewer_labels, "kept_training_set", kept)
    found = list(
        fewer_labels.fewer(
            Lake(Path()), replace(PROFILE, training=replace(PROFILE.training, cohorts=5)), date(2026, 6, 30), (500, 1_000)
        )
    )

    assert [one["cohorts"] for one in found] == ["every"] * 3 + ["every second"]
    assert [one["labels"] for one in found] == pytest.approx([500, 1_000, 3_000, 1_000], rel=0.2)
    assert found[2]["labels"] == 3_000
    for some, rows in zip(taught, seen, strict=True):
        assert set(some.labels["cohort_on"]) <= set(COHORTS[:3])
        assert set(rows["cohort_on"]) == set(COHORTS[3:])
        assert (some.labels[["entity_id", "cohort_on"]] == some.features[["entity_id", "cohort_on"]]).all(axis=None)
    assert set(taught[3].labels["cohort_on"]) == {COHORTS[1]}
    assert found[0]["auc"] == found[3]["auc"] == pytest.approx(0.74, abs=0.03)
    assert found[0]["found_in_first"] > 0.7
    assert found[0]["log_loss"] == pytest.approx(0.6, abs=0.05)
    assert fewer_labels.line(**found[2]).startswith("| every | 3,000 | 0 | 0.7")


def test_a_profile_without_a_cohort_to_leave_out_is_refused(known: TrainingSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fewer_labels, "kept_training_set", lambda *_: known)
    profile = replace(PROFILE, training=replace(PROFILE.training, cohorts=5))
    with pytest.raises(SystemExit, match="has no cohort to leave out"):
        next(fewer_labels.fewer(Lake(Path()), profile, date(2026, 6, 30), (500,)))
