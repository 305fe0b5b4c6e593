"""The assessment: shares and ROC-AUC by hand, ties, and entities left out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.foundation.errors import ConfigError
from simulation.assessment.assess import assess, share_in_top
from simulation.assessment.truth import SCHEMA, read_truth, violating_on

DAY = date(2026, 6, 30)


def truth(*rows: tuple[str, bool, date | None, date | None, date | None]) -> pa.Table:
    """Rows of entity, violator, began, ended, closed."""
    records = [
        {"entity_id": e, "is_violator": v, "typology": "phoenix" if v else None, "mimic": None if v else "seasonal",
         "began_on": [b] if v else [], "ended_on": [n] if n else [], "closed_on": c}
        for e, v, b, n, c in rows
    ]  # fmt: skip
    return pa.Table.from_pylist(records, schema=SCHEMA)


def test_violating_means_begun_and_neither_ended_nor_closed() -> None:
    table = truth(
        ("A", True, date(2026, 6, 30), None, None),
        ("B", True, date(2026, 7, 1), None, None),  # not yet
        ("C", True, date(2026, 1, 1), date(2026, 6, 30), None),  # ended
        ("D", True, date(2026, 1, 1), date(2026, 7, 1), None),  # ends later
        ("E", True, date(2026, 1, 1), None, date(2026, 3, 1)),  # closed
        ("F", False, date(2026, 1, 1), None, None),  # a mimic
    )
    assert violating_on(table, DAY).tolist() == [True, False, False, True, False, False]


def test_a_violation_that_returns_counts_from_its_second_day_on() -> None:
    (row,) = truth(("A", True, date(2026, 1, 1), date(2026, 2, 1), None)).to_pylist()
    table = pa.Table.from_pylist([{**row, "began_on": [date(2026, 1, 1), date(2026, 5, 1)]}, {**row, "began_on": []}], SCHEMA)
    assert [violating_on(table, date(2026, month, 15)).tolist()[0] for month in (1, 3, 5)] == [True, False, True]


def test_a_truth_of_another_version_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        read_truth(tmp_path)
    pq.write_table(truth().drop_columns(["ended_on"]), tmp_path / "entities.parquet")
    with pytest.raises(ConfigError, match="another version"):
        read_truth(tmp_path)


def test_share_in_top_divides_places_between_ties() -> None:
    values = np.array([9.0, 5.0, 5.0, 5.0, 1.0])
    violators = np.array([True, True, False, False, False])
    assert share_in_top(values, violators, 1) == 1 / 2
    assert share_in_top(values, violators, 2) == pytest.approx((1 + 1 / 3) / 2)  # one place for three ties
    assert share_in_top(values, violators, 4) == 1


def test_missing_values_come_last() -> None:
    assert share_in_top(np.array([np.nan, 1.0]), np.array([True, False]), 1) == 0


def world() -> dict[str, pa.Table]:
    """40 entities; the last three violate."""
    names = [f"E{number:02d}" for number in range(40)]
    rows = [(name, number >= 37, date(2026, 1, 1) if number >= 37 else None, None, None) for number, name in enumerate(names)]
    return {
        "truth": truth(*rows),
        "scores": pa.table({"entity_id": names, "margin": [float(number) for number in range(40)]}),
        "features": pa.table({"entity_id": names[::-1], "age": [float(-number) for number in range(40)]}),
    }


def test_entities_already_found_are_left_out() -> None:
    result = assess(**world(), indicators=["age"], already_found={"E39", "E00"}, as_of=DAY, seed=1)
    assert (result.population, result.violators, result.top) == (38, 2, 1)
    assert result.model.share_in_top == 0.5
    assert result.model.roc_auc == 1
    assert result.by_typology == {"phoenix": {"entities": 2, "share_in_top": 0.5}}


def test_closed_entities_are_left_out() -> None:
    tables = world()
    closed = [*tables["truth"].to_pylist()[:-1], {**tables["truth"].to_pylist()[-1], "closed_on": date(2026, 5, 1)}]
    tables["truth"] = pa.Table.from_pylist(closed, schema=SCHEMA)
    result = assess(**tables, indicators=["age"], already_found=set(), as_of=DAY, seed=1)
    assert (result.population, result.violators) == (39, 2)


def test_an_indicator_is_ranked_both_ways() -> None:
    result = assess(**world(), indicators=["age"], already_found=set(), as_of=DAY, seed=1)
    assert {one.name for one in result.indicators} == {"age, more", "age, less"}
    assert result.best_indicator_by_auc.name == "age, more"  # −number over reversed names rises with the name
    assert result.best_indicator_by_auc.roc_auc == 1


def test_no_violators_is_an_error() -> None:
    tables = world()
    tables["truth"] = truth(*[(f"E{number:02d}", False, None, None, None) for number in range(40)])
    with pytest.raises(ValueError, match="0 of 40"):
        assess(**tables, indicators=["age"], already_found=set(), as_of=DAY, seed=1)
