"""The registry names each source kind once, and the rest derives from it."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from expectations import contracts
from expectations.contracts.contract import Zone
from expectations.contracts.lineage import LINEAGE
from expectations.contracts.registry import BRONZE, KINDS, SILVER, SOURCES, every_table


def test_every_contract_file_of_a_source_kind_has_its_line_in_the_registry() -> None:
    modules = [import_module(f"{contracts.__name__}.{found.name}") for found in pkgutil.iter_modules(contracts.__path__)]
    assert {module.CONTRACT.name for module in modules if hasattr(module, "CONTRACT")} == {contract.name for contract, _ in KINDS}


def test_each_source_kind_has_one_bronze_and_one_silver_table_with_lineage() -> None:
    assert list(SOURCES) == list(BRONZE) == list(SILVER)
    for zone, tables in {Zone.BRONZE: BRONZE, Zone.SILVER: SILVER}.items():
        for name, table in tables.items():
            assert (table.zone, table.key) == (zone, SOURCES[name].key)
            assert set(SOURCES[name].columns) | set(LINEAGE) <= set(table.columns)


def test_no_two_tables_share_a_name() -> None:
    names = [table.full_name for table in every_table()]
    assert len(set(names)) == len(names)
