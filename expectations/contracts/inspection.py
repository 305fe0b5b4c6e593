"""Inspections: visits to entities, their reasons and results."""

from __future__ import annotations

from types import MappingProxyType

from expectations.contracts.contract import (
    BatchCheck,
    BatchRule,
    Column,
    Contract,
    RowRule,
    Sensitivity,
    Severity,
    Type,
    Zone,
    not_negative,
)
from expectations.contracts.lineage import ENTITY_ID, delivery_rules, source_rules

INSPECTION_ID = Column("inspection_id", Type.STRING, "The visit's number at its source", required=True)
DEPARTMENT_ID = Column("department_id", Type.STRING, "The department that went")
DRAW_ID = Column("draw_id", Type.STRING, "The draw that selected it, where there was one")
INCLUSION_PROBABILITY = Column("inclusion_probability", Type.DOUBLE, "The probability with which it was drawn", unit="probability")
SELECTED_BY = Column("selected_by", Type.STRING, "How it was selected", required=True)
PLANNED_ON = Column("planned_on", Type.DATE, "The day it was planned for")
INSPECTED_ON = Column("inspected_on", Type.DATE, "The day of the visit; null when it did not take place")
REPORTED_AT = Column("reported_at", Type.TIMESTAMP, "The instant (UTC) the report was filed")
VISIT_STATUS = Column("visit_status", Type.STRING, "Whether the visit took place", required=True)
ITEMS_CHECKED = Column("items_checked", Type.INT, "Checkpoints looked at", unit="count")
BREACHES = Column("breaches", Type.INT, "Checkpoints breached", unit="count")
SEVERITY = Column("severity", Type.INT, "0 none … 4 very serious", unit="grade")
FOUND_VIOLATION = Column("found_violation", Type.BOOLEAN, "Whether a violation was found: the label")
INSPECTOR_ID = Column("inspector_id", Type.STRING, "The inspector; never a feature", sensitivity=Sensitivity.PERSONAL)
PENALTY_MINOR = Column("penalty_minor", Type.BIGINT, "The penalty imposed", unit="minor currency unit")
RESULT = Column("result", Type.STRING, "The result in the source's own words")

FOLLOW_UP = "follow_up"
"""A visit to check whether an earlier violation was corrected; it may have no result of its own."""
VALUES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        SELECTED_BY: ("random", "targeted", "complaint", "joint", "campaign", FOLLOW_UP, "other"),
        VISIT_STATUS: ("planned", "inspected", "not_reachable", "refused", "not_done"),
    }
)
COLUMNS = (
    INSPECTION_ID, ENTITY_ID, DEPARTMENT_ID, DRAW_ID, INCLUSION_PROBABILITY, SELECTED_BY, PLANNED_ON, INSPECTED_ON, REPORTED_AT,
    VISIT_STATUS, ITEMS_CHECKED, BREACHES, SEVERITY, FOUND_VIOLATION, INSPECTOR_ID, PENALTY_MINOR, RESULT,
)  # fmt: skip

CONTRACT = Contract(
    name="inspection",
    zone=Zone.BRONZE,
    about="Visits and their results; a report that changes is a new version.",
    grain="one version of one visit",
    key=(INSPECTION_ID,),
    columns=COLUMNS,
    owner="inspection department",
    event_on=INSPECTED_ON,
    values=VALUES,
    texts=(RESULT,),
    row_rules=(
        *source_rules(COLUMNS, VALUES, PLANNED_ON, INSPECTED_ON, REPORTED_AT),
        RowRule(
            "inspected_has_date",
            "visit_status <> 'inspected' OR inspected_on IS NOT NULL",
            Severity.CRITICAL,
            "a visit that took place has inspected_on",
            INSPECTED_ON,
        ),
        RowRule(
            "inspected_has_result",
            f"visit_status <> 'inspected' OR selected_by = '{FOLLOW_UP}' OR found_violation IS NOT NULL",
            Severity.CRITICAL,
            "a visit that took place has a result, unless it is a follow-up",
            FOUND_VIOLATION,
        ),
        RowRule(
            "inclusion_in_unit",
            "inclusion_probability > 0 AND inclusion_probability <= 1",
            Severity.CRITICAL,
            "an inclusion probability is in (0, 1]",
            INCLUSION_PROBABILITY,
        ),
        RowRule("severity_in_grades", "severity BETWEEN 0 AND 4", Severity.CRITICAL, "severity is 0 to 4", SEVERITY),
        *not_negative(ITEMS_CHECKED, BREACHES, PENALTY_MINOR),
        RowRule(
            "breaches_within_items",
            "breaches <= items_checked",
            Severity.WARNING,
            "no more checkpoints are breached than were checked",
            BREACHES,
        ),
    ),
    batch_rules=(
        *delivery_rules("inspection", volume=0.1),
        BatchRule("inspection_fresh", BatchCheck.FRESH, 45, Severity.WARNING, "the newest visit is recent"),
        BatchRule(
            "inspection_label_rate",
            BatchCheck.LABEL_SHIFT,
            0.25,
            Severity.CRITICAL,
            "visits find violations about as often as in earlier deliveries",
        ),
        BatchRule(
            "inspection_breaches",
            BatchCheck.BREACHES_GAP,
            0,
            Severity.CRITICAL,
            "visits with a violation do not have fewer breaches than those without",
        ),
        BatchRule(
            "inspection_entities", BatchCheck.UNKNOWN_ENTITY_SHARE, 0.2, Severity.WARNING, "most entities visited are registered"
        ),
    ),
)
