"""Samples of labels and of the reference population, by the hash of the business."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from models.labels import sampling
from models.labels.sampling import hash_bound, sample_labels, sample_reference, sampled


def labels_of(businesses: int, drawn: float = 0.3) -> pd.DataFrame:
    """Two labels of each business, a share of them drawn at random."""
    names = [f"E{number:06}" for number in range(businesses)]
    is_drawn = np.random.default_rng(1).random(2 * businesses) < drawn
    return pd.DataFrame({"entity_id": np.repeat(names, 2), "selected_by": np.where(is_drawn, "random", "targeted")})


def test_all_labels_are_kept_if_they_are_few() -> None:
    labels = labels_of(50)
    same, share = sample_labels(labels, 100)
    assert same is labels
    assert share == 1.0


def test_of_many_labels_those_of_a_sample_of_businesses_are_kept() -> None:
    labels = labels_of(20_000)
    some, share = sample_labels(labels, 10_000)
    assert share == 0.25
    assert len(some) == pytest.approx(10_000, rel=0.05)
    assert some["entity_id"].is_monotonic_increasing
    assert some.groupby("entity_id").size().eq(2).all()
    # Each reason with the same probability, so that the mix stays.
    assert (some["selected_by"] == "random").mean() == pytest.approx((labels["selected_by"] == "random").mean(), abs=0.02)


def test_the_sample_depends_only_on_identifiers() -> None:
    labels = labels_of(20_000)
    fewer, more, turned = (
        sample_labels(given, most)[0] for given, most in ((labels, 5_000), (labels, 10_000), (labels[::-1], 10_000))
    )
    assert set(fewer["entity_id"]) < set(more["entity_id"]) == set(turned["entity_id"])


def test_the_number_of_labels_must_be_positive() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        sample_labels(labels_of(1), 0)


def test_the_reference_population_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = pd.Index([f"E{number:05}" for number in range(20_000)])
    assert sample_reference(everybody).equals(everybody)
    monkeypatch.setattr(sampling, "REFERENCE_ROWS", 1_000)
    some = sample_reference(everybody)
    assert 900 < len(some) < 1_100
    # Independent of other entities and of the order: with fewer entities the sample grows and keeps its members.
    assert set(some) == set(sample_reference(everybody[::-1]))
    assert set(some) & set(everybody[:10_000]) <= set(sample_reference(everybody[:10_000]))


def test_a_sample_is_the_first_share_of_all_hashes() -> None:
    everybody = [f"E{number:05}" for number in range(20_000)]
    hashes = {name: int(hashlib.sha256(name.encode()).hexdigest(), 16) / 2.0**256 for name in everybody}
    for share in (0.0, 0.004, 0.5, 1.0):
        assert sampled(everybody, share) == [name for name in everybody if hashes[name] < share]
    assert hash_bound(0.5) == "8000000000000000"
