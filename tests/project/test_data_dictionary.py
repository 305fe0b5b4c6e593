"""The data dictionary is whole and current."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from expectations import contracts
from expectations.contracts.contract import Contract
from expectations.contracts.registry import SOURCES, every_table
from jobs.documents.contract_pages import render_data_dictionary

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "data-dictionary.md"


def declared() -> Iterator[Contract]:
    """Every contract that a module of the package holds, by itself or in a table of contracts."""
    for found in pkgutil.iter_modules(contracts.__path__):
        module = importlib.import_module(f"{contracts.__name__}.{found.name}")
        for value in vars(module).values():
            if isinstance(value, Contract):
                yield value
            elif isinstance(value, dict):
                yield from (entry for entry in value.values() if isinstance(entry, Contract))


def test_the_committed_page_is_what_the_contracts_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == render_data_dictionary(), "run `make docs`"


def test_every_declared_table_is_on_the_page() -> None:
    listed = {(contract.zone, contract.name) for contract in every_table()}

    assert {(contract.zone, contract.name) for contract in declared()} - listed == set()


def test_every_column_says_what_it_means() -> None:
    silent = [f"{contract.name}.{column}" for contract in every_table() for column in contract.columns if not column.about]

    assert silent == []


@pytest.mark.parametrize("contract", SOURCES.values(), ids=lambda contract: contract.name)
def test_every_rule_of_a_source_is_on_the_page(contract: Contract) -> None:
    page = render_data_dictionary()
    rules = [rule.id for rule in contract.row_rules] + [rule.id for rule in contract.batch_rules]

    assert [rule for rule in rules if f"| `{rule}` |" not in page] == []


def test_every_line_of_a_table_has_as_many_cells_as_its_head() -> None:
    """A bar within a rule would split its cell."""
    cells, uneven = 0, []
    for line in render_data_dictionary().splitlines():
        bars = line.replace("\\|", "").count("|")
        if line.startswith("|---"):
            cells = bars
        elif not line.startswith("|"):
            cells = 0
        elif cells and bars != cells:
            uneven.append(line)

    assert uneven == []
