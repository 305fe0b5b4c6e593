"""A stored and loaded model is the same bit for bit; other content is refused."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import skops.io
from model_examples import Labelled, fit, shuffled
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from models.risk_model import RiskModel
from models.storage import dump, load


def shout(values: object) -> object:
    return values


def test_a_loaded_model_gives_the_same_bits(model: RiskModel, later: pd.DataFrame) -> None:
    again = load(dump(model))
    pd.testing.assert_frame_equal(again.score(later), model.score(later), check_exact=True)
    pd.testing.assert_frame_equal(again.contributions(later), model.contributions(later), check_exact=True)
    assert again.facts == json.loads(json.dumps(model.facts))
    assert again.inputs == model.inputs


def test_storing_a_loaded_model_gives_the_same_bytes(model: RiskModel) -> None:
    files = dump(model)
    assert dump(load(files)) == files


def test_equal_fits_give_equal_files_and_others_do_not(labelled: Labelled, learnt: RiskModel) -> None:
    assert dump(fit(shuffled(labelled, seed=8))) == dump(learnt)
    assert dump(fit(labelled, seed=8)) != dump(learnt)


def test_archive_with_a_foreign_type_is_refused(rule: RiskModel) -> None:
    files = dump(rule) | {"rule.skops": skops.io.dumps(FunctionTransformer(shout))}
    with pytest.raises(ValueError, match="shout"):
        load(files)


def test_damaged_or_missing_files_are_explained(rule: RiskModel) -> None:
    files = dump(rule)
    with pytest.raises(ValueError, match=r"anomaly\.npz"):
        load({name: body for name, body in files.items() if name != "anomaly.npz"})
    with pytest.raises(ValueError, match="no skops archive"):
        load(files | {"rule.skops": b"not a zip"})
    for body in (b"not a zip", b"", files["anomaly.npz"][:500]):
        with pytest.raises(ValueError, match="no archive of plain arrays"):
            load(files | {"anomaly.npz": body})
    with pytest.raises(ValueError, match="cannot be read"):
        load(files | {"model.json": b"{"})
    with pytest.raises(ValueError, match="format 99"):
        load(files | {"model.json": b'{"format": 99}'})


def rewritten(files: dict[str, bytes], name: str, change: Callable[[np.ndarray], np.ndarray]) -> dict[str, bytes]:
    """The files with one array of the anomaly's changed."""
    with np.load(io.BytesIO(files["anomaly.npz"])) as stored:
        arrays = {key: change(stored[key]) if key == name else stored[key] for key in stored.files}
    body = io.BytesIO()
    np.savez(body, **arrays)
    return files | {"anomaly.npz": body.getvalue()}


def test_arrays_of_another_precision_are_refused(rule: RiskModel) -> None:
    with pytest.raises(ValueError, match="another type"):
        load(rewritten(dump(rule), "threshold", lambda array: array.astype(np.float64)))


def test_arrays_that_need_pickle_are_refused(rule: RiskModel) -> None:
    with pytest.raises(ValueError, match="no archive of plain arrays"):
        load(rewritten(dump(rule), "threshold", lambda array: array.astype(object)))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("column", lambda array: array + np.int16(100)),
        ("column", lambda array: array - np.int16(100)),
        ("threshold", lambda array: array[:, :-1]),
        ("depth", lambda array: array[:-1]),
        ("center", lambda array: array[:-1]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(rule: RiskModel, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        load(rewritten(dump(rule), name, change))


def test_an_estimator_of_another_kind_is_refused(rule: RiskModel) -> None:
    with pytest.raises(ValueError, match="LogisticRegression"):
        load(dump(rule) | {"rule.skops": skops.io.dumps(LogisticRegression())})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("low", lambda table: table[:-1]),
        ("low", lambda table: [row[::-1] for row in table]),
        ("high", lambda table: [[-1.0 for _ in row] for row in table]),
        ("margin", lambda knots: knots[::-1]),
        ("margin", lambda _knots: []),
    ],
)
def test_tables_of_the_interval_that_do_not_fit_are_refused(learnt: RiskModel, name: str, change: Callable[[list], list]) -> None:
    files = dump(learnt)
    metadata = json.loads(files["model.json"])
    metadata["interval"][name] = change(metadata["interval"][name])
    with pytest.raises(ValueError, match="interval's tables do not fit"):
        load(files | {"model.json": json.dumps(metadata).encode()})
