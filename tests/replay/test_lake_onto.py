"""A lake that reads another home's tables as they were, and keeps what it makes to itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.contracts import scoring
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.lake.tables import arrow_schema

DAY = "as_of = '2026-06-30'"


def peers(median: float) -> pa.Table:
    row = {"peer_group": "g", "indicator": "age_days", "as_of": date(2026, 6, 30), "peer_count": 1, "peer_median": median}
    schema = arrow_schema(scoring.PEERS)
    return pa.Table.from_pylist([{name: row.get(name) for name in schema.names}], schema=schema)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Peers written twice."""
    made = Lake(tmp_path / "home")
    for median in (1.0, 2.0):
        made.replace_arrow(peers(median), scoring.PEERS, DAY)
    return made


def medians(lake: Lake) -> list[float]:
    return lake.arrow(scoring.PEERS, columns=["peer_median"])["peer_median"].to_pylist()


def test_it_reads_the_pinned_version_from_the_other_home(lake: Lake, tmp_path: Path) -> None:
    assert medians(lake.onto(tmp_path / "aside", {"gold.peers": 1})) == [1.0]
    assert medians(lake.onto(tmp_path / "aside", {"gold.peers": 2})) == [2.0]


def test_a_table_without_a_pinned_version_is_its_own(lake: Lake, tmp_path: Path) -> None:
    aside = lake.onto(tmp_path / "aside", {"gold.scores": 1})
    assert not aside.exists(scoring.PEERS)
    aside.replace_arrow(peers(3.0), scoring.PEERS, DAY)
    assert (medians(aside), medians(lake)) == ([3.0], [2.0])


def test_a_pinned_table_cannot_be_written(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"gold\.peers"):
        lake.onto(tmp_path / "aside", {"gold.peers": 1}).replace_arrow(peers(3.0), scoring.PEERS, DAY)
    with pytest.raises(ValueError, match=r"gold\.peers"):
        lake.at({"gold.peers": 1}).replace_arrow(peers(3.0), scoring.PEERS, DAY)
    assert lake.version(scoring.PEERS) == 2


def test_a_table_that_did_not_exist_is_not_read_from_later_versions(lake: Lake) -> None:
    before = lake.at({"gold.peers": None})
    assert not before.exists(scoring.PEERS)
    with pytest.raises(InputMissing):
        before.arrow(scoring.PEERS)
