"""Calibration for selection bias with random visits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled, fit, invent

from models.risk.calibration import Calibration, fit_calibration, sigmoid
from models.risk.interval import fit_interval
from models.risk.probability import calibrate, fit_probability
from models.risk.selection_bias import FEWEST, RANDOM, calibrate_selection_bias, is_representative
from models.storage import dump, load

REASONS = np.array([RANDOM, "campaign", "complaint", "targeted"])
SENT = np.array([0.0, 2.5, 0.3, 1.2])
CHANCE = Calibration(1.5, -1.0, -3.2)


def visits(rows: int, share: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Margins, outcomes and reasons: a share of random visits; targeted ones find more of the signal."""
    random = np.random.default_rng(seed)
    margin = random.normal(-2.5, 0.8, rows)
    why = np.where(random.random(rows) < share, 0, random.integers(1, 4, rows))
    background, signal = sigmoid(CHANCE.background + 0.05 * margin), sigmoid(CHANCE.slope * margin + CHANCE.intercept + SENT[why])
    y = (random.random(rows) < 1 - (1 - background) * (1 - signal)).astype(float)
    return margin, y, REASONS[why]


def truth(margin: np.ndarray) -> np.ndarray:
    """The log-odds of a random visit: almost constant in the bulk, steep at the upper end."""
    return CHANCE.log_odds(margin)


def fitted(margin: np.ndarray, y: np.ndarray, why: np.ndarray):
    return calibrate_selection_bias(margin, y, np.ones(len(y)), why, np.zeros(len(y)))


def test_the_probability_is_that_of_a_random_visit() -> None:
    found = fitted(*visits(60_000, 0.3, seed=1))
    at = np.array([-4.0, -2.5, -1.0, 0.0])
    np.testing.assert_allclose(found.calibration.log_odds(at), truth(at), atol=0.25)
    assert list(found.odds) == ["campaign", "complaint", "targeted"]
    np.testing.assert_allclose(np.log(list(found.odds.values())), SENT[1:], atol=0.25)
    assert found.calibration.background == pytest.approx(CHANCE.background, abs=0.15)
    assert found.calibration.slope == pytest.approx(CHANCE.slope, abs=0.15)


def test_few_random_visits_improve_on_targeted_ones_and_on_being_alone() -> None:
    """Thirty worlds with about 30 random violations: the error at the upper end, where random visits are rare."""
    errors = {"grounded": [], "all alike": [], "drawn alone": []}
    at = np.array([-2.5, -1.0, -0.5])
    for seed in range(30):
        margin, y, why = visits(2500, 0.3, seed=100 + seed)
        drawn = why == RANDOM
        maps = {
            "grounded": fitted(margin, y, why).calibration,
            "all alike": fit_calibration(margin, y),
            "drawn alone": fitted(margin[drawn], y[drawn], why[drawn]).calibration,
        }
        for name, one in maps.items():
            errors[name].append(one.log_odds(at) - truth(at))
    root = {name: np.sqrt(np.mean(np.square(error))) for name, error in errors.items()}
    assert root["grounded"] < 0.9 * root["drawn alone"]
    assert root["grounded"] < 0.6 * root["all alike"]
    assert np.abs(np.mean(errors["grounded"], axis=0)).max() < 0.3


def test_fewer_random_visits_give_more_weight_to_targeted_ones() -> None:
    margin, y, why = visits(6000, 0.3, seed=3)
    drawn = np.flatnonzero(why == RANDOM)
    levels = []
    for kept in (len(drawn), 400, 100):
        rows = np.concatenate([np.flatnonzero(why != RANDOM), drawn[:kept]])
        levels.append(fitted(margin[rows], np.where(why == RANDOM, 0.0, y)[rows], why[rows]).calibration(np.array([-2.5]))[0])
    assert levels[0] < levels[1] < levels[2] < y[why != RANDOM].mean()


def test_weights_make_targeted_visits_find_what_random_ones_do() -> None:
    margin, y, why = visits(40_000, 0.3, seed=4)
    weight = fitted(margin, y, why).weight
    sent, drawn = why != RANDOM, why == RANDOM
    for low, high in ((-4.0, -2.5), (-2.5, -1.5), (-1.5, 0.0)):
        part = (margin > low) & (margin <= high)
        weighed = np.average(y[part & sent], weights=weight[part & sent])
        assert weighed == pytest.approx(y[part & drawn].mean(), abs=0.02)
        assert y[part & sent].mean() > 1.25 * y[part & drawn].mean()
    assert (weight[drawn] == 1).all()


def test_random_visits_weigh_by_known_probabilities() -> None:
    margin, y, why = visits(20_000, 0.5, seed=5)
    drawn = why == RANDOM
    inclusion = np.where(y == 1, 0.8, 0.2)  # a draw that takes the found four times as often
    kept = ~drawn | (np.random.default_rng(6).random(len(y)) < inclusion)
    weight = np.where(drawn, 1 / inclusion, 1.0)
    weighed = calibrate_selection_bias(margin[kept], y[kept], weight[kept], why[kept], np.zeros(kept.sum())).calibration
    plain = fitted(margin[kept], y[kept], why[kept]).calibration
    assert weighed(margin).mean() == pytest.approx(sigmoid(truth(margin)).mean(), rel=0.1)
    assert plain(margin).mean() > 1.5 * weighed(margin).mean()


def test_too_few_random_visits_are_not_used() -> None:
    margin, y, why = visits(3000, 0.3, seed=7)
    found = np.flatnonzero((why == RANDOM) & (y == 1))
    nothing, ones = np.zeros(3000), np.ones(3000)
    y[found[FEWEST - 1 :]] = 0.0
    assert not is_representative(y, why)
    assert calibrate(margin, y, ones, why, nothing, None).calibration == fit_calibration(margin, y, ones)
    y[found[FEWEST - 1]] = 1.0
    assert is_representative(y, why)
    assert calibrate(margin, y, ones, why, nothing, None).odds


def with_reasons(labelled: Labelled) -> np.ndarray:
    return np.where(np.arange(len(labelled.y)) % 3 == 0, RANDOM, "targeted")


def test_every_visit_calibrates_with_a_model_not_fitted_on_its_business(labelled: Labelled) -> None:
    """Changing an entity's outcome leaves its own held-out margin unchanged."""

    def held(y: np.ndarray) -> pd.Series:
        model = fit_probability(
            labelled.X, y, labelled.time, labelled.entity, INPUTS.directions,
            reason=with_reasons(labelled), candidates=("scorecard",), seed=3,
        )  # fmt: skip
        assert model.held_out is not None
        assert model.held_out.split == "entity"
        rounds.append(dict(model.rounds))
        return pd.Series(model.held_out.margin, index=model.held_out.rows).sort_index()

    rounds: list[dict[str, int]] = []
    other = labelled.y.copy()
    other[700] = 1 - other[700]
    before, after = held(labelled.y), held(other)
    assert before.index.tolist() == list(range(len(labelled.y)))
    assert rounds[0] == rounds[1]
    assert before[700] == after[700]
    assert (before != after).mean() > 0.5


def test_the_model_predicts_the_outcome_of_random_visits() -> None:
    """Targeted visits followed a hidden sign; a third of the visits were random."""
    world, fresh = invent(6000, seed=21), invent(6000, seed=22)
    random = np.random.default_rng(23)
    is_random = random.random(6000) < 1 / 3
    sent = np.flatnonzero(~is_random & (random.random(6000) < np.where(world.y == 1, 0.9, 0.3)))
    rows = np.sort(np.concatenate([np.flatnonzero(is_random), sent]))
    seen = Labelled(world.X.iloc[rows], world.y[rows], world.time[rows], world.entity[rows])
    reason = np.where(is_random[rows], RANDOM, "targeted")
    honest, naive = (fit(seen, reason=used, candidates=("scorecard",)) for used in (reason, None))
    promised = [model.score(fresh.X)["probability"].mean() for model in (honest, naive)]
    assert promised[0] == pytest.approx(fresh.y.mean(), abs=0.02)
    assert promised[1] > fresh.y.mean() + 0.05
    assert honest.facts["odds_by_reason"]["targeted"] == pytest.approx(3.0, rel=0.35)
    scores = honest.score(fresh.X)
    order = np.argsort(scores["margin"].to_numpy())
    assert (np.diff(scores["probability"].to_numpy()[order]) >= 0).all()
    pd.testing.assert_frame_equal(load(dump(honest)).score(fresh.X), scores, check_exact=True)


def test_intervals_cover_the_rate_of_random_visits() -> None:
    """Twelve worlds with a few dozen random violations; the interval includes the uncertainty of the reasons' effects."""
    held = {"with doubt": [], "weights alone": [], "all alike": []}
    for seed in range(12):
        margin, y, why = visits(2500, 0.3, seed=200 + seed)
        tilt = fitted(margin, y, why).tilt
        at = np.quantile(margin, np.linspace(0.05, 0.95, 10))
        given = {"with doubt": {"weight": tilt.weight(), "redraw": tilt.drawn}, "weights alone": {"weight": tilt.weight()}}
        for name, rates in held.items():
            interval = fit_interval(margin, y, np.arange(2500).astype(str), level=0.9, seed=1, resamples=50, **given.get(name, {}))
            low, high = interval(at, np.ones(10), np.ones(10))[0], interval(at, np.zeros(10), np.ones(10))[1]
            rates.append(np.mean((low <= sigmoid(truth(at))) & (sigmoid(truth(at)) <= high)))
    assert np.mean(held["with doubt"]) >= 0.85
    assert np.mean(held["weights alone"]) < np.mean(held["with doubt"]) - 0.05
    assert np.mean(held["all alike"]) < 0.5


def test_the_order_of_visits_does_not_matter(labelled: Labelled) -> None:
    reason = with_reasons(labelled)
    turned = np.random.default_rng(3).permutation(len(reason))
    other = Labelled(labelled.X.iloc[turned], labelled.y[turned], labelled.time[turned], labelled.entity[turned])
    one = fit(labelled, reason=reason, candidates=("scorecard",))
    again = fit(other, reason=reason[turned], candidates=("scorecard",))
    assert dump(again) == dump(one)
    assert one.calibration.background is not None
