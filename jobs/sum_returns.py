"""What the returns of each entity add up to, ``state.tax_sums``, kept from day to day."""

from __future__ import annotations

from datetime import date, datetime

from pyspark.sql import DataFrame

from expectations.contracts import silver, tax_filing
from expectations.contracts.lineage import CONTENT_HASH
from expectations.contracts.state import RETURNS, TAX_SUMS
from jobs.bring_state import Kept, bring_state, read_state, reckon_all
from jobs.runtime.lake import Lake
from jobs.runtime.settings import Profile
from jobs.transforms.materialise import Materialise
from jobs.transforms.tax_sums import standing_returns, sum_returns


def _sums(filings: DataFrame, as_of: date, cutoff: datetime) -> DataFrame:
    return sum_returns(standing_returns(filings, as_of=as_of, cutoff=cutoff), as_of=as_of)


KEPT = Kept(
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
    return bring_state(KEPT, lake, profile, as_of, afresh=afresh)


def read_tax_sums(lake: Lake, as_of: date, materialise: Materialise | None = None) -> DataFrame:
    """One row an entity with a return, as :func:`bring_tax_sums` left them on the day."""
    return read_state(KEPT, lake, as_of, materialise)


def add_up_all(lake: Lake, profile: Profile, as_of: date) -> DataFrame:
    """What the returns of every entity add up to on a day, read from silver and kept nowhere."""
    return reckon_all(KEPT, lake, profile, as_of)
