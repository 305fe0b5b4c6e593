"""Whose visit speaks of everybody, and what the visits of the others count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.inputs import Inputs
from models.labels.sampling import sample_labels
from models.labels.training_set import TrainingSet
from models.labels.why_visited import selection_reasons, weigh_labels

COHORT = pd.Timestamp("2026-05-31")


def test_only_a_draw_of_known_probability_speaks_of_everybody() -> None:
    labels = pd.DataFrame(
        {
            "selected_by": pd.Series(["random", "random", "targeted", None], dtype=object),
            "inclusion_probability": [0.004, None, 0.5, None],
        }
    )
    told = selection_reasons(labels)
    assert told[:3].tolist() == ["random", "other", "targeted"]
    assert pd.isna(told[3])


def visited_town(entities: int, seed: int) -> tuple[TrainingSet, np.ndarray]:
    """A town in which somebody is sent where x is high and half are drawn where it is low; x of everybody beside it."""
    random = np.random.default_rng(seed)
    x = random.normal(size=entities)
    is_sent = random.random(entities) < 1 / (1 + np.exp(1.5 - 1.2 * x))
    is_drawn = ~is_sent & (random.random(entities) < np.where(x < 0, 0.5, 0.02))
    rows = pd.DataFrame({"entity_id": [f"E{number:05}" for number in range(entities)], "cohort_on": COHORT, "x": x})
    is_visited = is_sent | is_drawn
    features = rows[is_visited].reset_index(drop=True)
    labels = features[["entity_id", "cohort_on"]].assign(
        selected_by=np.where(is_sent, "targeted", "random")[is_visited],
        inclusion_probability=np.where(is_sent, np.nan, np.where(x < 0, 0.5, 0.02))[is_visited],
    )
    inputs = Inputs(("x",), (0,), ("basic",))
    return TrainingSet(rows, features, labels, inputs, unvisited=rows[~is_visited].reset_index(drop=True)), x


def test_visits_that_somebody_was_sent_for_count_by_the_chance_to_be_sent_whoever_was_drawn_besides() -> None:
    known, x = visited_town(8_000, seed=1)
    weights = weigh_labels(known, known.labels, known.features, cap=50, seed=2)
    is_sent = (known.labels["selected_by"] == "targeted").to_numpy()
    of_sent = known.features.loc[is_sent, "x"]
    assert of_sent.mean() > x.mean() + 0.5
    assert np.average(of_sent, weights=weights.weight[is_sent]) == pytest.approx(x.mean(), abs=0.12)


def test_labels_of_a_sample_weigh_as_if_all_of_them_were_there() -> None:
    random = np.random.default_rng(3)
    x = random.normal(size=40_000)
    is_sent = random.random(40_000) < 1 / (1 + np.exp(-0.5 - 1.2 * x))
    rows = pd.DataFrame({"entity_id": [f"E{number:05}" for number in range(40_000)], "cohort_on": COHORT, "x": x})
    labels = rows.loc[is_sent, ["entity_id", "cohort_on"]].assign(selected_by="targeted", inclusion_probability=np.nan)
    some, share = sample_labels(labels, 3_000)
    features = rows.merge(some[["entity_id"]], on="entity_id")
    rest = rows[~is_sent].reset_index(drop=True)
    known = TrainingSet(rows, features, some, Inputs(("x",), (0,), ("basic",)), rest, labels_share=share)
    assert share < 0.15
    weighed = weigh_labels(known, some, features, cap=50, seed=2)
    assert np.average(features["x"], weights=weighed.weight) == pytest.approx(x.mean(), abs=0.12)
    as_if_all = weigh_labels(replace(known, labels_share=1.0), some, features, cap=50, seed=2)
    assert np.average(features["x"], weights=as_if_all.weight) < x.mean() - 0.2
