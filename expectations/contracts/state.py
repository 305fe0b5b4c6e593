"""The state that a day builds on: the sums of each entity's tax returns, as exact whole numbers, and its entry in the register.

A row is written on the day on which an entity's state changes, and an entity's newest row is valid. A row without returns, or of an
entity that is not there, means that nothing is left. Months count back from the last closed month, which is month 0.
"""

from __future__ import annotations

from expectations.contracts import registration, silver
from expectations.contracts.contract import Column, Contract, Type, Zone
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT

RETURNS = Column("returns", Type.BIGINT, "Returns that were added up; none takes away what earlier days hold", required=True)
CHANGES_ON = Column("changes_on", Type.DATE, "The next day on which the row changes though nothing new is known")

IS_THERE = Column("is_there", Type.BOOLEAN, "Whether the register has it; a row that it has not takes it away", required=True)
TRADING_NAME_KEY = Column("trading_name_key", Type.STRING, "The trading name, normalised for comparing")
CHANGES_12M = Column("changes_12m", Type.BIGINT, "Changes of the last 365 days, each day and kind once", unit="count")
LAST_CHANGED_ON = Column("last_changed_on", Type.DATE, "The day of the last change")
REP_AND_ADDRESS_CHANGED = Column(
    "rep_and_address_changed", Type.INT, "1 when representative and address changed within 30 days of each other in that time"
)
TELLS_CHANGES = Column("tells_changes", Type.BOOLEAN, "Whether its newest version, or a change before it, tells what changed")

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
    "void_invoices": (f"Invoices voided {_YEAR}", _COUNT),
    "all_tax_due": (f"Tax due, all taxes, {_YEAR}", _MINOR),
    "all_arrears": (f"Arrears, all taxes, {_YEAR}", _MINOR),
    "heads": ("Employees, summed over the returns of months 0-2", _COUNT),
    "heads_rows": ("Returns of months 0-2 that state employees", _COUNT),
    "heads_before": ("Employees, summed over the returns of months 12-14", _COUNT),
    "heads_rows_before": ("Returns of months 12-14 that state employees", _COUNT),
    "positive_bits": ("One bit for each of months 0-23: some sales were declared", "bits"),
    "zero_bits": ("One bit for each of months 0-23: zero sales were declared", "bits"),
    **{f"vat_quarter_{q}": (f"Sales declared for sales tax in whole quarter {q}, 0 the last", _MINOR) for q in range(4)},
    **{f"vat_months_{q}": (f"Months that those returns of quarter {q} cover", "months") for q in range(4)},
    **{f"cit_quarter_{q}": (f"Income declared for income tax in whole quarter {q}, 0 the last", _MINOR) for q in range(4)},
    **{f"vat_year_{y}": (f"Sales declared for sales tax, {ago} before the closed month's", _MINOR) for y, ago in _AGO.items()},
    **{f"vat_year_months_{y}": (f"Months that those returns of {ago} before cover", "months") for y, ago in _AGO.items()},
    **{f"cit_year_{y}": (f"Income declared for income tax, {ago} before the closed month's", _MINOR) for y, ago in _AGO.items()},
}

TAX_SUMS = Contract(
    name="tax_sums",
    zone=Zone.STATE,
    about="The sums of an entity's tax returns over the windows of the indicators.",
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

_NEWEST = (
    registration.STATUS, registration.ESTABLISHED_ON, registration.CLOSED_ON, silver.INDUSTRY_SECTION, silver.INDUSTRY_DIVISION,
    silver.INDUSTRY_GROUP, silver.REGION_MIDDLE, silver.ADDRESS_KEY, silver.NAME_KEY, registration.LEGAL_REP_ID,
    registration.OWNER_ID, registration.PHONE_HASH, registration.AGENT_ID, registration.REGISTERED_CAPITAL_MINOR,
    registration.PAID_IN_CAPITAL_MINOR, registration.IS_PLATFORM,
)  # fmt: skip
"""The columns that are copied from an entity's newest version."""


def _maybe(column: Column) -> Column:
    """The column as an optional one: it is empty in a row that removes an entity."""
    return Column(column, column.type, column.about, unit=column.unit, sensitivity=column.sensitivity)


REGISTER = Contract(
    name="register",
    zone=Zone.STATE,
    about="An entity's newest version in the register, as far as indicators and links read it, and how often it changed.",
    grain="entity × the day its row changed",
    key=(ENTITY_ID, AS_OF),
    columns=(
        ENTITY_ID,
        AS_OF,
        IS_THERE,
        CHANGES_ON,
        *map(_maybe, _NEWEST),
        TRADING_NAME_KEY,
        _maybe(KNOWN_AT),
        CHANGES_12M,
        LAST_CHANGED_ON,
        REP_AND_ADDRESS_CHANGED,
        TELLS_CHANGES,
    ),
    owner="data engineering",
    partition_by=(AS_OF,),
)

STATE = (TAX_SUMS, REGISTER)
"""The state tables."""
