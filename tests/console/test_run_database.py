"""A run's database: rows as Arrow tables with the types of a model's fields, loaded into a file that vanishes on failure."""

from __future__ import annotations

import sqlite3
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from console.apps.ranking.models import OF_RUN, Postings, Ranked, SharedIdentifier
from console.publishing.run_database import TYPES, _csv, arrow_table, new_run, run_exists
from jobs.foundation.errors import ConfigError
from tests.console.conftest import Site

RUN = "2026-07-01-of-a-test"
SHARED_ROWS = {"position": range(1, 2001), "kind": ["", "agent"] * 1000, "other_id": [""] * 2000, "sharing": [1] * 2000}


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


def test_empty_texts_are_stored(site: Site) -> None:
    with new_run(RUN) as loading:
        loading.load(SharedIdentifier, arrow_table(SharedIdentifier, SHARED_ROWS).slice(1))

    path = site.folder.rankings / f"{RUN}.sqlite3"
    try:
        with sqlite3.connect(path) as database:
            rows = database.execute("SELECT position, kind, other_id, sharing FROM ranking_tie ORDER BY id").fetchall()
        database.close()
        assert rows == list(zip(*SHARED_ROWS.values(), strict=True))[1:]
    finally:
        path.unlink()


@pytest.mark.parametrize("does", ["load", "index"])
def test_a_full_disk_is_reported_at_every_step_and_leaves_no_file(site: Site, does: str) -> None:
    before, rows = sorted(site.folder.rankings.iterdir()), arrow_table(SharedIdentifier, SHARED_ROWS)

    def fill() -> None:
        with new_run(RUN) as loading:
            loading.load(SharedIdentifier, rows.slice(0, 2000 if does == "index" else 0))
            loading.run_sql("PRAGMA max_page_count = 1")  # no further page
            loading.load(SharedIdentifier, rows.slice(0, 2000 if does == "load" else 0))
            loading.index(SharedIdentifier)

    with pytest.raises(ConfigError, match=r"could not be written.* full .*has space"):
        fill()

    assert (run_exists(RUN), sorted(site.folder.rankings.iterdir())) == (False, before)
