"""A run's file: filled from Arrow tables and deleted if anything fails."""

from __future__ import annotations

import sqlite3

import pytest

from console.apps.ranking.models import Tie
from console.publishing.run_database import arrow_table, new_run, run_exists
from jobs.foundation.errors import ConfigError
from tests.console.conftest import Site

RUN = "2026-07-01-of-a-test"
TIES = {"position": range(1, 2001), "kind": ["", "agent"] * 1000, "other_id": [""] * 2000, "sharing": [1] * 2000}


def test_empty_texts_are_stored(site: Site) -> None:
    with new_run(RUN) as loading:
        loading.load(Tie, arrow_table(Tie, TIES).slice(1))

    path = site.folder.rankings / f"{RUN}.sqlite3"
    try:
        with sqlite3.connect(path) as database:
            rows = database.execute("SELECT position, kind, other_id, sharing FROM ranking_tie ORDER BY id").fetchall()
        database.close()
        assert rows == list(zip(*TIES.values(), strict=True))[1:]
    finally:
        path.unlink()


@pytest.mark.parametrize("does", ["load", "index"])
def test_a_full_disk_is_reported_at_every_step_and_leaves_no_file(site: Site, does: str) -> None:
    before, rows = sorted(site.folder.rankings.iterdir()), arrow_table(Tie, TIES)

    def fill() -> None:
        with new_run(RUN) as loading:
            loading.load(Tie, rows.slice(0, 2000 if does == "index" else 0))
            loading.run_sql("PRAGMA max_page_count = 1")  # no more than there are
            loading.load(Tie, rows.slice(0, 2000 if does == "load" else 0))
            loading.index(Tie)

    with pytest.raises(ConfigError, match=r"could not be written.* full .*has room"):
        fill()

    assert (run_exists(RUN), sorted(site.folder.rankings.iterdir())) == (False, before)
