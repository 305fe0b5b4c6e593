"""How far two models agree is told by places, by who is among the first, and by the correlation of ranks."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.agreement import agreement


def test_a_model_agrees_with_itself_and_with_any_rising_function_of_itself() -> None:
    margin = np.array([0.1, 3.0, -2.0, 1.5])
    found = agreement(margin, np.exp(margin), at=2)
    assert found.first_places.tolist() == found.second_places.tolist() == [3, 1, 4, 2]
    assert found.shared == 2
    assert found.correlation == pytest.approx(1.0)


def test_an_order_turned_round_shares_nobody() -> None:
    margin = np.arange(6.0)
    found = agreement(margin, -margin, at=3)
    assert found.shared == 0
    assert found.correlation == pytest.approx(-1.0)


def test_equal_margins_keep_their_rows_order_and_share_a_rank() -> None:
    found = agreement(np.array([1.0, 1.0, 0.0]), np.array([2.0, 1.0, 0.0]), at=1)
    assert found.first_places.tolist() == [1, 2, 3]
    assert found.correlation == pytest.approx(np.corrcoef([2.5, 2.5, 1], [3, 2, 1])[0, 1])


def test_a_model_that_tells_nobody_apart_has_no_correlation() -> None:
    assert np.isnan(agreement(np.zeros(3), np.arange(3.0), at=1).correlation)


@pytest.mark.parametrize(("second", "at"), [(np.arange(2.0), 1), (np.arange(3.0), 0)])
def test_what_cannot_be_held_against_each_other_is_refused(second: np.ndarray, at: int) -> None:
    with pytest.raises(ValueError, match="must be"):
        agreement(np.arange(3.0), second, at=at)
