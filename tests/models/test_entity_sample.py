"""Samples of entities are by name alone, and no larger than what is asked."""

from __future__ import annotations

import hashlib

import pandas as pd
import pytest

from models.labels import sampling
from models.labels.sampling import hash_bound, sample_reference, sampled


def test_no_more_entities_are_read_to_compare_with_than_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = pd.Index([f"E{number:05}" for number in range(20_000)])
    assert sample_reference(everybody).equals(everybody)
    monkeypatch.setattr(sampling, "REFERENCE_ROWS", 1_000)
    some = sample_reference(everybody)
    assert 900 < len(some) < 1_100
    # Whoever else there is, and in whatever order: of fewer entities more are taken, the same ones among them.
    assert set(some) == set(sample_reference(everybody[::-1]))
    assert set(some) & set(everybody[:10_000]) <= set(sample_reference(everybody[:10_000]))


def test_a_sample_is_the_first_share_of_all_hashes_and_of_all_it_is_all() -> None:
    everybody = [f"E{number:05}" for number in range(20_000)]
    hashes = {name: int(hashlib.sha256(name.encode()).hexdigest(), 16) / 2.0**256 for name in everybody}
    for share in (0.0, 0.004, 0.5, 1.0):
        assert sampled(everybody, share) == [name for name in everybody if hashes[name] < share]
    assert hash_bound(0.5) == "8000000000000000"
