"""What comes is compared with what may bear its keys, and nothing else is read for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.errors import PySparkException

from expectations.contracts.registry import BRONZE
from jobs.lake.batches import day_ranges
from tests.jobs.sources.conftest import Shop

RETURNS = BRONZE["tax_filing"]
MAPPING = """
contract = "tax_filing"
owner = "tax authority"
format = "csv"
files = "shops/{delivered_on}/*.csv"
delivery = "increment"
[raw]
columns = ["id", "month", "revenue"]
[columns]
entity_id = "id"
tax_type = "'vat'"
period_start = "cast(try_to_timestamp(month, 'yyyy-MM-dd') as date)"
period_end = "last_day(cast(try_to_timestamp(month, 'yyyy-MM-dd') as date))"
declared_revenue_minor = "try_cast(revenue as bigint)"
"""


@pytest.fixture
def returns(shop: Shop) -> Shop:
    """A source of returns that was delivered those of January and, months later, those of May."""
    shop.change_mapping(lambda _: MAPPING)
    header = "id,month,revenue"
    shop.deliver("2026-02-10", "1,2026-01-01,100", "2,2026-01-01,200", header=header)
    shop.deliver("2026-06-10", "1,2026-05-01,500", "2,2026-05-01,600", header=header)
    shop.ingest("2026-02-10")
    shop.ingest("2026-06-10")
    shop.deliver("2026-06-20", "1,2026-05-01,500", "2,2026-05-01,666", "3,2026-05-01,700", header=header)
    return shop


def remove_files_of(shop: Shop, delivered_on: str) -> None:
    """Take a delivery's files out of bronze behind the table's back: whatever reads them fails."""
    files = DeltaTable(str(shop.lake.path(RETURNS))).file_uris([("delivered_on", "=", delivered_on)])
    assert files
    for file in files:
        Path(file.removeprefix("file://")).unlink()


def test_returns_of_late_months_are_compared_with_no_file_of_months_before(returns: Shop) -> None:
    remove_files_of(returns, "2026-02-10")
    with pytest.raises(PySparkException):
        returns.lake.read(RETURNS).toPandas()
    (*_, batch) = returns.ingest("2026-06-20").known
    assert (batch.counts.read, batch.counts.kept, batch.counts.duplicates) == (3, 2, 1)
    taken_in = returns.lake.read(RETURNS).where("delivered_on = '2026-06-20'").toPandas().sort_values("entity_id")
    assert taken_in[["entity_id", "is_revision"]].to_numpy().tolist() == [["2", True], ["3", False]]


def test_a_correction_of_a_month_before_is_compared_with_its_file(returns: Shop) -> None:
    returns.deliver("2026-06-21", "1,2026-01-01,100", "2,2026-01-01,222", "2,2026-05-01,666", header="id,month,revenue")
    (*_, batch) = returns.ingest("2026-06-21").known
    assert (batch.counts.read, batch.counts.kept, batch.counts.duplicates) == (3, 1, 2)


@pytest.mark.parametrize("most", [1, 2, 4, 100])
def test_what_is_written_in_ranges_of_days_is_compared_at_once(shop: Shop, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.steps.ingest_source.day_ranges", partial(day_ranges, most=most))
    shop.change_mapping(lambda _: MAPPING)
    header = "id,month,revenue"
    shop.deliver("2026-02-10", "1,2026-01-01,100", "2,2026-01-01,200", header=header)
    shop.deliver("2026-03-10", header=header)
    shop.deliver("2026-04-10", "1,2026-01-01,100", "2,2026-01-01,222", header=header)
    shop.deliver("2026-05-10", "2,2026-01-01,222", "3,2026-01-01,300", header=header)
    batches = shop.ingest("2026-05-10").known
    assert [(batch.counts.read, batch.counts.kept, batch.counts.duplicates) for batch in batches] == [
        (2, 2, 0),
        (0, 0, 0),
        (2, 1, 1),
        (2, 1, 1),
    ]
    rows = shop.lake.read(RETURNS).toPandas().sort_values(["delivered_on", "entity_id"])
    assert rows[["entity_id", "declared_revenue_minor", "is_revision"]].to_numpy().tolist() == [
        ["1", 100, False],
        ["2", 200, False],
        ["2", 222, True],
        ["3", 300, False],
    ]
