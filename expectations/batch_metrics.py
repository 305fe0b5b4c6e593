"""The metrics of one delivered day of a source, and the metric of each batch check.

A metric that does not apply (no past to compare with, no dated event) is NaN, and NaN breaks no rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from expectations.contracts.contract import BatchCheck, Column, Type
from expectations.contracts.lineage import DELIVERED_ON

ROWS = Column("rows", Type.DOUBLE, "Records delivered that were in scope", unit="count")
VOLUME_RATIO = Column("volume_ratio", Type.DOUBLE, "Rows against the source's own comparable past", unit="ratio")
LOWEST_RATIO = Column("lowest_ratio", Type.DOUBLE, "Rows against the smallest comparable delivery of the past", unit="ratio")
AGE_DAYS = Column("age_days", Type.DOUBLE, "From the newest event of the day's rows, ten or more, to the delivery", unit="day")
QUARANTINED_SHARE = Column("quarantined_share", Type.DOUBLE, "Rows turned away at any stage, of those in scope", unit="share")
UNKNOWN_ENTITY_SHARE = Column(
    "unknown_entity_share", Type.DOUBLE, "Rows whose entity_id no registration has, of those with one", unit="share"
)
CONFLICT_SHARE = Column(
    "conflict_share", Type.DOUBLE, "Rows that contradict another of their delivery, of those in scope", unit="share"
)
OUT_OF_SCOPE_SHARE = Column(
    "out_of_scope_share", Type.DOUBLE, "Records that the mapping leaves out, of all delivered so far", unit="share"
)
SCOPE_SHIFT = Column(
    "scope_shift", Type.DOUBLE, "Change of the share of records left out, beyond what chance explains", unit="share"
)
ABSENT_SHARE = Column("absent_share", Type.DOUBLE, "Keys that a snapshot no longer has, of those known before or now", unit="share")
GARBLED_SHARE = Column(
    "garbled_share", Type.DOUBLE, "Rows read with a wrong encoding, of those with characters beyond ASCII", unit="share"
)
LABEL_SHIFT = Column(
    "label_shift", Type.DOUBLE, "Change of the share of visits with a violation, beyond what chance explains", unit="share"
)
BREACHES_GAP = Column("breaches_gap", Type.DOUBLE, "Mean breaches of visits with a violation, minus those without", unit="count")

COLUMNS = (
    DELIVERED_ON, ROWS, VOLUME_RATIO, LOWEST_RATIO, AGE_DAYS, QUARANTINED_SHARE, UNKNOWN_ENTITY_SHARE, OUT_OF_SCOPE_SHARE,
    SCOPE_SHIFT, ABSENT_SHARE, GARBLED_SHARE, LABEL_SHIFT, BREACHES_GAP, CONFLICT_SHARE,
)  # fmt: skip


@dataclass(frozen=True)
class Bound:
    """The metric of a check, and whether its limit is a minimum or a maximum."""

    fact: Column
    is_minimum: bool

    @property
    def words(self) -> str:
        """``at least`` or ``at most``."""
        return "at least" if self.is_minimum else "at most"


BOUND_OF = MappingProxyType(
    {
        BatchCheck.MIN_ROWS: Bound(ROWS, is_minimum=True),
        BatchCheck.VOLUME: Bound(VOLUME_RATIO, is_minimum=True),
        BatchCheck.LOWEST: Bound(LOWEST_RATIO, is_minimum=True),
        BatchCheck.FRESH: Bound(AGE_DAYS, is_minimum=False),
        BatchCheck.QUARANTINED_SHARE: Bound(QUARANTINED_SHARE, is_minimum=False),
        BatchCheck.CONFLICT_SHARE: Bound(CONFLICT_SHARE, is_minimum=False),
        BatchCheck.UNKNOWN_ENTITY_SHARE: Bound(UNKNOWN_ENTITY_SHARE, is_minimum=False),
        BatchCheck.OUT_OF_SCOPE_SHARE: Bound(OUT_OF_SCOPE_SHARE, is_minimum=False),
        BatchCheck.SCOPE_SHIFT: Bound(SCOPE_SHIFT, is_minimum=False),
        BatchCheck.ABSENT_SHARE: Bound(ABSENT_SHARE, is_minimum=False),
        BatchCheck.GARBLED_SHARE: Bound(GARBLED_SHARE, is_minimum=False),
        BatchCheck.LABEL_SHIFT: Bound(LABEL_SHIFT, is_minimum=False),
        BatchCheck.BREACHES_GAP: Bound(BREACHES_GAP, is_minimum=True),
    }
)
