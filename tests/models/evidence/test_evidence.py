"""The evidence on an entity: how much is known and how fresh it is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evidence.evidence import fit_evidence
from models.foundation.inputs import Inputs

COLUMNS = ("age_days", "days_since_visit", "months_since_return", "late_filing_share", "late_filing_share_vs_peers")
INPUTS = Inputs(COLUMNS, (-1, 0, 1, 1, 1), ("basic", "supervision", "tax", "tax", "tax"))
ORDINARY = {"age_days": 4000.0, "days_since_visit": 40.0, "months_since_return": 0.0, "late_filing_share": 0.1}


def rows(*changed: dict[str, float]) -> pd.DataFrame:
    """Entities with full evidence, except for the given values."""
    return pd.DataFrame([dict.fromkeys(COLUMNS, np.nan) | ORDINARY | one for one in changed], columns=list(COLUMNS))


def evidence(*changed: dict[str, float]) -> list[float]:
    rule = fit_evidence(rows(*[{}] * 9, {"late_filing_share": np.nan}), INPUTS, fresh_days=90, half_life_days=180)
    found: list[float] = rule(rows(*changed)).tolist()
    return found


def test_usual_and_fresh_evidence_is_one() -> None:
    assert evidence({}) == [1.0]


def test_a_value_and_its_peer_form_are_one_indicator() -> None:
    assert evidence({"late_filing_share_vs_peers": 2.0}) == [1.0]


def test_half_of_the_usual_inputs_is_half_the_evidence() -> None:
    assert evidence({"late_filing_share": np.nan, "months_since_return": np.nan}) == [0.5]


@pytest.mark.parametrize(("days", "share"), [(90, 1.0), (270, 0.5), (450, 0.25), (9000, 1 / 16)])
def test_evidence_halves_with_each_half_life_past_the_grace(days: float, share: float) -> None:
    assert evidence({"days_since_visit": days, "months_since_return": 999.0, "age_days": 99_999.0}) == [share]


def test_the_newest_record_counts_and_months_become_days() -> None:
    assert evidence({"days_since_visit": 9000.0, "months_since_return": 1.0}) == [1.0]
    older = evidence({"days_since_visit": 9000.0, "months_since_return": 270 / (365.25 / 12)})
    assert older == [pytest.approx(0.5)]


def test_without_any_known_age_evidence_is_least() -> None:
    assert evidence({"days_since_visit": np.nan, "months_since_return": np.nan, "age_days": np.nan}) == [1 / 16]


def test_without_age_inputs_every_entity_is_fresh() -> None:
    inputs = Inputs(("late_filing_share",), (1,), ("tax",))
    rule = fit_evidence(rows({}), inputs, fresh_days=90, half_life_days=180)
    assert rule(rows({"days_since_visit": 9000.0})).tolist() == [1.0]
