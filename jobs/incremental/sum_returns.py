"""What the returns of each entity add up to, ``state.tax_sums``, kept from day to day."""

from __future__ import annotations

from datetime import date, datetime

from pyspark.sql import DataFrame

from expectations.contracts import silver, tax_filing
from expectations.contracts.lineage import CONTENT_HASH
from expectations.contracts.state import RETURNS, TAX_SUMS
from jobs.engine.lake import Lake
from jobs.incremental.entity_state import StateTable, compute_all, read_state, update_state
from jobs.profile.profile import Profile
from jobs.transforms.frames import Materialise
from jobs.transforms.tax_sums import returns_as_of, sum_returns


def _sums(filings: DataFrame, as_of: date, cutoff: datetime) -> DataFrame:
    return sum_returns(returns_as_of(filings, as_of=as_of, cutoff=cutoff), as_of=as_of)


KEPT = StateTable(
    table=TAX_SUMS,
    contract=tax_filing.CONTRACT.name,
    read=tuple(str(column) for column in silver.FILING.columns if column != CONTENT_HASH),
    step="tax_state",
    reckon=_sums,
    is_there=f"{RETURNS} > 0",
    nothing=(RETURNS, 0),
    counts_back=True,
)


def bring_tax_sums(lake: Lake, profile: Profile, as_of: date, *, afresh: bool = False) -> int:
    """Bring the sums to a day; give the number of entities whose returns were added up.

    Args:
        afresh: add up the returns of every entity, whatever earlier days hold.
    """
    return update_state(KEPT, lake, profile, as_of, afresh=afresh)


def read_tax_sums(lake: Lake, as_of: date, materialise: Materialise | None = None) -> DataFrame:
    """One row an entity with a return, as :func:`bring_tax_sums` left them on the day."""
    return read_state(KEPT, lake, as_of, materialise)


def compute_tax_sums(lake: Lake, profile: Profile, as_of: date) -> DataFrame:
    """What the returns of every entity add up to on a day, read from silver and kept nowhere."""
    return compute_all(KEPT, lake, profile, as_of)
