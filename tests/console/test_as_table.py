"""Rows as an Arrow table with the types of a model's fields."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from console.apps.ranking.models import OF_RUN, Postings, Ranked
from console.publishing.run_database import TYPES, _csv, arrow_table


def test_every_column_of_a_run_has_a_type() -> None:
    kinds = {field.get_internal_type() for model in OF_RUN for field in model._meta.concrete_fields}

    assert kinds - {"BigAutoField", "AutoField"} == TYPES.keys()


def test_missing_values_are_null_and_empty_texts_are_not() -> None:
    frame = pd.DataFrame(
        {
            "position": [1, 2],
            "region_rank": [3.0, np.nan],
            "probability": [np.nan, 0.5],
            "established_on": [date(2020, 2, 29), None],
            "name": ["", '杭州"A"'],
            "is_listed": [True, False],
        }
    )

    table = arrow_table(Ranked, frame)

    assert table.to_pydict() == {
        "position": [1, 2],
        "region_rank": [3, None],
        "probability": [None, 0.5],
        "established_on": [date(2020, 2, 29), None],
        "name": ["", '杭州"A"'],
        "is_listed": [True, False],
    }
    assert table.schema.field("region_rank").type == pa.int64()


@pytest.mark.parametrize("values", [[1.5], ["x"], [2.0**70]])
def test_a_value_that_does_not_fit_the_column_is_refused(values: list[object]) -> None:
    with pytest.raises(pa.ArrowInvalid):
        arrow_table(Ranked, {"region_rank": pd.Series(values)})


def test_no_rows_give_an_empty_table() -> None:
    table = arrow_table(Postings, {"word": [], "places": []})

    assert (len(table), table.schema.types) == (0, [pa.string(), pa.binary()])


def test_postgresql_distinguishes_empty_texts_nulls_quotes_line_breaks_and_bytes() -> None:
    batch = pa.record_batch(
        {"a": ["", None, 'x"\ny\\N'], "b": [1.25, None, -3e-300], "c": [b"\x00\xff", b"", None], "d": [True, False, None]}
    )

    assert _csv(batch).decode() == '"","1.25","\\x00ff","true"\n,,"\\x","false"\n"x""\ny\\N","-3e-300",,\n'
