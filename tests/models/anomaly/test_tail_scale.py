"""The tail scale, and contributions rescaled to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.anomaly.tail_scale import fit_tail, share_out


@pytest.mark.parametrize("raw", [np.zeros(100), np.arange(100.0), np.repeat([0.0, 5.0], [99, 1]), np.array([3.0])])
def test_the_tail_rises_strictly_for_any_reference(raw: np.ndarray) -> None:
    tail = fit_tail(raw)
    assert (np.diff(tail(np.linspace(-200, 300, 1001))) > 0).all()


def test_a_level_is_minus_the_log_of_the_upper_tail() -> None:
    raw = np.arange(10_000.0)
    np.testing.assert_allclose(fit_tail(raw)(np.array([9_000.0, 9_900.0, 9_990.0])), [1, 2, 3], atol=0.02)


def test_parts_keep_their_proportions_and_signs() -> None:
    np.testing.assert_allclose(share_out(np.array([[3.0, -1.0]]), np.array([4.0])), [[6.0, -2.0]])


def test_parts_that_cancel_or_are_zero_still_sum_to_the_total() -> None:
    parts = np.array([[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(share_out(parts, np.array([4.0, 3.0])), [[2.0, 2.0, 0.0], [1.0, 1.0, 1.0]])


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=3), st.floats(-10, 10))
@example([0.0, 0.0, 2.2e-311], 1.0)
@example([0.0, 1e-290, 1e-300], 10.0)
def test_parts_add_up_to_the_total(parts: list[float], total: float) -> None:
    # With a stretch of no more than 1e9, as in ``share_out``, rounding stays below 1e-6.
    assert share_out(np.array([parts]), np.array([total])).sum() == pytest.approx(total, abs=1e-6)
