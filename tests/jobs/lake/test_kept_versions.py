"""What the manifests name is read once, however many tables there are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from jobs.lake.maintenance import retention
from jobs.lake.maintenance.check import check
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.manifests import runs_since
from jobs.profile.profile import Retention
from tests.jobs.lake.homes import home_of

D = date(2026, 6, 30)


def test_upkeep_and_a_check_read_what_runs_left_once_for_all_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = home_of(tmp_path, [D])
    asked: list[date] = []

    def counted(home: Path, first: date) -> list[dict[str, object]]:
        asked.append(first)
        return runs_since(home, first)

    monkeypatch.setattr(retention, "runs_since", counted)
    list(check(lake))
    assert asked == [date.min]
    maintain(lake, Retention(feature_days=3, time_travel_days=1), D)
    assert asked == [date.min, D]
