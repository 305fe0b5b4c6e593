"""Logistic regression with priors and bounds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.calibration import sigmoid
from models.logistic import fit_logistic

FREE = np.full(3, -np.inf)


def rows(number: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A design of three columns, outcomes of the coefficients 0.5, -1 and 2, and weights."""
    random = np.random.default_rng(seed)
    design = random.normal(size=(number, 3))
    y = (random.random(number) < sigmoid(design @ np.array([0.5, -1.0, 2.0]))).astype(float)
    return design, y, random.uniform(0.5, 2.0, number)


def test_one_precision_around_nothing_is_ridge() -> None:
    design, y, weight = rows(500, seed=1)
    precision = np.full(3, 4.0)
    own = fit_logistic(design, y, weight, np.zeros(500), centre=np.zeros(3), precision=precision, least=FREE)
    library = LogisticRegression(C=0.25, fit_intercept=False, tol=1e-10, max_iter=1000).fit(design, y, sample_weight=weight)
    np.testing.assert_allclose(own, library.coef_[0], atol=1e-6)


def test_no_rows_that_tell_leave_the_prior() -> None:
    centre = np.array([1.0, 0.0, -2.0])
    design, y, weight = rows(50, seed=2)
    found = fit_logistic(design, y, weight, np.zeros(50), centre=centre, precision=np.full(3, 1e9), least=FREE)
    np.testing.assert_allclose(found, centre, atol=1e-6)


def test_what_something_else_added_is_not_learnt_again() -> None:
    design, y, weight = rows(20_000, seed=3)
    added = design @ np.array([0.5, -1.0, 0.0])
    found = fit_logistic(design, y, weight, added, centre=np.zeros(3), precision=np.full(3, 1e-6), least=FREE)
    np.testing.assert_allclose(found, [0.0, 0.0, 2.0], atol=0.1)


def test_a_bound_holds_and_the_others_are_found_beside_it() -> None:
    design, y, weight = rows(2000, seed=4)
    least = np.array([-np.inf, 0.25, -np.inf])
    found = fit_logistic(design, y, weight, np.zeros(2000), centre=np.zeros(3), precision=np.full(3, 1e-6), least=least)
    assert found[1] == 0.25
    kept = [0, 2]
    beside = fit_logistic(
        design[:, kept], y, weight, 0.25 * design[:, 1], centre=np.zeros(2), precision=np.full(2, 1e-6), least=FREE[:2]
    )
    np.testing.assert_allclose(found[kept], beside, atol=1e-8)


def test_steps_are_halved_where_newton_would_leap() -> None:
    """Far from the mode the curvature is next to nothing, and a whole step would fly off."""
    design = np.ones((100, 1))
    y = (np.arange(100) < 30).astype(float)
    found = fit_logistic(
        design, y, np.ones(100), np.full(100, 30.0), centre=np.zeros(1), precision=np.full(1, 1e-6), least=FREE[:1]
    )
    assert sigmoid(found[0] + 30.0) == pytest.approx(0.3, abs=1e-4)
