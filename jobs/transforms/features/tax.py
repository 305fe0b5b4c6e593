"""Indicators from tax returns, one row per entity: ratios of the sums of :mod:`jobs.transforms.tax_sums`."""

from __future__ import annotations

from pyspark.sql import DataFrame

from expectations.contracts.lineage import ENTITY_ID
from jobs.transforms.features.ratios import ratio
from jobs.transforms.frames import select

MEANINGFUL_GROWTH = 0.05
"""Output tax must have changed by this share for an elasticity to be computed."""


def _both(kind: str, parts: range | tuple[int, ...], wanted: str, months: str, full: int) -> str:
    """SQL of the sum of one tax's sales over the periods for which both taxes have them for the whole period."""
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
    """SQL of one tax's sales over periods that both taxes have: four quarters, else the last year, else the year before."""
    cases = []
    for kind, parts, months, full in (_QUARTER, _ANNUAL_FIRST, _ANNUAL_SECOND):
        total = _both(kind, parts, f"{tax}_{kind}_{{}}", months, full)
        cases.append(f"WHEN {_any(kind, parts, months, full)} THEN {total}")
    return f"CASE {' '.join(cases)} END"


def _growth(column: str, before: str) -> str:
    """SQL of the growth of the mean return over the year before; means, since a young entity has fewer returns."""
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


def make_tax_indicators(sums: DataFrame) -> DataFrame:
    """One row per entity with a return: the catalogue's tax indicators.

    Args:
        sums: the result of :func:`jobs.transforms.tax_sums.sum_returns`.
    """
    means = sums.transform(select, "*", *[f"{sql} AS {name}" for name, sql in _MEANS.items()])
    return means.transform(select, ENTITY_ID, *[f"cast({sql} AS DOUBLE) AS {name}" for name, sql in _INDICATORS.items()])
