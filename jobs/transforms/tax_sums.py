"""Sums of tax returns, one row per entity. All are whole numbers, so that they are exact in any order.

Months are counted back from the last *closed* month of the source: the month of the day up to which it has delivered
(:mod:`jobs.transforms.coverage`) minus 45 days, whose returns were due by the middle of the next month. Month 0 is that month, 0-11
the last year, 12-23 the year before. A quarterly return counts in its last month, so a window of three or twelve months always
holds one quarter or four.

Within a closed month, an entity's sums change for two reasons only: something new is known of its returns, or the date
``changes_on`` passes, on which a return becomes due or late. So a day computes only those entities.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import silver
from expectations.contracts.lineage import ENTITY_ID, SOURCE
from expectations.contracts.tax_filing import ARREARS_MINOR, DUE_ON, FILED_ON, PERIOD_END, TAX_DUE_MINOR
from jobs.transforms.coverage import UNFILED_GRACE_DAYS, Coverage
from jobs.transforms.frames import aggregate, select
from jobs.transforms.latest_known import keep_latest_known

RECORD_MONTHS = 24
"""Late filing is measured over the returns of this many closed months."""
HISTORY_MONTHS = 36
"""Returns of this many closed months are read: enough for the two calendar years before that of the closed month."""
PAIRED = {str(DUE_ON): str(FILED_ON), str(TAX_DUE_MINOR): str(ARREARS_MINOR)}
"""Columns that are unknown without another column: else every return would be missing, and no tax in arrears."""

_MONTHS = "(year({0}) * 12 + month({0}))"
_QUARTERS = "(year({0}) * 4 + quarter({0}))"
_MONTH = f"({_MONTHS.format('closed_month')} - {_MONTHS.format('period_end')})"

_ROW = {
    "is_sales": "tax_type IN ('vat', 'sales')",
    "is_cit": "tax_type = 'cit'",
    "month": _MONTH,
    "months": f"{_MONTHS.format('period_end')} - {_MONTHS.format('period_start')} + 1",
    "quarter": f"{_QUARTERS.format('add_months(closed_month, -2)')} - {_QUARTERS.format('period_end')}",
    "years_ago": "year(closed_month) - year(period_end)",
    "is_due": f"coalesce(due_on <= window_end, false) AND {_MONTH} < {RECORD_MONTHS}",
    "is_filed": "coalesce(filed_on <= as_of, false)",
    "days_late": "CASE WHEN filed_on <= as_of AND filed_on > due_on THEN datediff(filed_on, due_on) ELSE 0 END",
    "is_unfiled": "coalesce(filed_on > as_of, true) AND coalesce(due_on < unfiled_before, false)",
    # Not later than the day on which the row changes. With a late source it may be past: the row is then computed each day.
    "turns_on": "least(CASE WHEN due_on > window_end THEN due_on END, CASE WHEN filed_on > as_of THEN filed_on END, "
    f"CASE WHEN coalesce(filed_on > as_of, true) AND due_on >= unfiled_before THEN date_add(due_on, {UNFILED_GRACE_DAYS + 1}) END)",
}
_AMOUNTS = (
    "declared_revenue_minor", "output_tax_minor", "input_tax_minor", "tax_due_minor", "tax_paid_minor", "arrears_minor",
    "invoice_count", "void_invoice_count", "employees",
)  # fmt: skip


def _sum(column: str, where: str) -> str:
    return f"sum(CASE WHEN {where} THEN {column} END)"


def _bits(where: str) -> str:
    """One bit for each of the last 24 months, set where a sales return satisfies ``where``."""
    return f"coalesce(bit_or(CASE WHEN is_sales AND month BETWEEN 0 AND 23 AND {where} THEN shiftleft(1L, month) END), 0L)"


_YEAR, _YEAR_BEFORE = "is_sales AND month BETWEEN 0 AND 11", "is_sales AND month BETWEEN 12 AND 23"
SUMS = {
    "returns": "count(1)",
    "changes_on": "min(turns_on)",
    "due_count": "count_if(is_due AND (is_filed OR is_unfiled))",
    "late_count": "count_if(is_due AND is_filed AND days_late > 0)",
    "late_days": _sum("days_late", "is_due AND is_filed"),
    "filed_count": "count_if(is_due AND is_filed)",
    "unfiled_count": "count_if(is_due AND is_unfiled)",
    "months_since_return": "min(CASE WHEN is_sales AND is_filed AND month >= 0 THEN month END)",
    "sales": _sum("declared_revenue_minor", _YEAR),
    "sales_before": _sum("declared_revenue_minor", _YEAR_BEFORE),
    "sales_rows": f"count_if({_YEAR} AND declared_revenue_minor IS NOT NULL)",
    "sales_rows_before": f"count_if({_YEAR_BEFORE} AND declared_revenue_minor IS NOT NULL)",
    "largest": f"max(CASE WHEN {_YEAR} THEN declared_revenue_minor END)",
    "smallest": f"min(CASE WHEN {_YEAR} THEN declared_revenue_minor END)",
    "sales_3m": _sum("declared_revenue_minor", "is_sales AND month BETWEEN 0 AND 2"),
    "rows_3m": "count_if(is_sales AND month BETWEEN 0 AND 2 AND declared_revenue_minor IS NOT NULL)",
    "sales_earlier": _sum("declared_revenue_minor", "is_sales AND month BETWEEN 3 AND 23"),
    "rows_earlier": "count_if(is_sales AND month BETWEEN 3 AND 23 AND declared_revenue_minor IS NOT NULL)",
    "sales_tax_paid": _sum("tax_paid_minor", _YEAR),
    "output_tax": _sum("output_tax_minor", _YEAR),
    "input_tax": _sum("input_tax_minor", _YEAR),
    "output_tax_before": _sum("output_tax_minor", _YEAR_BEFORE),
    "input_tax_before": _sum("input_tax_minor", _YEAR_BEFORE),
    "invoices": _sum("invoice_count", _YEAR),
    "void_invoices": _sum("void_invoice_count", _YEAR),
    "all_tax_due": _sum("greatest(tax_due_minor, 0L)", "month BETWEEN 0 AND 11"),
    "all_arrears": _sum("arrears_minor", "month BETWEEN 0 AND 11"),
    "heads": _sum("employees", "month BETWEEN 0 AND 2"),
    "heads_rows": "count_if(month BETWEEN 0 AND 2 AND employees IS NOT NULL)",
    "heads_before": _sum("employees", "month BETWEEN 12 AND 14"),
    "heads_rows_before": "count_if(month BETWEEN 12 AND 14 AND employees IS NOT NULL)",
    "positive_bits": _bits("declared_revenue_minor > 0"),
    "zero_bits": _bits("declared_revenue_minor = 0"),
    **{f"vat_quarter_{q}": _sum("declared_revenue_minor", f"is_sales AND quarter = {q}") for q in range(4)},
    **{f"vat_months_{q}": _sum("months", f"is_sales AND quarter = {q} AND declared_revenue_minor IS NOT NULL") for q in range(4)},
    **{f"cit_quarter_{q}": _sum("declared_revenue_minor", f"is_cit AND months <= 3 AND quarter = {q}") for q in range(4)},
    **{f"vat_year_{y}": _sum("declared_revenue_minor", f"is_sales AND years_ago = {y}") for y in (1, 2)},
    **{
        f"vat_year_months_{y}": _sum("months", f"is_sales AND years_ago = {y} AND declared_revenue_minor IS NOT NULL")
        for y in (1, 2)
    },
    **{f"cit_year_{y}": _sum("declared_revenue_minor", f"is_cit AND months > 3 AND years_ago = {y}") for y in (1, 2)},
}


def returns_as_of(filings: DataFrame, *, as_of: date, cutoff: datetime) -> DataFrame:
    """The newest known version of each return that ended by ``as_of``.

    Args:
        filings: every version of the returns of some entities.
        cutoff: the first instant (UTC, naive) that is too late to have been known.
    """
    return keep_latest_known(filings, silver.FILING.key, cutoff=cutoff, as_of=as_of, event_on=PERIOD_END)


def unpaired_columns(unmapped: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The columns of :data:`PAIRED`, each with the sources that do not map its other column, if there are any.

    Args:
        unmapped: the columns that the mapping of each source leaves out.
    """
    sources = {column: sorted(name for name in unmapped if other in unmapped[name]) for column, other in PAIRED.items()}
    return {column: names for column, names in sources.items() if names}


def set_unpaired_to_null(filings: DataFrame, unpaired: Mapping[str, Collection[str]]) -> DataFrame:
    """Filings with NULL in each column of :func:`unpaired_columns` where they come from one of its sources."""
    for column, sources in unpaired.items():
        filings = filings.withColumn(column, F.when(~F.col(SOURCE).isin(list(sources)), F.col(column)))
    return filings


def sum_returns(returns: DataFrame, *, coverage: Coverage) -> DataFrame:
    """One row per entity with a return: the sums :data:`SUMS` of its returns.

    Args:
        returns: the result of :func:`returns_as_of`.
        coverage: the day, and where the windows of each source end.
    """
    dated = returns.transform(coverage.add_to)
    # A figure filed after as_of does not count, even if the source gives an earlier known_at.
    amounts = [f"CASE WHEN coalesce(filed_on <= as_of, true) THEN {name} END AS {name}" for name in _AMOUNTS]
    rows = dated.transform(select, ENTITY_ID, *[f"{sql} AS {name}" for name, sql in _ROW.items()], *amounts)
    read = rows.where(f"month BETWEEN 0 AND {HISTORY_MONTHS - 1}")
    return read.transform(aggregate, [ENTITY_ID], SUMS)
