"""Promised probabilities beside what came of them."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.calibration_metrics import reliability


def test_bins_hold_equal_numbers_and_show_promise_and_outcome() -> None:
    table = reliability([0.1, 0.3, 0.5, 0.7], [0, 1, 1, 1], bins=2)

    assert table["visits"].tolist() == [2, 2]
    assert table["predicted"].tolist() == pytest.approx([(0.1 + 0.3) / 2, (0.5 + 0.7) / 2])
    assert table["observed"].tolist() == [0.5, 1.0]


def test_the_interval_is_wilsons() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662.
    table = reliability(np.full(263, 0.3), [1] * 81 + [0] * 182, bins=1)

    assert table[["low", "high"]].to_numpy().ravel() == pytest.approx([0.2553, 0.3662], abs=5e-5)


def test_visits_of_one_business_are_worth_one() -> None:
    once = reliability([0.3] * 40, [1, 0, 0, 0] * 10, bins=1)
    twice = reliability([0.3] * 80, [1, 0, 0, 0] * 20, entity=[*range(40)] * 2, bins=1)

    assert twice[["low", "high"]].equals(once[["low", "high"]])
    assert twice["visits"].tolist() == [80]


def test_an_interval_stays_between_none_and_all() -> None:
    table = reliability([0.1, 0.9], [0, 1], bins=2)

    assert table["low"].tolist()[0] == 0.0
    assert table["high"].tolist()[1] == 1.0


def test_equal_probabilities_share_a_bin_so_order_changes_nothing() -> None:
    p, y = np.array([0.2] * 5 + [0.8]), np.array([1, 0, 0, 0, 0, 1])
    order = np.array([3, 5, 0, 4, 1, 2])

    table = reliability(p, y, bins=3)

    assert table["visits"].tolist() == [5, 1]
    assert table.equals(reliability(p[order], y[order], bins=3))


@pytest.mark.parametrize(
    ("probability", "found", "bins"), [([], [], 2), ([0.5], [1, 0], 2), ([1.5], [1], 2), ([float("nan")], [1], 2), ([0.5], [1], 0)]
)
def test_what_cannot_be_binned_is_refused(probability: list[float], found: list[int], bins: int) -> None:
    with pytest.raises(ValueError, match=r"there must be visits|is not in"):
        reliability(probability, found, bins=bins)
