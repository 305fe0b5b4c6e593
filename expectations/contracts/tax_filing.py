"""Tax filings: what an entity declared and paid, and when."""

from __future__ import annotations

from types import MappingProxyType

from expectations.contracts.contract import (
    BatchCheck,
    BatchRule,
    Column,
    Contract,
    RowRule,
    Severity,
    Type,
    Zone,
    in_order,
    not_negative,
)
from expectations.contracts.lineage import ENTITY_ID, delivery_rules, source_rules

TAX_TYPE = Column("tax_type", Type.STRING, "The tax", required=True)
PERIOD_START = Column("period_start", Type.DATE, "The first day of the period", required=True)
PERIOD_END = Column("period_end", Type.DATE, "The last day of the period", required=True)
DUE_ON = Column("due_on", Type.DATE, "The day by which it had to be filed")
FILED_ON = Column("filed_on", Type.DATE, "The day it was filed; null when it was not")
DECLARED_REVENUE_MINOR = Column("declared_revenue_minor", Type.BIGINT, "Declared sales", unit="minor currency unit")
OUTPUT_TAX_MINOR = Column("output_tax_minor", Type.BIGINT, "Output tax", unit="minor currency unit")
INPUT_TAX_MINOR = Column("input_tax_minor", Type.BIGINT, "Input tax", unit="minor currency unit")
TAX_DUE_MINOR = Column("tax_due_minor", Type.BIGINT, "Tax due", unit="minor currency unit")
TAX_PAID_MINOR = Column("tax_paid_minor", Type.BIGINT, "Tax paid", unit="minor currency unit")
ARREARS_MINOR = Column("arrears_minor", Type.BIGINT, "Tax in arrears", unit="minor currency unit")
INVOICE_COUNT = Column("invoice_count", Type.BIGINT, "Invoices issued", unit="count")
VOID_INVOICE_COUNT = Column("void_invoice_count", Type.BIGINT, "Invoices voided or reversed", unit="count")
EMPLOYEES = Column("employees", Type.BIGINT, "Employees in the period", unit="count")
QUANTITY_MILLI = Column("quantity_milli", Type.BIGINT, "Taxed quantity, if not money", unit="thousandth of quantity_unit")
QUANTITY_UNIT = Column("quantity_unit", Type.STRING, "The unit of the taxed quantity")

VALUES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        TAX_TYPE: ("vat", "cit", "excise", "sales", "other"),
        QUANTITY_UNIT: ("litre", "hectolitre", "litre_of_alcohol", "us_gallon", "kilogram", "tonne", "piece", "other"),
    }
)
COLUMNS = (
    ENTITY_ID, TAX_TYPE, PERIOD_START, PERIOD_END, DUE_ON, FILED_ON, DECLARED_REVENUE_MINOR, OUTPUT_TAX_MINOR, INPUT_TAX_MINOR,
    TAX_DUE_MINOR, TAX_PAID_MINOR, ARREARS_MINOR, INVOICE_COUNT, VOID_INVOICE_COUNT, EMPLOYEES, QUANTITY_MILLI,
    QUANTITY_UNIT,
)  # fmt: skip

CONTRACT = Contract(
    name="tax_filing",
    zone=Zone.BRONZE,
    about="Tax returns; a correction is a new version of its key.",
    grain="one version of one return",
    key=(ENTITY_ID, TAX_TYPE, PERIOD_START),
    columns=COLUMNS,
    owner="tax authority",
    event_on=PERIOD_END,
    values=VALUES,
    version=2,
    row_rules=(
        *source_rules(COLUMNS, VALUES, PERIOD_START, PERIOD_END, DUE_ON, FILED_ON),
        in_order(PERIOD_START, PERIOD_END),
        in_order(PERIOD_START, FILED_ON),
        *not_negative(DECLARED_REVENUE_MINOR, TAX_PAID_MINOR, ARREARS_MINOR, INVOICE_COUNT, VOID_INVOICE_COUNT, EMPLOYEES),
        *not_negative(QUANTITY_MILLI),
        RowRule(
            "quantity_with_unit",
            "quantity_milli IS NULL OR quantity_unit IS NOT NULL",
            Severity.WARNING,
            "a quantity has its unit",
            QUANTITY_UNIT,
        ),
        RowRule(
            "void_within_issued",
            "void_invoice_count <= invoice_count",
            Severity.WARNING,
            "no more invoices are voided than were issued",
            VOID_INVOICE_COUNT,
        ),
        RowRule("due_given", "due_on IS NOT NULL", Severity.WARNING, "due_on is given", DUE_ON),
        RowRule(
            "period_at_most_a_year",
            "datediff(period_end, period_start) <= 366",
            Severity.WARNING,
            "a period is at most a year",
            PERIOD_END,
        ),
    ),
    batch_rules=(
        *delivery_rules("tax_filing", volume=0.2),
        BatchRule("tax_filing_fresh", BatchCheck.FRESH, 120, Severity.CRITICAL, "the newest period is recent"),
        BatchRule("tax_filing_entities", BatchCheck.UNKNOWN_ENTITY_SHARE, 0.2, Severity.WARNING, "most filers are registered"),
    ),
)
