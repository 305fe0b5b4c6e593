"""Champion against challenger: the preferred model stays unless another is significantly better."""

from __future__ import annotations

import numpy as np
import pytest

from models.risk.candidates import Blend
from models.risk.champion import IN_USE, NEW, choose, contest_with_model_in_use, misses
from models.risk.scorecard import Bins, Scorecard

ROWS = 600
ENTITY = np.array([f"E{number // 2:04d}" for number in range(ROWS)])
WEIGHT = np.ones(ROWS)
NOISE = np.random.default_rng(4).normal(0, 0.3, ROWS)
LOSS = 0.5 + 0.1 * np.random.default_rng(5).random(ROWS)


def test_a_clearly_better_challenger_replaces_the_champion() -> None:
    choice = choose({"readable": LOSS, "other": LOSS - 0.05 + NOISE / 10}, WEIGHT, ENTITY, seed=1)
    assert choice.champion == "other"
    (contest,) = choice.contests
    assert contest.low < contest.difference < contest.high < 0


def test_an_insignificantly_better_challenger_does_not() -> None:
    choice = choose({"readable": LOSS, "other": LOSS - 0.005 + NOISE - NOISE.mean()}, WEIGHT, ENTITY, seed=1)
    assert choice.champion == "readable"
    assert choice.contests[0].difference == pytest.approx(-0.005)
    assert not choice.contests[0].wins


def test_the_next_challenger_meets_the_new_champion() -> None:
    choice = choose({"a": LOSS, "b": LOSS - 0.1, "c": LOSS - 0.05}, WEIGHT, ENTITY, seed=1)
    assert [(one.challenger, one.champion, one.wins) for one in choice.contests] == [("b", "a", True), ("c", "b", False)]
    assert choice.champion == "b"
    assert choice.losses["b"] == pytest.approx(LOSS.mean() - 0.1)


def test_weights_can_change_the_choice() -> None:
    better_here = np.where(np.arange(ROWS) < 300, -0.1, 0.05)
    losses = {"readable": LOSS, "other": LOSS + better_here}
    heavy = np.where(np.arange(ROWS) < 300, 0.1, 10.0)
    assert choose(losses, WEIGHT, ENTITY, seed=1).champion == "other"
    assert choose(losses, heavy, ENTITY, seed=1).champion == "readable"


def test_an_entitys_rows_are_resampled_together() -> None:
    """Copies of one entity's rows add no information: the interval is as wide as for the few entities."""
    few = np.repeat([-0.5, 0.4, -0.3, 0.3], 150)
    names = np.repeat(["a", "b", "c", "d"], 150)
    choice = choose({"readable": LOSS, "other": LOSS + few}, WEIGHT, names, seed=1)
    assert choice.contests[0].high > 0.2


def test_the_same_seed_gives_the_same_choice() -> None:
    losses = {"a": LOSS, "b": LOSS + NOISE}
    assert choose(losses, WEIGHT, ENTITY, seed=3) == choose(losses, WEIGHT, ENTITY, seed=3)


def test_a_challenger_must_gain_the_least_gain() -> None:
    losses = {"readable": LOSS, "other": LOSS - 0.005}
    assert choose(losses, WEIGHT, ENTITY, seed=1).champion == "other"
    assert choose(losses, WEIGHT, ENTITY, seed=1, least=0.01).champion == "readable"


def test_one_standard_error_is_a_narrower_interval() -> None:
    losses = {"readable": LOSS, "other": LOSS - 0.02 + NOISE - NOISE.mean()}
    (wide,), (narrow,) = (choose(losses, WEIGHT, ENTITY, seed=1, level=level).contests for level in (0.95, 0.6827))
    assert wide.high > 0 > narrow.high
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(1.96, abs=0.2)


def test_the_loss_is_the_share_of_findings_outside_the_first_places_of_each_window() -> None:
    order, y, window = np.array([3.0, 2, 1, 0, 3, 2, 1, 0]), np.array([1.0, 0, 0, 1, 0, 1, 0, 0]), np.repeat([0, 1], 4)
    assert misses(order, y, np.ones(8), window, 0.25).mean() == pytest.approx(2 / 3)
    # A visit of weight 3 fills the first quarter and half of the second.
    heavy = np.array([3.0, 1, 1, 1, 1, 1, 1, 1])
    assert np.average(misses(order, y, heavy, window, 0.25), weights=heavy) == pytest.approx((1.5 + 1 + 1) / 5)
    # Equal scores share the places.
    assert misses(np.zeros(8), y, np.ones(8), window, 0.25).mean() == pytest.approx(3 / 4)


def test_a_choice_without_candidates_is_refused() -> None:
    with pytest.raises(ValueError, match="held-out visits"):
        choose({}, WEIGHT, ENTITY, seed=1)


@pytest.mark.parametrize(
    ("shares", "message"), [((0.5,), "as many shares"), ((0.7, 0.7), "add up to 1"), ((-0.5, 1.5), "zero or more")]
)
def test_invalid_shares_of_a_blend_are_refused(shares: tuple[float, ...], message: str) -> None:
    card = Scorecard(Bins((np.array([]),)), (np.array([0]),), np.array([0]), 400, "none")
    with pytest.raises(ValueError, match=message):
        Blend((card, card), shares)


RANDOM = np.random.default_rng(1)
RISK = RANDOM.normal(size=600)
OUTCOME = (RANDOM.random(600) < 1 / (1 + np.exp(1.0 - 1.5 * RISK))).astype(float)
NOISE_MARGIN = RANDOM.normal(size=600)
VISIT_WEIGHT = RANDOM.uniform(0.5, 2.0, 600)
VISIT_ENTITY = np.array([f"E{number % 400}" for number in range(600)])


def wins(new: np.ndarray, in_use: np.ndarray, rows: slice = slice(None)) -> bool:
    found = contest_with_model_in_use(
        {NEW: new[rows], IN_USE: in_use[rows]}, OUTCOME[rows], VISIT_WEIGHT[rows], VISIT_ENTITY[rows], seed=1
    )
    assert found is not None
    assert (found.challenger, found.champion) == (IN_USE, NEW)
    return found.wins


def test_the_model_in_use_stays_if_the_new_one_is_significantly_worse() -> None:
    assert wins(NOISE_MARGIN, RISK)


def test_the_model_in_use_is_replaced_if_it_is_not_significantly_better() -> None:
    assert not wins(RISK, RISK)
    assert not wins(RISK, NOISE_MARGIN)
    assert not wins(RISK + 0.1 * NOISE_MARGIN, RISK)
    # The same lead on few visits is not significant.
    assert not wins(NOISE_MARGIN, RISK, slice(20))


def test_an_offset_of_the_margin_does_not_matter() -> None:
    assert not wins(RISK - 3.0, RISK)


def test_the_order_of_visits_does_not_matter() -> None:
    order = np.random.default_rng(2).permutation(600)
    margins = {NEW: NOISE_MARGIN + RISK, IN_USE: RISK}
    again = contest_with_model_in_use(
        {name: margin[order] for name, margin in margins.items()}, OUTCOME[order], VISIT_WEIGHT[order], VISIT_ENTITY[order], seed=1
    )
    assert contest_with_model_in_use(margins, OUTCOME, VISIT_WEIGHT, VISIT_ENTITY, seed=1) == again


def test_equal_outcomes_give_no_contest() -> None:
    for found in (np.zeros(5), np.ones(5), np.zeros(0)):
        n = len(found)
        assert (
            contest_with_model_in_use({NEW: RISK[:n], IN_USE: NOISE_MARGIN[:n]}, found, VISIT_WEIGHT[:n], VISIT_ENTITY[:n], seed=1)
            is None
        )
