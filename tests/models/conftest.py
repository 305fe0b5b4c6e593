"""Fitted models of each kind, which the model tests share."""

from __future__ import annotations

import pandas as pd
import pytest
from model_examples import Labelled, fit, invent

from models.risk_model import RiskModel


@pytest.fixture(scope="session")
def labelled() -> Labelled:
    return invent(2000, seed=1)


@pytest.fixture(scope="session")
def later() -> pd.DataFrame:
    """Rows that no model has seen."""
    return invent(500, seed=2).X


@pytest.fixture(scope="session")
def learnt(labelled: Labelled) -> RiskModel:
    return fit(labelled)


@pytest.fixture(scope="session")
def rule(labelled: Labelled) -> RiskModel:
    return fit(labelled, minimum_labels=10_000)


@pytest.fixture(scope="session")
def without_lightgbm(labelled: Labelled) -> RiskModel:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.risk.boosting.load_lightgbm", lambda: None)
        return fit(labelled, candidates=("blend",))


@pytest.fixture(scope="session")
def trees(labelled: Labelled) -> RiskModel:
    return fit(labelled, candidates=("trees",))


@pytest.fixture(scope="session")
def blend(labelled: Labelled) -> RiskModel:
    return fit(labelled, candidates=("blend",))


@pytest.fixture(params=["learnt", "trees", "blend", "without_lightgbm", "rule"])
def model(request: pytest.FixtureRequest) -> RiskModel:
    """Each kind of model in turn."""
    found: RiskModel = request.getfixturevalue(request.param)
    return found
