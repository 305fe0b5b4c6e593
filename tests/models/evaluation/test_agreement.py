"""Agreement of two models: places, overlap at the top, and rank correlation; the effect of label weights."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluation.agreement import agreement, weighting_effect


def test_a_model_agrees_with_any_increasing_function_of_itself() -> None:
    margin = np.array([0.1, 3.0, -2.0, 1.5])
    found = agreement(margin, np.exp(margin), at=2)
    assert found.first_places.tolist() == found.second_places.tolist() == [3, 1, 4, 2]
    assert found.shared == 2
    assert found.correlation == pytest.approx(1.0)


def test_a_reversed_order_shares_no_entity() -> None:
    margin = np.arange(6.0)
    found = agreement(margin, -margin, at=3)
    assert found.shared == 0
    assert found.correlation == pytest.approx(-1.0)


def test_equal_margins_keep_the_order_of_rows_and_share_a_rank() -> None:
    found = agreement(np.array([1.0, 1.0, 0.0]), np.array([2.0, 1.0, 0.0]), at=1)
    assert found.first_places.tolist() == [1, 2, 3]
    assert found.correlation == pytest.approx(np.corrcoef([2.5, 2.5, 1], [3, 2, 1])[0, 1])


def test_constant_margins_have_no_correlation() -> None:
    assert np.isnan(agreement(np.zeros(3), np.arange(3.0), at=1).correlation)


@pytest.mark.parametrize(("second", "at"), [(np.arange(2.0), 1), (np.arange(3.0), 0)])
def test_invalid_comparisons_are_refused(second: np.ndarray, at: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        agreement(np.arange(3.0), second, at=at)


def test_the_weighting_effect_compares_scores_with_and_without_weights() -> None:
    plain = pd.DataFrame({"margin": np.arange(100.0), "probability": np.linspace(0.2, 0.4, 100)})
    same = weighting_effect(plain, plain)
    assert (same["rank_correlation"], same["shared_riskiest_tenth"]) == (pytest.approx(1.0), 1.0)
    turned = weighting_effect(plain.assign(margin=-plain["margin"], probability=0.1), plain)
    assert turned["rank_correlation"] == pytest.approx(-1.0)
    assert (turned["mean_probability"], turned["mean_probability_unweighted"]) == (pytest.approx(0.1), pytest.approx(0.3))
    assert turned["shared_riskiest_tenth"] == 0.0
