"""The rule that replaces the learnt probability."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.foundation.inputs import Inputs
from models.risk.fallback import fit_fallback

INPUTS = Inputs(("late", "late_vs_peers", "zero", "age", "size"), (1, 1, 1, -1, 0), ("tax", "tax", "tax", "basic", "basic"))
# Median 0 and MAD 1 / 1.4826 in every column: the robust scale is 1.
POPULATION = pd.DataFrame({name: np.array([-2, -1, 0, 1, 2]) / 1.4826 for name in INPUTS.columns})


def contributions(**values: float) -> list[float]:
    row = pd.DataFrame([{name: values.get(name, np.nan) for name in INPUTS.columns}])
    return fit_fallback(POPULATION, INPUTS, found=0, visits=0).contributions(row)[0].tolist()


def test_a_dimension_is_a_mean_shrunk_by_two_average_indicators() -> None:
    one_known = contributions(late_vs_peers=3.0)
    two_known = contributions(late_vs_peers=3.0, zero=0.0)
    assert one_known[1] == pytest.approx(np.arcsinh(3) / (1 + 2))
    assert two_known[1] == pytest.approx(np.arcsinh(3) / (2 + 2))


def test_less_is_riskier_where_the_direction_says_so() -> None:
    assert contributions(age=-2.0)[3] == pytest.approx(np.arcsinh(2) / 3)
    assert contributions(age=2.0)[3] == pytest.approx(-np.arcsinh(2) / 3)


def test_undirected_indicators_and_values_with_a_peer_form_are_not_used() -> None:
    assert contributions(size=9.0, late=9.0)[:-1] == [0.0] * 5


@pytest.mark.parametrize(("found", "visits", "rate"), [(0, 0, 1 / 10), (1, 10, 2 / 20), (90, 90, 91 / 100)])
def test_the_intercept_is_the_shrunken_rate_of_the_labels(found: int, visits: int, rate: float) -> None:
    nothing = pd.DataFrame(np.nan, index=[0], columns=list(INPUTS.columns))
    margin = fit_fallback(POPULATION, INPUTS, found=found, visits=visits).margin(nothing)[0]
    assert 1 / (1 + np.exp(-margin)) == pytest.approx(rate)


def test_inputs_without_directions_give_the_intercept() -> None:
    inputs = Inputs(("size",), (0,), ("basic",))
    assert fit_fallback(POPULATION, inputs, found=0, visits=0).margin(POPULATION).tolist() == [pytest.approx(np.log(1 / 9))] * 5
