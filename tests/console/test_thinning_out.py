"""Thinning out: a day is marked before rows are deleted, and an interrupted one is finished."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from console.apps.ranking.models import PublishedRun
from console.publishing import publish as retention
from console.publishing.publish import publish, thin_out_old_runs
from console.publishing.run_database import thin_out
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import Site


@pytest.fixture
def old(site: Site, finished_day: FinishedDay, tmp_path: Path) -> PublishedRun:
    """The first of two published days."""
    run = site.run
    publish(add_day(finished_day.home, tmp_path / "home", finished_day.as_of))
    return run


def test_nobody_reads_a_part_of_a_day_that_is_marked_as_whole(old: PublishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[bool, bool]] = []

    def look(run_id: str, keep: Any) -> None:
        said.extend(PublishedRun.objects.filter(run_id=run_id).values_list("is_whole", "is_thinning"))
        thin_out(run_id, keep)

    monkeypatch.setattr(retention, "thin_out", look)

    assert thin_out_old_runs(1) == 1
    assert said == [(False, True)]
    old.refresh_from_db()
    assert (old.is_whole, old.is_thinning) == (False, False)
    assert thin_out_old_runs(1) == 0


def test_an_interrupted_thinning_out_is_finished(site: Site, old: PublishedRun, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(retention, "thin_out", killed)
    with pytest.raises(KeyboardInterrupt):
        thin_out_old_runs(1)
    monkeypatch.undo()
    file = site.folder.rankings / f"{old.run_id}.sqlite3"
    whole = file.stat().st_size

    assert thin_out_old_runs(1) == 1
    assert file.stat().st_size < whole
