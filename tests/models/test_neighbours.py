"""What visits to others of the same region found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluation.neighbours import USUAL, region_rate

REGIONS = pd.Series({"A": "north", "B": "north", "C": "north", "D": "south", "E": None})


def visits(**found: float) -> pd.DataFrame:
    return pd.DataFrame({"entity_id": list(found), "found_violation": list(found.values())})


def test_an_entitys_own_visits_do_not_count() -> None:
    told = region_rate(pd.Series(["A", "B"]), REGIONS, visits(A=1.0, B=0.0, C=1.0, D=0.0))
    assert told == pytest.approx([(1 + USUAL * 0.5) / (2 + USUAL), (2 + USUAL * 0.5) / (2 + USUAL)])


def test_where_no_neighbour_was_visited_it_is_the_share_of_all() -> None:
    assert region_rate(pd.Series(["D"]), REGIONS, visits(A=1.0, B=0.0, C=1.0, D=1.0)) == pytest.approx([0.75])


def test_without_a_region_or_a_visit_nothing_is_told() -> None:
    assert np.isnan(region_rate(pd.Series(["E", "unknown"]), REGIONS, visits(A=1.0))).all()
    assert np.isnan(region_rate(pd.Series(["A"]), REGIONS, visits())).all()
