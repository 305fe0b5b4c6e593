"""Absent and stale sources: the mean probability stays, evidence ages, classes freeze."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from models.evidence.availability import Availability, absent_sources, columns_by_source, fit_absence
from models.evidence.evidence import Evidence
from models.foundation.inputs import Inputs
from models.risk.calibration import Calibration

COLUMNS = ("unfiled_returns", "late_filing_share", "complaints_12m", "complaint_rate")
INPUTS = Inputs(COLUMNS, (1, 1, 1, 1), ("tax", "tax", "complaint", "complaint"))


def population() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame({name: rng.gamma(1.0, 1.0, 500) for name in INPUTS.columns})


def margin(rows: pd.DataFrame) -> np.ndarray:
    """An unknown value is worth 3 of the known ones, as if missing meant guilt."""
    return rows.fillna(3.0).sum(axis=1).to_numpy() - 6.0


def test_an_indicator_of_two_sources_is_absent_with_either():
    assert columns_by_source(INPUTS) == {
        "complaint": ("complaints_12m", "complaint_rate"),
        "tax_filing": ("unfiled_returns", "late_filing_share", "complaint_rate"),
    }


def test_a_source_is_absent_when_no_row_of_any_part_has_a_value():
    rows = population()
    without = rows.assign(unfiled_returns=np.nan, late_filing_share=np.nan, complaint_rate=np.nan)
    assert absent_sources([rows], INPUTS) == ()
    assert absent_sources([without, without], INPUTS) == ("tax_filing",)
    assert absent_sources([without, rows.head(1)], INPUTS) == ()


def test_the_mean_probability_stays_where_a_source_is_absent():
    rows, calibration = population(), Calibration(1.0, -1.0)
    shifts = fit_absence(rows, INPUTS, margin, calibration)
    usual = calibration(margin(rows)).mean()
    for source, columns in columns_by_source(INPUTS).items():
        without = margin(rows.assign(**dict.fromkeys(columns, np.nan)))
        assert abs(calibration(without).mean() / usual - 1) > 0.2
        shift = Availability((source,)).shift(shifts)
        np.testing.assert_allclose(calibration(without + shift).mean(), usual, rtol=1e-6)


def test_values_of_a_stopped_source_are_less_evidence():
    rule = Evidence(("unfiled_returns", "complaints_12m"), 2, {}, 92.0, 365.0)
    rows = population().head(1)
    assert rule(rows).tolist() == [1.0]
    assert rule(rows, {"tax_filing": 365}).tolist() == [0.75]
    with_age = replace(rule, ages={"months_since_return": 30.4375})
    aged = rows.assign(months_since_return=1.0)
    assert with_age(aged, {"tax_filing": 430})[0] < with_age(aged, {"complaint": 430})[0]


def test_all_classes_freeze_but_those_of_entities_visited_since_the_stop():
    rows = pd.DataFrame({"days_since_visit": [3.0, 10.0, np.nan]})
    assert Availability().freezes(rows).tolist() == [False, False, False]
    assert Availability(stale_days={"tax_filing": 10}).freezes(rows).tolist() == [False, True, True]
    assert Availability(absent=("tax_filing",)).freezes(rows).tolist() == [True, True, True]
