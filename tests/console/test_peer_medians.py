"""Peer medians: stored only when they change, valid until the next one, and updated without reading their history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from console.apps.evidence.models import PeerMedian
from console.apps.evidence.read import peer_counts
from console.publishing.evidence import update_peer_medians
from jobs.lake.finished_run import FinishedRun
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import Site

Change = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture
def day(site: Site, finished_day: FinishedDay, tmp_path: Path) -> Callable[..., FinishedRun]:
    """A day some days later, with other medians."""
    assert site.run

    def make(days: int, change: Change) -> FinishedRun:
        def of_peers(name: str, frame: pd.DataFrame) -> pd.DataFrame:
            return change(frame) if name == "gold/peers" else frame

        return add_day(finished_day.home, tmp_path / "home", finished_day.as_of, days=days, run=f"{days:012d}", change=of_peers)

    return make


def set_first(frame: pd.DataFrame, **values: Any) -> pd.DataFrame:
    frame = frame.sort_values(["peer_group", "indicator"]).reset_index(drop=True)
    for name, value in values.items():
        frame.loc[0, name] = value
    return frame


def of_first() -> list[tuple[date, date | None, int]]:
    first = PeerMedian.objects.order_by("peer_group", "indicator").first()
    rows = PeerMedian.objects.filter(peer_group=first.peer_group, indicator=first.indicator).order_by("as_of")
    return list(rows.values_list("as_of", "until", "peer_count"))


def test_a_median_is_valid_until_the_next_and_only_changes_are_written(
    day: Callable[..., FinishedRun], finished_day: FinishedDay
) -> None:
    first = PeerMedian.objects.order_by("peer_group", "indicator").first()
    all_of_first_day, begins = PeerMedian.objects.count(), finished_day.as_of
    assert set(PeerMedian.objects.values_list("as_of", "until")) == {(begins, None)}

    assert update_peer_medians(day(1, lambda frame: frame)) == 0
    assert update_peer_medians(day(2, lambda frame: set_first(frame, peer_count=777))) == 1
    # The old count returns on the next day, and the whole indicator disappears on the day after.
    assert update_peer_medians(day(3, lambda frame: frame)) == 1
    assert update_peer_medians(day(4, lambda frame: set_first(frame, peer_count=0).iloc[1:])) == 0

    second, third, last = (begins + timedelta(days=days) for days in (2, 3, 4))
    assert of_first() == [(begins, second, first.peer_count), (second, third, 777), (third, last, first.peer_count)]
    assert PeerMedian.objects.count() == all_of_first_day + 2
    of_first_alone = [first.peer_group], [first.indicator]
    counted = [peer_counts(*of_first_alone, begins + timedelta(days=days)) for days in range(5)]
    counts = [count.get((first.peer_group, first.indicator)) for count in counted]
    assert counts == [first.peer_count, first.peer_count, 777, first.peer_count, None]
    assert peer_counts(*of_first_alone, begins - timedelta(days=1)) == {}


def test_loading_a_day_twice_gives_the_same_as_loading_it_once(day: Callable[..., FinishedRun]) -> None:
    once = update_peer_medians(day(1, lambda frame: set_first(frame, peer_count=777)))
    rows = sorted(PeerMedian.objects.values_list("peer_group", "indicator", "as_of", "until", "peer_count"))

    assert update_peer_medians(day(1, lambda frame: set_first(frame, peer_count=778))) == once == 1
    assert update_peer_medians(day(1, lambda frame: set_first(frame, peer_count=777))) == 1
    assert sorted(PeerMedian.objects.values_list("peer_group", "indicator", "as_of", "until", "peer_count")) == rows


def test_only_valid_medians_are_read(day: Callable[..., FinishedRun]) -> None:
    update_peer_medians(day(1, lambda frame: frame.assign(peer_count=frame["peer_count"] + 1)))
    holds, kept = PeerMedian.objects.filter(until=None).count(), PeerMedian.objects.count()
    with CaptureQueriesContext(connections["evidence"]) as asked:
        update_peer_medians(day(2, lambda frame: frame.assign(peer_count=frame["peer_count"] + 1)))

    (reading,) = [query["sql"] for query in asked.captured_queries if query["sql"].startswith("SELECT")]
    with connections["evidence"].cursor() as cursor:
        cursor.execute(reading)
        assert (len(cursor.fetchall()), kept) == (holds, 2 * holds)
        cursor.execute(f"EXPLAIN QUERY PLAN {reading}")
        assert "medians_by_end" in str(cursor.fetchall())
