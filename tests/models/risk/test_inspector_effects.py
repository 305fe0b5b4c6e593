"""Inspector effects are estimated, adjusted for, averaged out, and no input."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from model_examples import INPUTS, Labelled, fit, invent
from sklearn.metrics import roc_auc_score

from expectations.contracts.indicators import features_contract, find_denied
from models.foundation.inputs import catalogue_inputs
from models.risk.boosting import Growth, fit_booster, level
from models.risk.calibration import sigmoid
from models.risk.inspector_effects import fit_effects
from models.risk.probability import ProbabilityModel, fit_probability
from models.risk_model import RiskModel

NAMES = np.array([f"I{number}" for number in range(8)])
EFFECTS = np.array([-2.0, -1.2, -0.6, 0.0, 0.0, 0.6, 1.2, 2.0])


def inspected(rows: int, seed: int, *, sent: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """One informative column x, inspectors (stricter ones to larger x, depending on ``sent``), outcomes, and the true margin."""
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    who = np.clip(np.rint(3.5 + sent * x + random.normal(0, 2, rows)), 0, 7).astype(int)
    margin = -1.0 + x
    y = (random.random(rows) < sigmoid(margin + EFFECTS[who])).astype(float)
    return x[:, None], NAMES[who], y, margin


def test_effects_are_estimated_given_the_margin_and_shrunk() -> None:
    _, who, y, margin = inspected(20_000, seed=1)
    effects = fit_effects(y, np.ones(len(y)), who, margin)
    np.testing.assert_allclose(effects.effect, EFFECTS, atol=0.25)
    assert effects.spread == pytest.approx(EFFECTS.std(), abs=0.2)
    few = fit_effects(y[:60], np.ones(60), who[:60], margin[:60])
    assert np.abs(few.effect).max() < np.abs(EFFECTS).max()


def test_equal_inspectors_have_almost_no_effect() -> None:
    random = np.random.default_rng(2)
    y = (random.random(6000) < 0.3).astype(float)
    effects = fit_effects(y, np.ones(6000), NAMES[random.integers(0, 8, 6000)], np.full(6000, np.log(3 / 7)))
    assert np.abs(effects.effect).max() < 0.15


def test_an_unknown_inspector_has_no_effect() -> None:
    _, who, y, margin = inspected(2000, seed=3)
    effects = fit_effects(y, np.ones(len(y)), who, margin)
    assert effects.offset(np.array(["", "I99", "I0"])).tolist() == [0.0, 0.0, effects.effect[0]]


def test_the_probability_is_the_mean_over_inspectors() -> None:
    _, who, y, margin = inspected(4000, seed=4)
    effects = fit_effects(y, np.ones(len(y)), who, margin)
    by_hand = np.mean([sigmoid(np.array([0.3]) + effects.offset(np.array([name])))[0] for name in who])
    assert effects.averaged(np.array([0.3]))[0] == pytest.approx(by_hand)


@pytest.mark.parametrize("library", ["lightgbm", "scikit-learn"])
def test_a_margin_fitted_with_offsets_is_free_of_them(library: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strict inspectors were sent to large x: without the offset the slope of x includes their effect."""
    if library == "scikit-learn":
        monkeypatch.setattr("models.risk.boosting.load_lightgbm", lambda: None)
    X, who, y, margin = inspected(20_000, seed=5, sent=1.5)
    offset = EFFECTS[np.searchsorted(NAMES, who)]
    growth = Growth(learning_rate=0.05, leaves=7, column_share=1.0)
    fitted = [
        fit_booster(X, y, np.ones(len(y)), (1,), offset=given, growth=growth, rounds=160, seed=1, threads=1).margin(X)
        for given in (offset, None)
    ]
    slopes = [np.polyfit(X[:, 0], values, 1)[0] for values in fitted]
    assert slopes[0] == pytest.approx(1.0, abs=0.12)
    assert slopes[1] > 1.4
    assert np.mean(fitted[0] - margin) == pytest.approx(0.0, abs=0.1)


def test_the_level_predicts_the_observed_number() -> None:
    _, who, y, _ = inspected(3000, seed=6)
    offset = EFFECTS[np.searchsorted(NAMES, who)]
    assert sigmoid(level(y, np.ones(3000), offset) + offset).sum() == pytest.approx(y.sum(), abs=1e-6)


def strict_and_lenient(rows: int, seed: int) -> tuple[Labelled, np.ndarray]:
    """Synthetic labels from randomly assigned inspectors with effects."""
    labelled = invent(rows, seed)
    random = np.random.default_rng(seed + 100)
    who = random.integers(0, 8, rows)
    given = labelled.X.fillna(0.0)
    truth = -2.0 + 0.9 * given["late"] - 0.6 * given["age_vs_peers"] + 0.7 * given["complaints"]
    y = (random.random(rows) < sigmoid(truth.to_numpy() + EFFECTS[who])).astype(float)
    return Labelled(labelled.X, y, labelled.time, labelled.entity), NAMES[who]


def learn(labelled: Labelled, inspector: np.ndarray | None) -> ProbabilityModel:
    return fit_probability(labelled.X, labelled.y, labelled.time, labelled.entity, INPUTS.directions, inspector=inspector, seed=3)


def test_the_model_is_calibrated_over_inspectors_and_ranks_no_worse() -> None:
    labelled, who = strict_and_lenient(4000, seed=7)
    later, _ = strict_and_lenient(4000, seed=8)
    adjusted, plain = learn(labelled, who), learn(labelled, None)
    assert adjusted.probability(later.X).mean() == pytest.approx(later.y.mean(), abs=0.025)
    aucs = [roc_auc_score(later.y, model.margin(later.X)) for model in (adjusted, plain)]
    assert aucs[0] > aucs[1] - 0.005
    assert adjusted.effects is not None
    assert adjusted.effects.spread > 0.8


def test_no_score_depends_on_the_inspector() -> None:
    """The inspector is no input column, so renaming inspectors changes only the fit."""
    labelled, who = strict_and_lenient(2000, seed=9)
    model = fit(labelled, inspector=who)
    later = invent(50, seed=10).X
    pd.testing.assert_frame_equal(model.score(later.assign(inspector_id="I7")), model.score(later), check_exact=True)
    assert model.facts["inspectors"]["number"] == 8
    renamed = fit(labelled, inspector=np.char.replace(who, "I", "J"))
    pd.testing.assert_frame_equal(renamed.score(later), model.score(later), check_exact=True)


def test_no_inspector_column_is_an_input(model: RiskModel) -> None:
    named = {*catalogue_inputs().columns, *(str(column) for column in features_contract().columns), *model.inputs.columns}
    assert {column for column in named if "inspector" in column} == set()
    assert [name for name, _ in find_denied(sorted(named))] == []
