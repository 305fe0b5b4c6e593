"""Champion against challenger: the readable stays unless another is better beyond noise."""

from __future__ import annotations

import numpy as np
import pytest

from models.risk.candidates import Blend
from models.risk.champion import choose
from models.risk.scorecard import Scorecard

ROWS = 600
ENTITY = np.array([f"E{number // 2:04d}" for number in range(ROWS)])
WEIGHT = np.ones(ROWS)
NOISE = np.random.default_rng(4).normal(0, 0.3, ROWS)
LOSS = 0.5 + 0.1 * np.random.default_rng(5).random(ROWS)


def test_a_challenger_that_is_clearly_better_takes_the_place() -> None:
    choice = choose({"readable": LOSS, "other": LOSS - 0.05 + NOISE / 10}, WEIGHT, ENTITY, seed=1)
    assert choice.champion == "other"
    (contest,) = choice.contests
    assert contest.low < contest.difference < contest.high < 0


def test_a_challenger_that_is_better_by_less_than_noise_does_not() -> None:
    choice = choose({"readable": LOSS, "other": LOSS - 0.005 + NOISE - NOISE.mean()}, WEIGHT, ENTITY, seed=1)
    assert choice.champion == "readable"
    assert choice.contests[0].difference == pytest.approx(-0.005)
    assert not choice.contests[0].wins


def test_the_next_challenger_meets_who_won() -> None:
    choice = choose({"a": LOSS, "b": LOSS - 0.1, "c": LOSS - 0.05}, WEIGHT, ENTITY, seed=1)
    assert [(one.challenger, one.champion, one.wins) for one in choice.contests] == [("b", "a", True), ("c", "b", False)]
    assert choice.champion == "b"
    assert choice.losses["b"] == pytest.approx(LOSS.mean() - 0.1)


def test_weights_can_turn_the_choice() -> None:
    better_here = np.where(np.arange(ROWS) < 300, -0.1, 0.05)
    losses = {"readable": LOSS, "other": LOSS + better_here}
    heavy = np.where(np.arange(ROWS) < 300, 0.1, 10.0)
    assert choose(losses, WEIGHT, ENTITY, seed=1).champion == "other"
    assert choose(losses, heavy, ENTITY, seed=1).champion == "readable"


def test_an_entitys_rows_are_drawn_together() -> None:
    """Copies of one entity's rows tell nothing new: the interval is as wide as that of the few entities there are."""
    few = np.repeat([-0.5, 0.4, -0.3, 0.3], 150)
    names = np.repeat(["a", "b", "c", "d"], 150)
    choice = choose({"readable": LOSS, "other": LOSS + few}, WEIGHT, names, seed=1)
    assert choice.contests[0].high > 0.2


def test_same_seed_same_choice() -> None:
    losses = {"a": LOSS, "b": LOSS + NOISE}
    assert choose(losses, WEIGHT, ENTITY, seed=3) == choose(losses, WEIGHT, ENTITY, seed=3)


def test_nothing_to_choose_from_is_refused() -> None:
    with pytest.raises(ValueError, match="held-out visits"):
        choose({}, WEIGHT, ENTITY, seed=1)


@pytest.mark.parametrize(
    ("shares", "message"), [((0.5,), "as many shares"), ((0.7, 0.7), "add up to 1"), ((-0.5, 1.5), "zero or more")]
)
def test_shares_that_break_the_rules_are_explained(shares: tuple[float, ...], message: str) -> None:
    from models.risk.scorecard import Bins

    card = Scorecard(Bins((np.array([]),)), (np.array([0]),), np.array([0]), 400, "none")
    with pytest.raises(ValueError, match=message):
        Blend((card, card), shares)
