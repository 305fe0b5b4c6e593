"""Samples of entities are by name alone, and no larger than what is asked."""

from __future__ import annotations

import pandas as pd
import pytest

from models import entity_sample
from models.entity_sample import reference


def test_no_more_entities_are_read_to_compare_with_than_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = pd.Index([f"E{number:05}" for number in range(20_000)])
    assert reference(everybody).equals(everybody)
    monkeypatch.setattr(entity_sample, "REFERENCE_ROWS", 1_000)
    some = reference(everybody)
    assert 900 < len(some) < 1_100
    # Whoever else there is, and in whatever order: of fewer entities more are taken, the same ones among them.
    assert set(some) == set(reference(everybody[::-1]))
    assert set(some) & set(everybody[:10_000]) <= set(reference(everybody[:10_000]))
