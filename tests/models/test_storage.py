"""A model stored and loaded is the same model, to the bit, and nothing else can be loaded."""

from __future__ import annotations

import json

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


def test_loaded_model_scores_and_explains_to_the_bit(model: RiskModel, later: pd.DataFrame) -> None:
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


def test_broken_or_missing_files_are_explained(rule: RiskModel) -> None:
    files = dump(rule)
    with pytest.raises(ValueError, match=r"anomaly\.skops"):
        load({name: body for name, body in files.items() if name != "anomaly.skops"})
    with pytest.raises(ValueError, match="no skops archive"):
        load(files | {"anomaly.skops": b"not a zip"})
    with pytest.raises(ValueError, match="cannot be read"):
        load(files | {"model.json": b"{"})
    with pytest.raises(ValueError, match="format 99"):
        load(files | {"model.json": b'{"format": 99}'})


def test_an_estimator_of_another_kind_is_refused(rule: RiskModel) -> None:
    with pytest.raises(ValueError, match="LogisticRegression"):
        load(dump(rule) | {"rule.skops": skops.io.dumps(LogisticRegression())})
