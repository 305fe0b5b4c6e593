"""Reasons are given only if contributions sum to the margin."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.explanation.reasons import NotAdditiveError, check_additive
from models.risk_model import RiskModel


def test_each_kind_of_model_is_additive_on_every_row(model: RiskModel, later: pd.DataFrame) -> None:
    scores, contributions = model.explain(later)
    check_additive(contributions, scores["margin"])
    assert np.abs(contributions.sum(axis=1) - scores["margin"]).max() <= 1e-6


def test_explaining_in_one_pass_gives_the_same_bits(model: RiskModel, later: pd.DataFrame) -> None:
    scores, contributions = model.explain(later)
    pd.testing.assert_frame_equal(scores, model.score(later), check_exact=True)
    pd.testing.assert_frame_equal(contributions, model.contributions(later), check_exact=True)


@pytest.mark.parametrize("off", [2e-6, -2e-6, np.nan])
def test_a_row_that_is_not_additive_is_named(off: float) -> None:
    contributions = pd.DataFrame({"late": [1.0, 2.0], "base": [-1.0, -1.0]}, index=["one", "two"])
    check_additive(contributions, pd.Series([0.0, 1.0 + 9e-7]))
    with pytest.raises(NotAdditiveError, match="'two' sum to 1, its margin is"):
        check_additive(contributions, pd.Series([0.0, 1.0 + off]))
