"""A kind of source is a contract and a line in the registry: a made-up one is mapped, checked and conformed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from expectations.contracts import registry, silver
from expectations.contracts.contract import Column, Contract, Severity, Type, Zone, in_order, required_rules
from expectations.contracts.lineage import ENTITY_ID, SOURCE_ROW
from expectations.contracts.quarantine import quarantine_of
from jobs.onboarding.mapping_draft import draft_mapping
from jobs.take_in_source import take_in
from tests.jobs.sources.conftest import Shop

HALLMARK_ID = Column("hallmark_id", Type.STRING, "The hallmark's number", required=True)
STRUCK_ON = Column("struck_on", Type.DATE, "The day from which it holds", required=True)
LAPSES_ON = Column("lapses_on", Type.DATE, "The day on which it ends")
COLUMNS = (HALLMARK_ID, ENTITY_ID, STRUCK_ON, LAPSES_ON)
HALLMARK = Contract(
    name="hallmark",
    zone=Zone.BRONZE,
    about="Hallmarks.",
    grain="one version of one hallmark",
    key=(HALLMARK_ID,),
    columns=COLUMNS,
    owner="hallmark office",
    event_on=STRUCK_ON,
    row_rules=(*required_rules(COLUMNS), in_order(STRUCK_ON, LAPSES_ON, Severity.CRITICAL)),
)
MAPPING = """
contract = "hallmark"
owner = "hallmark office"
format = "csv"
files = "shops/{delivered_on}/*.csv"
delivery = "increment"
[raw]
columns = ["no", "id", "from", "to"]
[columns]
hallmark_id = "no"
entity_id = "id"
struck_on = "cast(`from` as date)"
lapses_on = "cast(`to` as date)"
"""


@pytest.fixture
def hallmarks(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose source is mapped to the new kind."""
    monkeypatch.setitem(registry.SOURCES, HALLMARK.name, HALLMARK)
    monkeypatch.setitem(registry.BRONZE, HALLMARK.name, silver.with_lineage(HALLMARK, Zone.BRONZE))
    monkeypatch.setitem(registry.SILVER, HALLMARK.name, silver.with_lineage(HALLMARK, Zone.SILVER))
    shop.change_mapping(lambda _: MAPPING)
    return shop


def test_a_registered_kind_is_taken_in_to_silver_and_its_rules_hold(hallmarks: Shop) -> None:
    lines = "1,E1,2026-01-01,2027-01-01", "2,E2,2026-01-01,2025-01-01"
    hallmarks.deliver("2026-01-02", *lines, header="no,id,from,to")
    taken = take_in(hallmarks.lake, hallmarks.profile, hallmarks.mapping, hallmarks.sources, date(2026, 1, 2))
    silver_rows = hallmarks.lake.read(registry.SILVER["hallmark"]).select(HALLMARK_ID, ENTITY_ID, LAPSES_ON).collect()
    assert [tuple(row) for row in silver_rows] == [("1", "E1", date(2027, 1, 1))]
    (quarantined,) = hallmarks.lake.read(quarantine_of("shops")).select(SOURCE_ROW, "rule_id").collect()
    assert tuple(quarantined) == (3, "struck_on_before_lapses_on")
    assert taken.contract == "hallmark"
    assert registry.SILVER["hallmark"] in registry.every_table()


@pytest.mark.usefixtures("hallmarks")
def test_a_file_of_a_kind_without_known_headers_is_recognised_by_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "hallmarks.csv"
    file.write_text("hallmark_id,entity_id,struck_on,lapses_on\nP1,E1,2026-01-01,2027-01-01\n", encoding="utf-8")
    assert 'contract = "hallmark"' in draft_mapping(file)
