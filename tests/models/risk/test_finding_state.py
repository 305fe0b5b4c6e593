"""What the state since the last finding adds to the margin, learned from held-out visits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.risk.calibration import sigmoid
from models.risk.finding_state import COLUMN, NO_SHIFT, STATES, fit_finding_shift, states

RANDOM = np.random.default_rng(1)


def visits(count: int, truth: dict[int, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins, outcomes and states of visits whose log-odds differ from the margin by ``truth``."""
    margin, state = RANDOM.normal(-2, 1, count), RANDOM.integers(0, len(STATES), count)
    shift = np.array([truth.get(at, 0.0) for at in range(len(STATES))])
    return margin, (RANDOM.random(count) < sigmoid(margin + shift[state])).astype(float), state


def test_shifts_are_recovered_from_many_visits() -> None:
    margin, y, state = visits(40_000, {1: 0.5, 2: -1.5, 3: 1.0})
    fitted = fit_finding_shift(margin, y, state, np.full(len(y), "random"), np.zeros(len(y)))
    assert fitted.shift == pytest.approx((0, 0.5, -1.5, 1.0), abs=0.15)
    assert sum(fitted.visits) == len(y)
    assert fitted.found[2] < fitted.expected[2]
    assert fitted.found[3] > fitted.expected[3]


def test_few_visits_hardly_shift() -> None:
    margin, y, state = np.full(30, -2.0), np.zeros(30), np.repeat([0, 2], [28, 2])
    fitted = fit_finding_shift(margin, y, state, np.full(30, "random"), np.zeros(30))
    assert -0.5 < fitted.shift[2] < 0
    assert fitted.shift[1] == fitted.shift[3] == 0


def test_a_reason_that_finds_more_is_no_shift() -> None:
    margin, state = RANDOM.normal(-2, 1, 20_000), RANDOM.integers(0, 2, 20_000) * 2
    is_sent = RANDOM.random(20_000) < np.where(state == 2, 0.9, 0.1)
    y = (RANDOM.random(20_000) < sigmoid(margin + 1.2 * is_sent)).astype(float)
    fitted = fit_finding_shift(margin, y, state, np.where(is_sent, "targeted", "random"), np.zeros(20_000))
    assert fitted.shift[2] == pytest.approx(0, abs=0.2)


def test_follow_ups_count_beside_visits() -> None:
    margin, y, state = visits(2_000, {})
    follow_ups = (np.full(200, 0.5), np.repeat([1.0, 0.0], [40, 160]), np.ones(200, dtype=np.int64))
    none = fit_finding_shift(margin, y, state, np.full(2_000, "random"), np.zeros(2_000))
    fitted = fit_finding_shift(margin, y, state, np.full(2_000, "random"), np.zeros(2_000), follow_ups)
    assert fitted.visits[1] == none.visits[1] + 200
    assert fitted.shift[1] < none.shift[1] - 0.3
    assert fitted.shift[2:] == pytest.approx(none.shift[2:], abs=0.2)


def test_unknown_states_and_no_visits_shift_nothing() -> None:
    X = pd.DataFrame({COLUMN: [np.nan, 0.0, 2.0]})
    assert list(states(X)) == [0, 0, 2]
    assert list(states(X.drop(columns=COLUMN))) == [0, 0, 0]
    nothing = np.zeros(0)
    assert fit_finding_shift(nothing, nothing, states(X.head(0)), nothing.astype(str), nothing) == NO_SHIFT
