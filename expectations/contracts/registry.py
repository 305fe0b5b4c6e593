"""The registry of tables: every source kind, and every table of the lake in the order in which data passes through them."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.contracts import complaint, inspection, registration, scoring, silver, state, tax_filing
from expectations.contracts.contract import Contract, Zone
from expectations.contracts.indicators import features_contract
from expectations.contracts.quarantine import COMBINED, quarantine_of

KINDS = (
    (registration.CONTRACT, silver.ENTITY),
    (inspection.CONTRACT, silver.INSPECTION),
    (tax_filing.CONTRACT, silver.FILING),
    (complaint.CONTRACT, silver.COMPLAINT),
)
"""One line a source kind: its contract and its silver table. A day takes sources in in this order; registration is first, since the
checks of other kinds ask whether an entity is registered."""

SOURCES: dict[str, Contract] = {contract.name: contract for contract, _ in KINDS}
"""The contracts that a source can be mapped to, by name."""
BRONZE: dict[str, Contract] = {name: silver.with_lineage(contract, Zone.BRONZE) for name, contract in SOURCES.items()}
"""The bronze table of each source contract, by the contract's name."""
SILVER: dict[str, Contract] = {contract.name: table for contract, table in KINDS}
"""The silver table of each source contract, by the contract's name."""

GOLD = (features_contract(), scoring.PEERS, scoring.SCORES, scoring.REASONS, scoring.RISK_LIST)
MADE = (silver.LINK, *GOLD)
"""The tables that each day writes."""


def every_table(sources: Iterable[str] = ("<source>",)) -> tuple[Contract, ...]:
    """Every table of the lake. Each of ``sources`` has a quarantine table of its own."""
    return (*BRONZE.values(), COMBINED, *map(quarantine_of, sources), *SILVER.values(), silver.LINK, *state.STATE, *GOLD)
