"""LODA: rare in a projection is strange, and the columns share it."""

from __future__ import annotations

import numpy as np
import pytest

from models.anomaly.loda import BIN_NUMBERS, fit_loda


def values(rows: int = 1000, columns: int = 5, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(columns, rows)).astype(np.float32)


def test_parts_and_base_add_up_to_strangeness() -> None:
    loda, later = fit_loda(values(), 40, np.random.default_rng(1)), values(seed=2) * 3
    strangeness, parts = loda.explain(later)
    np.testing.assert_array_equal(strangeness, loda.strangeness(later))
    np.testing.assert_allclose(parts.sum(axis=1) + loda.base, strangeness, rtol=0, atol=1e-9)


def test_what_is_out_of_range_is_rarer_than_anything_in_it() -> None:
    loda = fit_loda(values(), 40, np.random.default_rng(1))
    far = np.full((5, 1), 1e6, np.float32)
    assert loda.strangeness(far)[0] > loda.strangeness(values()).max()


def test_the_column_that_is_far_out_has_the_largest_part() -> None:
    loda = fit_loda(values(), 40, np.random.default_rng(1))
    row = np.zeros((5, 1), np.float32)
    row[3] = 8.0
    assert loda.explain(row)[1][0].argmax() == 3


def test_same_seed_same_projections() -> None:
    one, two = (fit_loda(values(), 40, np.random.default_rng(1)) for _ in range(2))
    for name in type(one).__dataclass_fields__:
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


@pytest.mark.parametrize("rows", [1, 2, 3, 50])
@pytest.mark.parametrize("columns", [1, 2, 9])
def test_constant_and_few_values_can_be_fitted(rows: int, columns: int) -> None:
    for known in (np.ones((columns, rows), np.float32), values(rows, columns)):
        loda = fit_loda(known, 10, np.random.default_rng(1))
        assert np.isfinite(loda.strangeness(known)).all()
        assert np.isfinite(loda.explain(known)[1]).all()


def test_more_rows_are_drawn_finer() -> None:
    few, many = (fit_loda(values(rows), 10, np.random.default_rng(1)) for rows in (30, 20_000))
    assert few.width.mean() > many.width.mean()
    assert few.rarity.shape == many.rarity.shape == (10, max(BIN_NUMBERS) + 2)
