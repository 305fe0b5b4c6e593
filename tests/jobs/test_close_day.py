"""What a run warns of when its day is closed."""

from __future__ import annotations

import json

import pytest

from jobs.close_day import _warn
from jobs.steps.target_list import TIE_KEY_VARIABLE


def test_a_run_warns_of_what_its_model_warns_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(TIE_KEY_VARIABLE, "a secret of this test")
    found = {"constant_indicators": ["violation_share"], "equal_orders": ["past record"]}
    _warn({}, {"model_id": "m-1", "warnings": found})
    constant, equal = map(json.loads, capsys.readouterr().err.splitlines())
    assert constant["model"] == equal["model"] == "m-1"
    assert "known values are all equal" in constant["warning"]
    assert "AUC of exactly 0.5" in equal["warning"]
    assert "past record" in equal["warning"]
    _warn({}, {})
    assert capsys.readouterr().err == ""
