"""Which tables a home has."""

from __future__ import annotations

from expectations.contracts.contract import Contract, Zone
from expectations.contracts.registry import every_table
from jobs.engine.lake import Lake


def tables_of(lake: Lake) -> tuple[Contract, ...]:
    """The contracts of the tables that are there, zone by zone; quarantine's are one a source, and are told by their folders."""
    sources = sorted(path.name for path in (lake.home / "lake" / Zone.QUARANTINE.value).glob("*") if path.is_dir())
    return tuple(contract for contract in every_table(sources) if lake.exists(contract))
