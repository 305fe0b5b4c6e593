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

PERMIT_ID = Column("permit_id", Type.STRING, "The permit's number", required=True)
GRANTED_ON = Column("granted_on", Type.DATE, "The day from which it holds", required=True)
ENDS_ON = Column("ends_on", Type.DATE, "The day on which it ends")
COLUMNS = (PERMIT_ID, ENTITY_ID, GRANTED_ON, ENDS_ON)
PERMIT = Contract(
    name="permit",
    zone=Zone.BRONZE,
    about="Permits.",
    grain="one version of one permit",
    key=(PERMIT_ID,),
    columns=COLUMNS,
    owner="permit office",
    event_on=GRANTED_ON,
    row_rules=(*required_rules(COLUMNS), in_order(GRANTED_ON, ENDS_ON, Severity.CRITICAL)),
)
MAPPING = """
contract = "permit"
owner = "permit office"
format = "csv"
files = "shops/{delivered_on}/*.csv"
delivery = "increment"
[raw]
columns = ["no", "id", "from", "to"]
[columns]
permit_id = "no"
entity_id = "id"
granted_on = "cast(`from` as date)"
ends_on = "cast(`to` as date)"
"""


@pytest.fixture
def permits(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop whose source is mapped to the new kind."""
    monkeypatch.setitem(registry.SOURCES, PERMIT.name, PERMIT)
    monkeypatch.setitem(registry.BRONZE, PERMIT.name, silver.with_lineage(PERMIT, Zone.BRONZE))
    monkeypatch.setitem(registry.SILVER, PERMIT.name, silver.with_lineage(PERMIT, Zone.SILVER))
    shop.change_mapping(lambda _: MAPPING)
    return shop


def test_a_registered_kind_is_taken_in_to_silver_and_its_rules_hold(permits: Shop) -> None:
    lines = "1,E1,2026-01-01,2027-01-01", "2,E2,2026-01-01,2025-01-01"
    permits.deliver("2026-01-02", *lines, header="no,id,from,to")
    taken = take_in(permits.lake, permits.profile, permits.mapping, permits.sources, date(2026, 1, 2))
    silver_rows = permits.lake.read(registry.SILVER["permit"]).select(PERMIT_ID, ENTITY_ID, ENDS_ON).collect()
    assert [tuple(row) for row in silver_rows] == [("1", "E1", date(2027, 1, 1))]
    (quarantined,) = permits.lake.read(quarantine_of("shops")).select(SOURCE_ROW, "rule_id").collect()
    assert tuple(quarantined) == (3, "granted_on_before_ends_on")
    assert taken.contract == "permit"
    assert registry.SILVER["permit"] in registry.every_table()


@pytest.mark.usefixtures("permits")
def test_a_file_of_a_kind_without_known_headers_is_recognised_by_its_columns(tmp_path: Path) -> None:
    file = tmp_path / "permits.csv"
    file.write_text("permit_id,entity_id,granted_on,ends_on\nP1,E1,2026-01-01,2027-01-01\n", encoding="utf-8")
    assert 'contract = "permit"' in draft_mapping(file)
