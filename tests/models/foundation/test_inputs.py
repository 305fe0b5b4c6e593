"""The model's input columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from expectations.contracts.indicators import Indicator, features_contract
from models.foundation import inputs
from models.foundation.inputs import Inputs, catalogue_inputs, matrix

UNSCORED = ("complainants_12m", "top_complainant_share")


def indicator(column: str, direction: int, *, peer: bool) -> Indicator:
    return Indicator("X1", column, "tax", "share", (), direction, peer, {}, {}, False, {})


def test_a_peer_form_has_its_indicators_direction(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = (indicator("late", 1, peer=True), indicator("age", -1, peer=False))
    monkeypatch.setattr(inputs, "catalogue", lambda: listed)
    assert catalogue_inputs() == Inputs(("late", "late_vs_peers", "age"), (1, 1, -1), ("tax", "tax", "tax"))


def test_inputs_are_the_scored_indicator_columns() -> None:
    columns = tuple(map(str, features_contract().columns[5:]))
    assert catalogue_inputs().columns == tuple(column for column in columns if column not in UNSCORED)
    assert set(UNSCORED) < set(columns)


def test_the_concentration_of_complainants_is_not_scored() -> None:
    assert {one.column for one in inputs.catalogue() if not one.scored} == set(UNSCORED)


def test_null_and_infinite_values_are_unknown() -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [np.inf, -np.inf], "c": [True, False]})
    assert np.array_equal(matrix(frame, ("c", "a", "b")), [[1, 1, np.nan], [0, np.nan, np.nan]], equal_nan=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (((), (), ()), "given"),
        ((("a", "a"), (0, 0), ("tax", "tax")), "once"),
        ((("a",), (0, 1), ("tax",)), "length"),
        ((("a",), (2,), ("tax",)), "direction"),
    ],
)
def test_inconsistent_inputs_are_refused(given: tuple, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Inputs(*given)
