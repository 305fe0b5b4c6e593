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
AGE_DAYS = Column("age_days", Type.DOUBLE, "From the newest event of the day's rows, ten or more, to the delivery", unit="day")
QUARANTINED_SHARE = Column("quarantined_share", Type.DOUBLE, "Rows turned away at any stage, of those in scope", unit="share")
UNKNOWN_ENTITY_SHARE = Column(
    "unknown_entity_share", Type.DOUBLE, "Rows whose entity_id no registration has, of those with one", unit="share"
)

COLUMNS = (DELIVERED_ON, ROWS, VOLUME_RATIO, AGE_DAYS, QUARANTINED_SHARE, UNKNOWN_ENTITY_SHARE)


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
        BatchCheck.FRESH: Bound(AGE_DAYS, is_minimum=False),
        BatchCheck.QUARANTINED_SHARE: Bound(QUARANTINED_SHARE, is_minimum=False),
        BatchCheck.UNKNOWN_ENTITY_SHARE: Bound(UNKNOWN_ENTITY_SHARE, is_minimum=False),
    }
)
