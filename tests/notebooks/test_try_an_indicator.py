"""The last part of ``try_an_indicator`` on held-out visits of two cohorts, without a home."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import jupytext
import numpy as np
import pandas as pd

from models.evaluation.evaluate import evaluate_orders
from tests.conftest import ROOT


def held_out_twice(businesses: int) -> pd.DataFrame:
    """Visits to the same businesses after each of two cohorts, each with a margin and a result."""
    random = np.random.default_rng(5)
    cohorts = [pd.Timestamp("2026-03-31"), pd.Timestamp("2026-04-30")]
    visits = pd.DataFrame(
        [(f"E{number:03}", cohort, cohort + pd.Timedelta(days=9)) for cohort in cohorts for number in range(businesses)],
        columns=["entity_id", "cohort_on", "inspected_on"],
    )
    return visits.assign(margin=random.normal(size=len(visits)), found=random.integers(0, 2, len(visits)).astype(float))


def test_a_business_that_was_visited_after_both_held_out_cohorts_counts_once_in_each() -> None:
    visits = held_out_twice(30)
    notebook = jupytext.read(ROOT / "notebooks" / "try_an_indicator.py")
    (cell,) = (cell.source for cell in notebook.cells if cell.cell_type == "code" and "pd.qcut" in cell.source)
    shown: list[Any] = []
    names: dict[str, Any] = {
        "np": np,
        "pd": pd,
        "MINE": "mine",
        "Lake": lambda _home: None,
        "day": SimpleNamespace(lake=SimpleNamespace(home=None), profile=None),
        "trained_on": None,
        "hold_out": lambda *_: SimpleNamespace(visits=visits),
        "past": visits.rename(columns={"found": "found_violation"}),
        "scores": pd.DataFrame({"mine": visits["margin"]}),
        "evaluate_orders": evaluate_orders,
        "display": shown.append,
    }

    exec(cell, names)

    (table,) = shown
    assert table.data.index.tolist() == ["low", "middle", "high"]
    assert table.data["visits"].sum() == 60
    assert table.data["AUC"].between(0, 1).all()
