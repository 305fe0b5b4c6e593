"""Every table of the lake, in the order that data passes through them."""

from __future__ import annotations

from collections.abc import Iterable

from expectations.contracts import complaint, inspection, registration, scoring, silver, state, tax_filing
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import features_contract
from expectations.contracts.quarantine import quarantine_of

SOURCES = (registration.CONTRACT, tax_filing.CONTRACT, complaint.CONTRACT, inspection.CONTRACT)
"""What the records of sources are turned into."""
SILVER = (silver.ENTITY, silver.FILING, silver.COMPLAINT, silver.INSPECTION)
"""The sound records of sources."""
GOLD = (features_contract(), scoring.PEERS, scoring.SCORES, scoring.REASONS, scoring.RISK_LIST)
MADE = (silver.LINK, *GOLD)
"""What is made for a day."""


def every_table(sources: Iterable[str] = ("<source>",)) -> tuple[Contract, ...]:
    """All of them; quarantine's are one a source, and ``sources`` names those."""
    return (*silver.BRONZE.values(), *map(quarantine_of, sources), *SILVER, silver.LINK, *state.STATE, *GOLD)
