"""The state that a day builds on: what each entity's returns add up to, in whole numbers that add up exactly.

A row is written on the day that its entity's sums changed; of an entity's rows the newest holds, and one without returns
says that none is left. Months are counted back from the last settled month, which is month 0.
"""

from __future__ import annotations

from expectations.contracts.core import Column, Contract, Type, Zone
from expectations.contracts.lineage import AS_OF, ENTITY_ID

RETURNS = Column("returns", Type.BIGINT, "Returns that were added up; none takes away what earlier days hold", required=True)
CHANGES_ON = Column("changes_on", Type.DATE, "The next day on which the sums change though nothing new is known")

_YEAR, _YEAR_BEFORE = "in months 0-11", "in months 12-23"
_AGO = {1: "the calendar year", 2: "two calendar years"}
_MINOR, _COUNT = "minor currency units", "count"

_SUMS: dict[str, tuple[str, str]] = {
    "due_count": ("Returns of months 0-23 that are due, and filed or missing", _COUNT),
    "late_count": ("Of those, filed late", _COUNT),
    "late_days": ("Days past the deadline of returns filed late", "days"),
    "filed_count": ("Returns of months 0-23 that are due and filed", _COUNT),
    "unfiled_count": ("Returns of months 0-23 that are missing", _COUNT),
    "months_since_return": ("The latest month with a filed sales return", "months"),
    "sales": (f"Declared sales {_YEAR}", _MINOR),
    "sales_before": (f"Declared sales {_YEAR_BEFORE}", _MINOR),
    "sales_rows": (f"Returns that declare sales {_YEAR}", _COUNT),
    "sales_rows_before": (f"Returns that declare sales {_YEAR_BEFORE}", _COUNT),
    "largest": (f"The largest sales of a return {_YEAR}", _MINOR),
    "smallest": (f"The smallest sales of a return {_YEAR}", _MINOR),
    "sales_3m": ("Declared sales in months 0-2", _MINOR),
    "rows_3m": ("Returns that declare sales in months 0-2", _COUNT),
    "sales_earlier": ("Declared sales in months 3-23", _MINOR),
    "rows_earlier": ("Returns that declare sales in months 3-23", _COUNT),
    "sales_tax_paid": (f"Tax paid on sales {_YEAR}", _MINOR),
    "output_tax": (f"Output tax {_YEAR}", _MINOR),
    "input_tax": (f"Input tax {_YEAR}", _MINOR),
    "output_tax_before": (f"Output tax {_YEAR_BEFORE}", _MINOR),
    "input_tax_before": (f"Input tax {_YEAR_BEFORE}", _MINOR),
    "invoices": (f"Invoices issued {_YEAR}", _COUNT),
    "void_invoices": (f"Invoices made void {_YEAR}", _COUNT),
    "all_tax_due": (f"Tax due of every kind {_YEAR}", _MINOR),
    "all_arrears": (f"Arrears of every kind {_YEAR}", _MINOR),
    "heads": ("Employees, summed over the returns of months 0-2", _COUNT),
    "heads_rows": ("Returns of months 0-2 that tell employees", _COUNT),
    "heads_before": ("Employees, summed over the returns of months 12-14", _COUNT),
    "heads_rows_before": ("Returns of months 12-14 that tell employees", _COUNT),
    "positive_bits": ("A bit a month of 0-23: some sales were declared", "bits"),
    "zero_bits": ("A bit a month of 0-23: zero sales were declared", "bits"),
    **{f"vat_quarter_{q}": (f"Sales declared for sales tax in whole quarter {q}, 0 the last", _MINOR) for q in range(4)},
    **{f"vat_months_{q}": (f"Months that those returns of quarter {q} cover", "months") for q in range(4)},
    **{f"cit_quarter_{q}": (f"Income declared for income tax in whole quarter {q}, 0 the last", _MINOR) for q in range(4)},
    **{f"vat_year_{y}": (f"Sales declared for sales tax, {ago} before the settled month's", _MINOR) for y, ago in _AGO.items()},
    **{f"vat_year_months_{y}": (f"Months that those returns of {ago} before cover", "months") for y, ago in _AGO.items()},
    **{f"cit_year_{y}": (f"Income declared for income tax, {ago} before the settled month's", _MINOR) for y, ago in _AGO.items()},
}

TAX_SUMS = Contract(
    name="tax_sums",
    zone=Zone.STATE,
    about="What an entity's tax returns add up to over the windows that indicators speak of.",
    grain="entity × the day its sums changed",
    key=(ENTITY_ID, AS_OF),
    columns=(
        ENTITY_ID,
        AS_OF,
        RETURNS,
        CHANGES_ON,
        *[Column(name, Type.BIGINT, about, unit=unit) for name, (about, unit) in _SUMS.items()],
    ),
    owner="data engineering",
    partition_by=(AS_OF,),
)
