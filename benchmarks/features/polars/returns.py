"""Tax indicators: sums of each entity's returns and their ratios."""

from __future__ import annotations

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.polars.tables import newest, over, scan, sum_known
from benchmarks.features.request import FeatureRequest

AMOUNTS = (
    "declared_revenue_minor", "output_tax_minor", "input_tax_minor", "tax_due_minor", "tax_paid_minor", "arrears_minor",
    "invoice_count", "void_invoice_count", "employees",
)  # fmt: skip


def tax_indicators(request: FeatureRequest) -> LazyFrame:
    """One row per entity with a return."""
    columns = ("entity_id", "tax_type", "period_start", "period_end", "due_on", "filed_on", *AMOUNTS)
    returns = newest(scan(request, "filing", columns), ("entity_id", "tax_type", "period_start"))
    sums = returns.pipe(_classify, request).group_by("entity_id").agg(**_sums())
    return sums.with_columns(**_sides()).with_columns(**_means()).select("entity_id", **_indicators())


def _months(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 12 + day.dt.month()


def _quarters(day: pl.Expr) -> pl.Expr:
    return day.dt.year().cast(pl.Int64) * 4 + day.dt.quarter()


def _classify(returns: LazyFrame, request: FeatureRequest) -> LazyFrame:
    """The returns of 36 closed months with tax, period, and whether they are filed, missing or late."""
    closed = pl.lit(request.closed_month)
    is_read = (col("period_end") >= request.history_from) & (_months(col("period_end")) <= _months(closed))
    month = _months(closed) - _months(col("period_end"))
    is_filed = (col("filed_on") <= request.as_of).fill_null(False)
    # Figures filed later are unknown, even if the source says otherwise.
    is_known = (col("filed_on") <= request.as_of).fill_null(True)
    return (
        returns.filter(is_read & (col("period_end") <= request.as_of))
        .with_columns(
            *[when(is_known).then(col(name)).alias(name) for name in AMOUNTS],
            month=month,
            length=_months(col("period_end")) - _months(col("period_start")) + 1,
            quarter=_quarters(closed.dt.offset_by("-2mo")) - _quarters(col("period_end")),
            years_ago=closed.dt.year() - col("period_end").dt.year(),
            is_sales=col("tax_type").is_in(["vat", "sales"]),
            is_cit=col("tax_type") == "cit",
            is_filed=is_filed,
            is_due_and_filed=is_filed & (month < 24) & (col("due_on") <= request.as_of).fill_null(False),
            is_missing=~is_filed & (month < 24) & (col("due_on") < pl.lit(request.as_of).dt.offset_by("-7d")).fill_null(False),
        )
        .with_columns(
            days_late=when(col("is_due_and_filed") & (col("filed_on") > col("due_on"))).then(
                (col("filed_on") - col("due_on")).dt.total_days()
            ),
            in_year=col("is_sales") & (col("month") < 12),
            in_year_before=col("is_sales") & col("month").is_between(12, 23),
            with_sales=_bit(col("declared_revenue_minor") > 0),
            with_zero=_bit(col("declared_revenue_minor") == 0),
        )
    )


def _bit(condition: pl.Expr) -> pl.Expr:
    """The bit of the month (0 to 23) if a sales return satisfies the condition, else 0."""
    return when(col("is_sales") & (col("month") < 24) & condition).then(pl.lit(2, pl.Int64).pow(col("month"))).otherwise(0)


def _sums() -> dict[str, pl.Expr]:
    revenue, employees = col("declared_revenue_minor"), col("employees")

    def of(where: pl.Expr, column: str) -> pl.Expr:
        return sum_known(when(where).then(col(column)))

    year, before = col("in_year"), col("in_year_before")
    sums = {
        "filed": col("is_due_and_filed").sum(),
        "missing": col("is_missing").sum(),
        "late": col("days_late").count(),
        "days_late": col("days_late").sum(),
        "months_since_return": when(col("is_sales") & col("is_filed")).then(col("month")).min(),
        "sales": of(year, "declared_revenue_minor"),
        "sales_rows": when(year).then(revenue).count(),
        "largest": when(year).then(revenue).max(),
        "smallest": when(year).then(revenue).min(),
        "tax_paid": of(year, "tax_paid_minor"),
        "output_tax": of(year, "output_tax_minor"),
        "input_tax": of(year, "input_tax_minor"),
        "invoices": of(year, "invoice_count"),
        "void_invoices": of(year, "void_invoice_count"),
        "sales_before": of(before, "declared_revenue_minor"),
        "sales_rows_before": when(before).then(revenue).count(),
        "output_tax_before": of(before, "output_tax_minor"),
        "input_tax_before": of(before, "input_tax_minor"),
        "recent_level": when(col("is_sales") & (col("month") < 3)).then(revenue).mean(),
        "earlier_level": when(col("is_sales") & col("month").is_between(3, 23)).then(revenue).mean(),
        "tax_due": when(col("month") < 12).then(col("tax_due_minor").clip(lower_bound=0)).sum(),
        "arrears": of(col("month") < 12, "arrears_minor"),
        "headcount": when(col("month") < 3).then(employees).mean(),
        "headcount_before": when(col("month").is_between(12, 14)).then(employees).mean(),
        "with_sales": col("with_sales").bitwise_or(),
        "with_zero": col("with_zero").bitwise_or(),
    }
    spans = [(f"q{number}", col("quarter") == number, 3, col("length") <= 3) for number in range(4)]
    spans += [(f"y{number}", col("years_ago") == number, 12, col("length") > 3) for number in (1, 2)]
    for name, is_within, whole, is_of_kind in spans:
        is_sales = col("is_sales") & is_within
        sums[f"vat_{name}"] = of(is_sales, "declared_revenue_minor")
        sums[f"is_whole_{name}"] = when(is_sales & revenue.is_not_null()).then(col("length")).sum() == whole
        sums[f"cit_{name}"] = of(col("is_cit") & is_of_kind & is_within, "declared_revenue_minor")
    return sums


def _sides() -> dict[str, pl.Expr]:
    """Sales declared for both taxes over the same periods: common quarters, else the last year, else the year before."""
    is_both = {name: col(f"is_whole_{name}") & col(f"cit_{name}").is_not_null() for name in ("q0", "q1", "q2", "q3", "y1", "y2")}
    quarters = ("q0", "q1", "q2", "q3")

    def side(tax: str) -> pl.Expr:
        of_quarters = pl.sum_horizontal([when(is_both[name]).then(col(f"{tax}_{name}")).otherwise(0) for name in quarters])
        by_quarter = when(pl.any_horizontal([is_both[name] for name in quarters])).then(of_quarters)
        return by_quarter.when(is_both["y1"]).then(col(f"{tax}_y1")).when(is_both["y2"]).then(col(f"{tax}_y2"))

    return {"vat_side": side("vat"), "cit_side": side("cit")}


def _means() -> dict[str, pl.Expr]:
    def growth(now: str, before: str) -> pl.Expr:
        return over(over(col(now), col("sales_rows")), over(col(before), col("sales_rows_before"))) - 1

    return {
        "growth": growth("sales", "sales_before"),
        "output_growth": growth("output_tax", "output_tax_before"),
        "input_growth": growth("input_tax", "input_tax_before"),
        "silent": col("with_zero") & ~col("with_sales"),
        # Months after the last month with sales: the bits below the lowest set bit.
        "newer": when(col("with_sales") == 0).then(-1).otherwise((col("with_sales") & -col("with_sales")) - 1),
        "has_sales_return": (col("with_sales") | col("with_zero")) != 0,
    }


def _indicators() -> dict[str, pl.Expr]:
    vat, cit = col("vat_side"), col("cit_side")
    due = col("filed") + col("missing")

    def is_silent(months: int) -> pl.Expr:
        return (col("silent") & months) != 0

    # Sales in months 0-2, none in 3-8, and zero returns in both halves of those.
    is_awake = ((col("with_sales") & 7) != 0) & ((col("with_sales") & 504) == 0) & is_silent(56) & is_silent(448)
    return {
        "late_filing_share": over(col("late") + col("missing"), due),
        "unfiled_returns": when(due > 0).then(col("missing")),
        "mean_days_late": over(col("days_late"), col("filed")),
        "months_since_return": col("months_since_return"),
        "zero_filing_streak": when("has_sales_return").then((col("silent") & col("newer")).bitwise_count_ones()),
        "vat_burden": over(col("tax_paid"), col("sales")),
        "input_output_ratio": over(col("input_tax"), col("output_tax")),
        "vat_cit_gap": when(vat == cit).then(0.0).otherwise(over((vat - cit).abs(), pl.max_horizontal(vat, cit))),
        "input_output_elasticity": when(col("output_growth").abs() >= 0.05).then(over(col("input_growth"), col("output_growth"))),
        "sales_growth": col("growth"),
        "growth_over_headcount": col("growth") - (over(col("headcount"), col("headcount_before")) - 1),
        "void_invoice_share": over(col("void_invoices"), col("invoices")),
        "dormant_then_sudden": when("has_sales_return").then(is_awake.cast(pl.Int64)),
        "sales_jump": over(col("recent_level"), col("earlier_level")),
        "sales_12m": col("sales"),
        "sales_per_employee": over(col("sales"), col("headcount")),
        "invoice_average": over(col("sales"), col("invoices")),
        "arrears_ratio": over(col("arrears"), col("tax_due")),
        "sales_range": over(col("largest") - col("smallest"), over(col("sales"), col("sales_rows"))),
        "employees": col("headcount"),
    }
