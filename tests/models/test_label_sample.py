"""No more labels are learnt from than are wanted: all of a sample of businesses, whatever they were visited for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.labels.sampling import sample_labels


def labels_of(businesses: int, drawn: float = 0.3) -> pd.DataFrame:
    """Two labels of each business, a share of them drawn at random."""
    names = [f"E{number:06}" for number in range(businesses)]
    is_drawn = np.random.default_rng(1).random(2 * businesses) < drawn
    return pd.DataFrame({"entity_id": np.repeat(names, 2), "selected_by": np.where(is_drawn, "random", "targeted")})


def test_all_are_learnt_from_where_they_are_no_more_than_wanted() -> None:
    labels = labels_of(50)
    same, share = sample_labels(labels, 100)
    assert same is labels
    assert share == 1.0


def test_of_more_all_labels_of_a_sample_of_businesses_are_taken_and_their_share_told() -> None:
    labels = labels_of(20_000)
    some, share = sample_labels(labels, 10_000)
    assert share == 0.25
    assert len(some) == pytest.approx(10_000, rel=0.05)
    assert some["entity_id"].is_monotonic_increasing
    assert some.groupby("entity_id").size().eq(2).all()
    # Each kind by the same chance: else what the sample tells is of another mix.
    assert (some["selected_by"] == "random").mean() == pytest.approx((labels["selected_by"] == "random").mean(), abs=0.02)


def test_which_are_kept_hangs_on_their_names_alone() -> None:
    labels = labels_of(20_000)
    fewer, more, turned = (
        sample_labels(given, most)[0] for given, most in ((labels, 5_000), (labels, 10_000), (labels[::-1], 10_000))
    )
    assert set(fewer["entity_id"]) < set(more["entity_id"]) == set(turned["entity_id"])


def test_at_least_one_label_must_be_wanted() -> None:
    with pytest.raises(ValueError, match="at least one label"):
        sample_labels(labels_of(1), 0)
