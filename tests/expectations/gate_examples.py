"""A valid row for each contract, and for each rule a row that just holds it and a row that breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from expectations.contracts.contract import BatchCheck
from expectations.contracts.registry import BRONZE

LINEAGE = {
    "source": "a_source",
    "source_file": "a_source/2026-03-02/a.csv",
    "source_row": 1,
    "content_hash": "0" * 64,
    "delivered_on": date(2026, 3, 2),
    "known_at": datetime(2026, 3, 1, 16),
    "is_absent": False,
    "is_revision": False,
}
SOUND = {
    "registration": {
        "entity_id": "91110105MA01ABCD4C", "id_scheme": "cn.uscc", "name": "甲店", "entity_type": "company", "status": "active",
        "industry_code": "6210", "region_code": "110105", "latitude": 39.9, "longitude": 116.4, "registered_capital_minor": 100,
        "paid_in_capital_minor": 0, "established_on": date(2020, 5, 1), "is_platform": False, "change_type": "new",
    },
    "tax_filing": {
        "entity_id": "91110105MA01ABCD4C", "tax_type": "vat", "period_start": date(2026, 1, 1), "period_end": date(2026, 1, 31),
        "due_on": date(2026, 2, 15), "filed_on": date(2026, 2, 10), "declared_revenue_minor": 500, "tax_paid_minor": 15,
        "arrears_minor": 0, "invoice_count": 9, "void_invoice_count": 1, "employees": 3,
        "quantity_milli": 1500, "quantity_unit": "litre",
    },
    "complaint": {
        "complaint_id": "c1", "received_on": date(2026, 3, 1), "entity_id": "91110105MA01ABCD4C", "category": "price",
        "severity": 2, "amount_claimed_minor": 100, "outcome": "pending",
    },
    "inspection": {
        "inspection_id": "i1", "entity_id": "91110105MA01ABCD4C", "selected_by": "random", "visit_status": "inspected",
        "inspected_on": date(2026, 2, 27), "inclusion_probability": 0.1, "items_checked": 20, "breaches": 2, "severity": 1,
        "found_violation": True, "penalty_minor": 0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Example:
    """What to change in the sound row so that the rule just holds, and so that it breaks."""

    contract: str
    rule_id: str
    holds: dict[str, Any]
    breaks: dict[str, Any]


def _exact(contract: str, *columns: str) -> list[Example]:
    beside = {"void_invoice_count": {"invoice_count": 2**53}}
    return [
        Example(contract, f"{column}_exact", {column: 2**53, **beside.get(column, {})}, {column: 2**53 + 1}) for column in columns
    ]


def _plausible(contract: str, *columns: str) -> list[Example]:
    """A day that just passes beside the row's other days, and one that stands for "none"; and what is asked of ``known_at``."""
    just = {
        "period_start": date(2026, 1, 2),
        "period_end": date(2026, 1, 2),
        "filed_on": date(2199, 12, 31),
        "resolved_on": date(2199, 12, 31),
    }
    kinds = {column: datetime if column.endswith("_at") else date for column in columns}
    known = [
        Example(contract, "known_at_plausible", {"known_at": datetime(1900, 1, 1)}, {"known_at": datetime(1899, 12, 31)}),
        Example(contract, "known_by_delivery", {"known_at": datetime(2026, 3, 3, 23)}, {"known_at": datetime(2026, 3, 4)}),
    ]
    own = [
        Example(contract, f"{column}_plausible", {column: just.get(column, kind(1900, 1, 1))}, {column: kind(2200, 1, 1)})
        for column, kind in kinds.items()
    ]
    return own + known


_ = Example
ROW_EXAMPLES = [
    _("registration", "entity_id_present", {"entity_id": "92110105MA01ABCD49"}, {"entity_id": "  "}),
    _("registration", "id_scheme_present", {"id_scheme": "x"}, {"id_scheme": None}),
    _("registration", "name_present", {"name": "乙"}, {"name": ""}),
    _("registration", "status_present", {"status": "active"}, {"status": None}),
    _("registration", "region_code_present", {"region_code": "1"}, {"region_code": " "}),
    _("registration", "status_known", {"status": "suspended"}, {"status": "ACTIVE"}),
    _("registration", "entity_type_known", {"entity_type": None}, {"entity_type": "有限公司"}),
    _("registration", "change_type_known", {"change_type": "other"}, {"change_type": "merger"}),
    *_exact("registration", "registered_capital_minor", "paid_in_capital_minor"),
    *_plausible("registration", "changed_on"),
    _("registration", "latitude_on_earth", {"latitude": -90.0}, {"latitude": 90.001}),
    _("registration", "longitude_on_earth", {"longitude": 180.0}, {"longitude": -180.5}),
    _("registration", "registered_capital_minor_not_negative", {"registered_capital_minor": 0}, {"registered_capital_minor": -1}),
    _("registration", "paid_in_capital_minor_not_negative", {"paid_in_capital_minor": None}, {"paid_in_capital_minor": -100}),
    _("registration", "established_on_before_closed_on", {"closed_on": date(2020, 5, 1)}, {"closed_on": date(2020, 4, 30)}),
    _("registration", "entity_id_passes_check", {"entity_id": "92110105MA01ABCD49"}, {"entity_id": "92110105MA01BACD49"}),
    _("registration", "industry_given", {"industry_code": "0"}, {"industry_code": None}),
    _("registration", "established_given", {"established_on": date(1949, 10, 1)}, {"established_on": None}),
    _("registration", "closed_has_date", {"status": "closed", "closed_on": date(2026, 1, 1)}, {"status": "revoked"}),
    _("tax_filing", "entity_id_present", {"entity_id": "x"}, {"entity_id": None}),
    _("tax_filing", "tax_type_present", {"tax_type": "cit"}, {"tax_type": " "}),
    _("tax_filing", "period_start_present", {"period_start": date(2026, 1, 2)}, {"period_start": None}),
    _("tax_filing", "period_end_present", {"period_end": date(2026, 1, 2)}, {"period_end": None}),
    _("tax_filing", "tax_type_known", {"tax_type": "sales"}, {"tax_type": "增值税"}),
    *_exact("tax_filing", "declared_revenue_minor", "output_tax_minor", "input_tax_minor", "tax_due_minor", "tax_paid_minor"),
    *_exact("tax_filing", "arrears_minor", "invoice_count", "void_invoice_count", "employees", "quantity_milli"),
    *_plausible("tax_filing", "period_start", "period_end", "due_on", "filed_on"),
    _("tax_filing", "period_start_before_period_end", {"period_end": date(2026, 1, 1)}, {"period_end": date(2025, 12, 31)}),
    _("tax_filing", "period_start_before_filed_on", {"filed_on": None}, {"filed_on": date(2025, 12, 31)}),
    _("tax_filing", "declared_revenue_minor_not_negative", {"declared_revenue_minor": 0}, {"declared_revenue_minor": -1}),
    _("tax_filing", "tax_paid_minor_not_negative", {"tax_paid_minor": 0}, {"tax_paid_minor": -1}),
    _("tax_filing", "arrears_minor_not_negative", {"arrears_minor": None}, {"arrears_minor": -1}),
    _("tax_filing", "invoice_count_not_negative", {"invoice_count": None}, {"invoice_count": -1}),
    _("tax_filing", "void_invoice_count_not_negative", {"void_invoice_count": 0}, {"void_invoice_count": -1}),
    _("tax_filing", "employees_not_negative", {"employees": 0}, {"employees": -1}),
    _("tax_filing", "quantity_milli_not_negative", {"quantity_milli": 0}, {"quantity_milli": -1}),
    _("tax_filing", "quantity_unit_known", {"quantity_unit": "us_gallon"}, {"quantity_unit": "gallon"}),
    _("tax_filing", "quantity_with_unit", {"quantity_milli": None, "quantity_unit": None}, {"quantity_unit": None}),
    _("tax_filing", "void_within_issued", {"void_invoice_count": 9}, {"void_invoice_count": 10}),
    _("tax_filing", "due_given", {"due_on": date(2026, 2, 1)}, {"due_on": None}),
    _("tax_filing", "period_at_most_a_year", {"period_end": date(2027, 1, 2)}, {"period_end": date(2027, 1, 3)}),
    _("complaint", "complaint_id_present", {"complaint_id": "0"}, {"complaint_id": ""}),
    _("complaint", "received_on_present", {"received_on": date(2026, 3, 2)}, {"received_on": None}),
    _("complaint", "category_known", {"category": None}, {"category": "noise"}),
    _("complaint", "outcome_known", {"outcome": "withdrawn"}, {"outcome": "won"}),
    *_exact("complaint", "amount_claimed_minor"),
    *_plausible("complaint", "received_on", "due_on", "resolved_on"),
    _("complaint", "severity_in_grades", {"severity": 4}, {"severity": 0}),
    _("complaint", "amount_claimed_minor_not_negative", {"amount_claimed_minor": 0}, {"amount_claimed_minor": -5}),
    _("complaint", "received_on_before_resolved_on", {"resolved_on": date(2026, 3, 1)}, {"resolved_on": date(2026, 2, 28)}),
    _("complaint", "received_by_delivery", {"received_on": date(2026, 3, 2)}, {"received_on": date(2026, 3, 3)}),
    _("complaint", "someone_complained_of", {"entity_id": None, "address": "某路 1 号"}, {"entity_id": None}),
    _("inspection", "inspection_id_present", {"inspection_id": "0"}, {"inspection_id": None}),
    _("inspection", "entity_id_present", {"entity_id": "x"}, {"entity_id": " "}),
    _("inspection", "selected_by_present", {"selected_by": "other"}, {"selected_by": None}),
    _("inspection", "visit_status_present", {"visit_status": "refused"}, {"visit_status": None}),
    _("inspection", "selected_by_known", {"selected_by": "joint"}, {"selected_by": "whim"}),
    _("inspection", "visit_status_known", {"visit_status": "not_done"}, {"visit_status": "done"}),
    *_exact("inspection", "penalty_minor"),
    *_plausible("inspection", "planned_on", "inspected_on", "reported_at"),
    _("inspection", "inspected_has_date", {"visit_status": "planned", "inspected_on": None}, {"inspected_on": None}),
    _("inspection", "inspected_has_result", {"visit_status": "refused", "found_violation": None}, {"found_violation": None}),
    _("inspection", "inclusion_in_unit", {"inclusion_probability": 1.0}, {"inclusion_probability": 0.0}),
    _("inspection", "severity_in_grades", {"severity": 0}, {"severity": 5}),
    _("inspection", "items_checked_not_negative", {"items_checked": 0, "breaches": 0}, {"items_checked": -1, "breaches": -2}),
    _("inspection", "breaches_not_negative", {"breaches": 0}, {"breaches": -1}),
    _("inspection", "penalty_minor_not_negative", {"penalty_minor": None}, {"penalty_minor": -1}),
    _("inspection", "breaches_within_items", {"breaches": 20}, {"breaches": 21}),
]

SOUND_DAY = {
    "rows": 100.0, "volume_ratio": 1.0, "lowest_ratio": 1.0, "age_days": 1.0, "quarantined_share": 0.0, "unknown_entity_share": 0.0,
    "out_of_scope_share": 0.0, "scope_shift": 0.0, "absent_share": 0.0, "garbled_share": 0.0, "label_shift": 0.0,
    "breaches_gap": 1.0, "conflict_share": 0.0,
}  # fmt: skip
DAY_EXAMPLES = {
    # The fact that a check looks at, and by how much it may move from the limit: just holds, breaks.
    BatchCheck.MIN_ROWS: ("rows", 0.0, -1.0),
    BatchCheck.VOLUME: ("volume_ratio", 0.0, -0.01),
    BatchCheck.LOWEST: ("lowest_ratio", 0.0, -0.01),
    BatchCheck.FRESH: ("age_days", 0.0, 1.0),
    BatchCheck.QUARANTINED_SHARE: ("quarantined_share", 0.0, 0.01),
    BatchCheck.CONFLICT_SHARE: ("conflict_share", 0.0, 0.002),
    BatchCheck.UNKNOWN_ENTITY_SHARE: ("unknown_entity_share", 0.0, 0.01),
    BatchCheck.OUT_OF_SCOPE_SHARE: ("out_of_scope_share", 0.0, 0.01),
    BatchCheck.SCOPE_SHIFT: ("scope_shift", 0.0, 0.01),
    BatchCheck.ABSENT_SHARE: ("absent_share", 0.0, 0.01),
    BatchCheck.GARBLED_SHARE: ("garbled_share", 0.0, 0.01),
    BatchCheck.LABEL_SHIFT: ("label_shift", 0.0, 0.01),
    BatchCheck.BREACHES_GAP: ("breaches_gap", 0.0, -0.01),
}


def bronze(spark: SparkSession, contract: str, changes: list[dict[str, Any]]) -> DataFrame:
    """A bronze frame with one row a change of the sound row; rows are numbered from 1 unless a change says otherwise."""
    table = BRONZE[contract]
    rows = []
    for number, change in enumerate(changes, start=1):
        row = {**LINEAGE, "source_row": number, **SOUND[contract], **change}
        rows.append(tuple(row.get(column) for column in table.columns))
    return spark.createDataFrame(rows, table.ddl())
