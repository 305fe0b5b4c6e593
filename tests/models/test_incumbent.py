"""The model in use stays only where it is better beyond noise."""

from __future__ import annotations

import numpy as np

from models.risk.champion import IN_USE, NEW, contest_with_model_in_use

RANDOM = np.random.default_rng(1)
RISK = RANDOM.normal(size=600)
FOUND = (RANDOM.random(600) < 1 / (1 + np.exp(1.0 - 1.5 * RISK))).astype(float)
NOISE = RANDOM.normal(size=600)
WEIGHT = RANDOM.uniform(0.5, 2.0, 600)
ENTITY = np.array([f"E{number % 400}" for number in range(600)])


def wins(new: np.ndarray, in_use: np.ndarray, rows: slice = slice(None)) -> bool:
    found = contest_with_model_in_use({NEW: new[rows], IN_USE: in_use[rows]}, FOUND[rows], WEIGHT[rows], ENTITY[rows], seed=1)
    assert found is not None
    assert (found.challenger, found.champion) == (IN_USE, NEW)
    return found.wins


def test_it_stays_where_the_new_one_is_worse_beyond_noise() -> None:
    assert wins(NOISE, RISK)


def test_it_makes_way_where_it_is_equal_worse_or_better_by_a_little() -> None:
    assert not wins(RISK, RISK)
    assert not wins(RISK, NOISE)
    assert not wins(RISK + 0.1 * NOISE, RISK)
    # The same lead on few visits is noise.
    assert not wins(NOISE, RISK, slice(20))


def test_a_margin_that_is_wrong_in_level_alone_is_no_worse() -> None:
    assert not wins(RISK - 3.0, RISK)


def test_the_order_of_visits_changes_nothing() -> None:
    order = np.random.default_rng(2).permutation(600)
    margins = {NEW: NOISE + RISK, IN_USE: RISK}
    again = contest_with_model_in_use(
        {name: margin[order] for name, margin in margins.items()}, FOUND[order], WEIGHT[order], ENTITY[order], seed=1
    )
    assert contest_with_model_in_use(margins, FOUND, WEIGHT, ENTITY, seed=1) == again


def test_where_all_visits_ended_alike_nothing_can_be_told() -> None:
    for found in (np.zeros(5), np.ones(5), np.zeros(0)):
        n = len(found)
        assert contest_with_model_in_use({NEW: RISK[:n], IN_USE: NOISE[:n]}, found, WEIGHT[:n], ENTITY[:n], seed=1) is None
