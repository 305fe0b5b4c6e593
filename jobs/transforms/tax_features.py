"""Indicators from tax returns, one row an entity.

Months are counted back from the last *settled* month: the month of ``as_of`` less 45 days, whose returns were due by the
middle of the next. Month 0 is that month, 0-11 the last year, 12-23 the year before. Returns of a quarter count in the month
that ends them, so a window of three or twelve months holds one quarter or four whatever day it is. Sums are of BIGINT; a
ratio is taken once, of sums.
"""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.tax_filing import PERIOD_START
from jobs.transforms.ratios import ratio

SETTLING_DAYS = 45
"""A month counts once it is so many days past: its returns were due by the middle of the next month."""
LATE_WINDOW_DAYS = 730
"""Returns due in the last 24 months."""
UNFILED_GRACE_DAYS = 7
"""A return is missing so many days after it was due, since a return filed on the last day is delivered later."""
HISTORY_MONTHS = 40
"""Older periods are not read."""
MEANINGFUL_GROWTH = 0.05
"""Output tax must have moved by this share before an elasticity is taken."""

_MONTHS = "(year({0}) * 12 + month({0}))"
_QUARTERS = "(year({0}) * 4 + quarter({0}))"

_ROW = {
    "is_sales": "tax_type IN ('vat', 'sales')",
    "is_cit": "tax_type = 'cit'",
    "month": f"{_MONTHS.format('settled')} - {_MONTHS.format('period_end')}",
    "months": f"{_MONTHS.format('period_end')} - {_MONTHS.format('period_start')} + 1",
    "quarter": f"{_QUARTERS.format('add_months(settled, -2)')} - {_QUARTERS.format('period_end')}",
    "years_ago": "year(as_of) - year(period_end)",
    "is_due": f"coalesce(due_on <= as_of AND due_on > date_sub(as_of, {LATE_WINDOW_DAYS}), false)",
    "is_filed": "coalesce(filed_on <= as_of, false)",
    "days_late": "CASE WHEN filed_on <= as_of AND filed_on > due_on THEN datediff(filed_on, due_on) ELSE 0 END",
    "is_unfiled": f"coalesce(filed_on > as_of, true) AND coalesce(due_on < date_sub(as_of, {UNFILED_GRACE_DAYS}), false)",
}
_AMOUNTS = (
    "declared_revenue_minor", "output_tax_minor", "input_tax_minor", "tax_due_minor", "tax_paid_minor", "arrears_minor",
    "invoice_count", "void_invoice_count", "employees",
)  # fmt: skip


def _sum(column: str, where: str) -> str:
    return f"sum(CASE WHEN {where} THEN {column} END)"


def _bits(where: str) -> str:
    """A bit a month of the last 24, set where a sales return satisfies ``where``."""
    return f"coalesce(bit_or(CASE WHEN is_sales AND month BETWEEN 0 AND 23 AND {where} THEN shiftleft(1L, month) END), 0L)"


_YEAR, _YEAR_BEFORE = "is_sales AND month BETWEEN 0 AND 11", "is_sales AND month BETWEEN 12 AND 23"
_SUMS = {
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


def _both(kind: str, parts: range | tuple[int, ...], wanted: str, months: str, full: int) -> str:
    """The sum of one tax's figure over the periods for which both taxes give one for the whole period."""
    terms = [
        f"CASE WHEN {months.format(part)} = {full} AND cit_{kind}_{part} IS NOT NULL THEN {wanted.format(part)} ELSE 0L END"
        for part in parts
    ]
    return " + ".join(terms)


def _any(kind: str, parts: range | tuple[int, ...], months: str, full: int) -> str:
    return " OR ".join(f"({months.format(part)} = {full} AND cit_{kind}_{part} IS NOT NULL)" for part in parts)


_QUARTER = ("quarter", range(4), "vat_months_{}", 3)
_ANNUAL_FIRST = ("year", (1,), "vat_year_months_{}", 12)
_ANNUAL_SECOND = ("year", (2,), "vat_year_months_{}", 12)


def _side(tax: str) -> str:
    """The tax's sales over the same periods for both: the last four quarters, else the last year, else the one before."""
    cases = []
    for kind, parts, months, full in (_QUARTER, _ANNUAL_FIRST, _ANNUAL_SECOND):
        total = _both(kind, parts, f"{tax}_{kind}_{{}}", months, full)
        cases.append(f"WHEN {_any(kind, parts, months, full)} THEN {total}")
    return f"CASE {' '.join(cases)} END"


def _growth(column: str, before: str) -> str:
    """How much the mean of a return grew over the year before; means, since a young entity has fewer returns."""
    now, then = ratio(column, "sales_rows"), ratio(before, "sales_rows_before")
    return f"{ratio(now, then)} - 1"


_MEANS = {
    "vat_side": _side("vat"),
    "cit_side": _side("cit"),
    "headcount": ratio("heads", "heads_rows"),
    "headcount_before": ratio("heads_before", "heads_rows_before"),
    "growth": _growth("sales", "sales_before"),
    "output_growth": _growth("output_tax", "output_tax_before"),
    "input_growth": _growth("input_tax", "input_tax_before"),
    "silent_bits": "zero_bits & ~positive_bits",
    "newer_than_positive": "CASE WHEN positive_bits = 0 THEN -1L ELSE (positive_bits & -positive_bits) - 1 END",
    "has_sales_rows": "(positive_bits | zero_bits) <> 0",
}
# Months 0-2 with sales, 3-8 without any, and zero returns in both halves of 3-8.
_AWOKEN = "(positive_bits & 7) <> 0 AND (positive_bits & 504) = 0 AND (silent_bits & 56) <> 0 AND (silent_bits & 448) <> 0"
_GAP = ratio("abs(vat_side - cit_side)", "greatest(vat_side, cit_side)")
_ELASTICITY = ratio("input_growth", "output_growth")

_INDICATORS = {
    "late_filing_share": ratio("(late_count + unfiled_count)", "due_count"),
    "unfiled_returns": "CASE WHEN due_count > 0 THEN unfiled_count END",
    "mean_days_late": ratio("late_days", "filed_count"),
    "months_since_return": "months_since_return",
    "zero_filing_streak": "CASE WHEN has_sales_rows THEN bit_count(silent_bits & newer_than_positive) END",
    "vat_burden": ratio("sales_tax_paid", "sales"),
    "input_output_ratio": ratio("input_tax", "output_tax"),
    "vat_cit_gap": f"CASE WHEN vat_side = cit_side THEN 0 ELSE {_GAP} END",
    "input_output_elasticity": f"CASE WHEN abs(output_growth) >= {MEANINGFUL_GROWTH} THEN {_ELASTICITY} END",
    "sales_growth": "growth",
    "growth_over_headcount": f"growth - ({ratio('headcount', 'headcount_before')} - 1)",
    "void_invoice_share": ratio("void_invoices", "invoices"),
    "dormant_then_sudden": f"CASE WHEN NOT has_sales_rows THEN NULL WHEN {_AWOKEN} THEN 1 ELSE 0 END",
    "sales_jump": ratio(ratio("sales_3m", "rows_3m"), ratio("sales_earlier", "rows_earlier")),
    "sales_12m": "sales",
    "sales_per_employee": ratio("sales", "headcount"),
    "invoice_average": ratio("sales", "invoices"),
    "arrears_ratio": ratio("all_arrears", "all_tax_due"),
    "sales_range": ratio("(largest - smallest)", ratio("sales", "sales_rows")),
    "employees": "headcount",
}


def drop_old_periods(filings: DataFrame, *, as_of: date) -> DataFrame:
    """The returns that a feature can use, by a part of their key, so that all versions of a return go or stay together."""
    return filings.where(f"{PERIOD_START} >= add_months(DATE'{as_of:%Y-%m-%d}', -{HISTORY_MONTHS})")


def make_tax_indicators(filings: DataFrame, *, as_of: date) -> DataFrame:
    """One row an entity that has a return, the catalogue's tax indicators in its columns.

    Args:
        filings: the newest known version of each return.
        as_of: the day the indicators speak of.
    """
    settled = as_of - timedelta(days=SETTLING_DAYS)
    dated = filings.withColumn(AS_OF, F.lit(as_of)).withColumn("settled", F.lit(settled))
    # A figure filed after as_of was not there yet, whatever the source says of when it was known.
    amounts = [f"CASE WHEN coalesce(filed_on <= as_of, true) THEN {name} END AS {name}" for name in _AMOUNTS]
    rows = dated.selectExpr(ENTITY_ID, *[f"{sql} AS {name}" for name, sql in _ROW.items()], *amounts)
    sums = rows.groupBy(ENTITY_ID).agg(*[F.expr(sql).alias(name) for name, sql in _SUMS.items()])
    means = sums.selectExpr("*", *[f"{sql} AS {name}" for name, sql in _MEANS.items()])
    return means.selectExpr(ENTITY_ID, *[f"cast({sql} AS DOUBLE) AS {name}" for name, sql in _INDICATORS.items()])
