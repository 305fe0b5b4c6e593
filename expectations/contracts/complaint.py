"""Complaints of consumers about entities."""

from __future__ import annotations

from types import MappingProxyType

from expectations.contracts import lineage, registration
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
    in_order,
    not_negative,
)

COMPLAINT_ID = Column("complaint_id", Type.STRING, "The complaint's number at its source", required=True)
RECEIVED_ON = Column("received_on", Type.DATE, "The day it was received", required=True)
ENTITY_ID = Column("entity_id", Type.STRING, "The entity complained of, where the complainant or clerk gave it")
ENTITY_NAME = Column("entity_name", Type.STRING, "The entity's name as the complainant gave it", sensitivity=Sensitivity.PUBLIC)
PLATFORM_ID = Column("platform_id", Type.STRING, "The platform enterprise, where there is one")
CATEGORY = Column("category", Type.STRING, "What it is about, in broad kinds")
SEVERITY = Column("severity", Type.INT, "1 service, 2 quality or contract, 3 fraud, 4 safety", unit="grade")
AMOUNT_CLAIMED_MINOR = Column("amount_claimed_minor", Type.BIGINT, "The amount claimed", unit="minor currency unit")
DUE_ON = Column("due_on", Type.DATE, "The day by which it must be resolved")
RESOLVED_ON = Column("resolved_on", Type.DATE, "The day it was resolved; null while open")
OUTCOME = Column("outcome", Type.STRING, "How it ended")
CHANNEL = Column("channel", Type.STRING, "How it came in")
COMPLAINANT_HASH = Column("complainant_hash", Type.STRING, "Keyed hash of the complainant", sensitivity=Sensitivity.PERSONAL)

VALUES: MappingProxyType[str, tuple[str, ...]] = MappingProxyType(
    {
        CATEGORY: (
            "food_safety", "quality", "prepaid", "advertising", "fraud", "price", "contract", "service", "sanitation", "other",
        ),
        OUTCOME: ("pending", "upheld", "mediated", "rejected", "refused", "withdrawn"),
    }
)  # fmt: skip
COLUMNS = (
    COMPLAINT_ID, RECEIVED_ON, ENTITY_ID, ENTITY_NAME, registration.ADDRESS, registration.LATITUDE, registration.LONGITUDE,
    PLATFORM_ID, CATEGORY, SEVERITY, AMOUNT_CLAIMED_MINOR, DUE_ON, RESOLVED_ON, OUTCOME, CHANNEL, COMPLAINANT_HASH,
)  # fmt: skip

CONTRACT = Contract(
    name="complaint",
    zone=Zone.BRONZE,
    about="Consumer complaints; a change of state is a new version.",
    grain="one version of one complaint",
    key=(COMPLAINT_ID,),
    columns=COLUMNS,
    owner="complaint hotline",
    event_on=RECEIVED_ON,
    values=VALUES,
    texts=(
        ENTITY_NAME,
        registration.ADDRESS,
    ),
    row_rules=(
        *lineage.source_rules(COLUMNS, VALUES, RECEIVED_ON, DUE_ON, RESOLVED_ON),
        RowRule("severity_in_grades", "severity BETWEEN 1 AND 4", Severity.CRITICAL, "severity is 1 to 4", SEVERITY),
        *not_negative(AMOUNT_CLAIMED_MINOR),
        in_order(RECEIVED_ON, RESOLVED_ON),
        RowRule(
            "received_by_delivery",
            f"{RECEIVED_ON} <= {lineage.DELIVERED_ON} OR {lineage.DELIVERED_ON} < DATE'1971-01-01'",
            Severity.CRITICAL,
            "a complaint is not received after it was delivered",
            RECEIVED_ON,
        ),
        RowRule(
            "someone_complained_of",
            "entity_id IS NOT NULL OR entity_name IS NOT NULL OR address IS NOT NULL",
            Severity.WARNING,
            "an entity_id, a name or an address is given",
            ENTITY_NAME,
        ),
    ),
    batch_rules=(
        *lineage.delivery_rules("complaint", volume=0.1),
        BatchRule("complaint_fresh", BatchCheck.FRESH, 14, Severity.CRITICAL, "the newest complaint is recent"),
        BatchRule(
            "complaint_entities",
            BatchCheck.UNKNOWN_ENTITY_SHARE,
            0.2,
            Severity.WARNING,
            "most entities that complaints name are registered",
        ),
    ),
)
