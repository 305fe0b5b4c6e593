"""The two state tables: ``state.register`` and ``state.tax_sums``."""

from __future__ import annotations

from datetime import date, datetime

from pyspark.sql import DataFrame

from expectations.contracts import registration, silver, state, tax_filing
from expectations.contracts.lineage import CONTENT_HASH
from jobs.incremental.entity_state import StateTable
from jobs.transforms.register_state import READ, register_as_of
from jobs.transforms.tax_sums import returns_as_of, sum_returns


def _tax_sums(filings: DataFrame, as_of: date, cutoff: datetime) -> DataFrame:
    return sum_returns(returns_as_of(filings, as_of=as_of, cutoff=cutoff), as_of=as_of)


REGISTER_STATE = StateTable(
    table=state.REGISTER,
    contract=registration.CONTRACT.name,
    columns=tuple(map(str, READ)),
    step="register_state",
    compute=register_as_of,
    is_there=str(state.IS_THERE),
    empty=(state.IS_THERE, False),
    depends_on_month=False,
)
"""What the register says of each entity."""

TAX_STATE = StateTable(
    table=state.TAX_SUMS,
    contract=tax_filing.CONTRACT.name,
    columns=tuple(str(column) for column in silver.FILING.columns if column != CONTENT_HASH),
    step="tax_state",
    compute=_tax_sums,
    is_there=f"{state.RETURNS} > 0",
    empty=(state.RETURNS, 0),
    depends_on_month=True,
)
"""The sums of each entity's tax returns."""

STATE_TABLES = (REGISTER_STATE, TAX_STATE)
