"""Indicators from an entity's own record of visits, and the base rate of its industry.

Inspectors differ in how often they find violations, which says nothing about a business. So an outcome is compared with its
expectation: the rate at which its inspector finds violations at other businesses, of past visits only. Results at the business
itself, by any inspector, are left out: otherwise a business that one inspector visits often would be compared with itself. The
inspector is dropped once the expectation is computed, and is not part of any indicator.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.inspection import FOLLOW_UP, INSPECTOR_ID
from expectations.contracts.lineage import ENTITY_ID
from jobs.transforms.coverage import Coverage
from jobs.transforms.features.ratios import add_nested_rate
from jobs.transforms.frames import Materialise, aggregate, join_few, select

PARTS = 1_000_000
"""Expectations are whole millionths of a violation, or of a breach per checkpoint, so that their sums are exact."""
OTHER_VISITS = 30
"""An inspector's rate is shrunk towards the overall rate as if by this many further visits."""
OTHER_ITEMS = 600
"""The rate of breaches is shrunk as if by this many further checkpoints."""
HALF_LIFE_DAYS = 365
RECORD_DAYS = 1095
"""Visits of the last 36 months up to the end of their source's coverage make the record."""
TODAY = 1_000_000
"""The weight of a visit of today."""
USUAL_ITEMS = 20
"""Checkpoints of an assumed visit today that meets its expectation."""
CERTAIN = 1000
"""The inverse of a probability is in thousandths: the weight of a visit that was certain to be made."""
INDUSTRY = ("industry_section", "industry_division", "industry_group")
"""The levels of an industry code, the broadest first."""

NEEDED = (
    "entity_id", "inspection_id", "visit_status", "planned_on", "inspected_on", "selected_by", "inclusion_probability",
    "items_checked", "breaches", "severity", "found_violation", "penalty_minor", "expected_parts",
    "expected_breach_parts", "source",
)  # fmt: skip
"""The columns that are read of a visit."""

TOOK_PLACE = "visit_status = 'inspected' AND inspected_on IS NOT NULL"
IS_FOLLOW_UP = f"selected_by = '{FOLLOW_UP}'"
IS_VISIT = f"{TOOK_PLACE} AND (coalesce(found_violation, false) OR NOT {IS_FOLLOW_UP})"
"""A visit of the record. A follow-up visit, which checks corrections, is one only where it found a violation (ADR 0019)."""

_IS_COUNTED = "items_checked > 0 AND breaches IS NOT NULL"
_COUNTS = {
    "visits": "count(found_violation)",
    "found": "count_if(found_violation)",
    "items": f"coalesce(sum(CASE WHEN {_IS_COUNTED} THEN items_checked END), 0L)",
    "breaches": f"coalesce(sum(CASE WHEN {_IS_COUNTED} THEN breaches END), 0L)",
}


def _expected(events: str, exposure: str, more: int) -> str:
    """SQL of an inspector's rate at other entities in millionths, shrunk towards the rate of all inspectors at other entities.

    Where no other entity was visited, the overall rate is used, and the excess is about zero.

    Args:
        events, exposure: the names of the counts of the rate.
        more: the exposure that the overall rate is worth.
    """
    elsewhere = [f"(all_{name} - coalesce(entity_{name}, 0L))" for name in (events, exposure)]
    own = [f"(coalesce(inspector_{name}, 0L) - coalesce(both_{name}, 0L))" for name in (events, exposure)]
    rate = f"coalesce({_rate(*elsewhere)}, {_rate(f'all_{events}', f'all_{exposure}')})"
    return f"cast(round({PARTS} * (({own[0]} + {more} * {rate}) / ({own[1]} + {more}))) AS BIGINT)"


def _rate(events: str, exposure: str) -> str:
    return f"(cast({events} AS DOUBLE) / nullif({exposure}, 0L))"


def _sum(pairs: DataFrame, by: Sequence[str], whose: str) -> DataFrame:
    return aggregate(pairs, by, {f"{whose}_{name}": f"sum(both_{name})" for name in _COUNTS})


def add_expected(visits: DataFrame, materialise: Materialise) -> DataFrame:
    """Add the expectation of each visit, given its inspector, in millionths, and drop the inspector.

    ``expected_parts`` is the probability of finding a violation, ``expected_breach_parts`` the share of breached checkpoints.

    Follow-ups are not part of any rate: they go where a violation was found, and only some of them are part of the record.

    Args:
        visits: the newest known version of each visit, with ``inspector_id``; where that is null, the overall rate is used.
    """
    kept = [name for name in visits.columns if name != INSPECTOR_ID]
    counts = {f"both_{name}": sql for name, sql in _COUNTS.items()}
    pairs = materialise(
        visits.where(f"{TOOK_PLACE} AND NOT {IS_FOLLOW_UP}").transform(aggregate, [ENTITY_ID, INSPECTOR_ID], counts)
    )
    return (
        join_few(visits, pairs, [ENTITY_ID, INSPECTOR_ID])
        .transform(join_few, _sum(pairs, [INSPECTOR_ID], "inspector"), INSPECTOR_ID)
        .transform(join_few, _sum(pairs, [ENTITY_ID], "entity"), ENTITY_ID)
        .crossJoin(_sum(pairs, [], "all"))
        .transform(
            select,
            *kept,
            f"{_expected('found', 'visits', OTHER_VISITS)} AS expected_parts",
            f"{_expected('breaches', 'items', OTHER_ITEMS)} AS expected_breach_parts",
        )
    )


_ROW = {
    "days_ago": "datediff(as_of, coalesce(inspected_on, planned_on))",
    "days_before": "datediff(window_end, coalesce(inspected_on, planned_on))",
    "took_place": TOOK_PLACE,
    "is_visit": IS_VISIT,
    "is_follow_up": f"{TOOK_PLACE} AND {IS_FOLLOW_UP}",
    "is_unmet": "visit_status IN ('not_reachable', 'refused')",
    # Weights are whole numbers, so that their sums are exact.
    "decay": f"cast(round({TODAY} * power(0.5D, datediff(as_of, inspected_on) / {HALF_LIFE_DAYS}.0D)) AS BIGINT)",
    "inverse_probability": f"cast(round({CERTAIN} / inclusion_probability) AS BIGINT)",
}

_EXCESS = f"(CASE WHEN found_violation THEN {PARTS}L ELSE 0L END - expected_parts)"
_EXCESS_BREACHES = f"({PARTS}L * breaches - items_checked * expected_breach_parts)"
_RECENT = f"is_visit AND days_before < {RECORD_DAYS}"
_SUMS = {
    "visits_36m": f"count_if({_RECENT})",
    "violations_36m": f"count_if({_RECENT} AND found_violation)",
    "decayed_breaches": "sum(CASE WHEN is_visit AND items_checked > 0 THEN breaches * decay END)",
    "decayed_items": "sum(CASE WHEN is_visit AND breaches IS NOT NULL THEN items_checked * decay END)",
    "last_visit_violation": "max_by(CASE WHEN is_visit THEN cast(found_violation AS INT) END, "
    "CASE WHEN is_visit THEN concat(cast(inspected_on AS STRING), inspection_id) END)",
    "days_since_visit": "min(CASE WHEN is_visit THEN days_ago END)",
    "days_since_violation": "min(CASE WHEN is_visit AND found_violation THEN days_ago END)",
    "days_since_clean": "min(CASE WHEN took_place AND NOT found_violation THEN days_ago END)",
    "worst_finding": f"max(CASE WHEN {_RECENT} THEN severity END)",
    "penalties_36m": f"coalesce(sum(CASE WHEN {_RECENT} THEN penalty_minor END), 0L)",
    "excess_parts": f"sum(CASE WHEN is_visit AND found_violation IS NOT NULL THEN {_EXCESS} * decay END)",
    "excess_breach_parts": f"sum(CASE WHEN is_visit AND items_checked > 0 THEN {_EXCESS_BREACHES} * decay END)",
    "counted_items": "sum(CASE WHEN is_visit AND items_checked > 0 AND breaches IS NOT NULL THEN items_checked * decay END)",
    "decayed_visits": "sum(CASE WHEN is_visit AND found_violation IS NOT NULL THEN decay END)",
    "unmet_visits_36m": f"count_if(is_unmet AND days_ago >= 0 AND days_before < {RECORD_DAYS})",
    "follow_ups_36m": f"count_if(is_follow_up AND days_before < {RECORD_DAYS})",
    "days_since_follow_up": "min(CASE WHEN is_follow_up THEN days_ago END)",
}

FINDING_STATE = (
    "CASE WHEN coalesce(violations_36m, 0) = 0 THEN 0 WHEN days_since_clean < days_since_violation THEN 2 "
    "WHEN violations_36m > 1 THEN 3 ELSE 1 END"
)
"""The state since the last finding of 36 months, from a row of :func:`count_visits`: 0 nothing found, 1 found and not seen since, 2
a later visit or follow-up found nothing, 3 found again and not seen since."""

COUNTS = ("visits_36m", "violations_36m", "penalties_36m", "unmet_visits_36m")
"""The columns that are zero, not unknown, for an entity without a visit."""
FOLLOW_UPS = ("follow_ups_36m",)
"""The columns that are zero for an entity without a follow-up, where the source marks follow-ups at all."""


def excess(parts: str, weights: str, today: int = TODAY) -> str:
    """SQL of the share of visits that found a violation minus the expected share, with higher weights for recent visits.

    It is shrunk towards 0 as if by a visit today that meets its expectation; NULL without a visit.

    Args:
        parts: the sum over visits of (outcome minus expectation) times weight.
        weights: the sum of the weights; a visit of today has the weight :data:`TODAY`.
        today: the weight of the assumed visit today.
    """
    return f"(cast({parts} AS DOUBLE) / {PARTS} / ({weights} + {today}))"


def _rows(inspections: DataFrame, coverage: Coverage) -> DataFrame:
    made = [f"{sql} AS {name}" for name, sql in _ROW.items()]
    return inspections.transform(coverage.add_to).transform(select, *NEEDED, *made)


def count_visits(inspections: DataFrame, *, coverage: Coverage) -> DataFrame:
    """One row per entity with a planned visit: its record.

    Args:
        inspections: the newest known version of each visit.
    """
    return _rows(inspections, coverage).transform(aggregate, [ENTITY_ID], _SUMS)


def count_any_visits(inspections: DataFrame) -> DataFrame:
    """One row: whether any visit is known (``has_visits``), and whether any follow-up is (``has_follow_ups``)."""
    return inspections.agg(
        F.expr("count(1) > 0").alias("has_visits"), F.expr(f"count_if({IS_FOLLOW_UP}) > 0").alias("has_follow_ups")
    )


def sum_by_industry(visited: DataFrame, entities: DataFrame) -> DataFrame:
    """The excess of all visits to an industry group: ``industry_group, industry_excess, industry_visits``.

    Args:
        visited: the result of :func:`count_visits`.
        entities: one row per entity, with ``industry_group``.
    """
    placed = visited.join(entities.select(ENTITY_ID, "industry_group").where("industry_group IS NOT NULL"), ENTITY_ID, "inner")
    return placed.transform(
        aggregate, ["industry_group"], {"industry_excess": "sum(excess_parts)", "industry_visits": "sum(decayed_visits)"}
    )


def add_base_rate(
    cells: DataFrame, inspections: DataFrame, entities: DataFrame, *, coverage: Coverage, materialise: Materialise
) -> DataFrame:
    """Add ``base_rate``, the rate of findings of a cell's industry, and ``base_rate_of_all``, that of all visits.

    A visit drawn at random has the inverse of its inclusion probability as its weight, and any other visit, which was certain to
    be made, the weight 1 (Hájek). The rate of a group is shrunk towards that of its division, and so on up to the rate of all
    visits (:func:`jobs.transforms.features.ratios.add_nested_rate`). Without an industry or any visit the rate is unknown.

    Args:
        cells: rows with the columns of :data:`INDUSTRY`.
        inspections: the newest known version of each visit.
        entities: one row per entity, with the columns of :data:`INDUSTRY`.
    """
    weight = f"coalesce(CASE WHEN selected_by = 'random' THEN inverse_probability END, {CERTAIN}L)"
    counted = _rows(inspections, coverage).where("is_visit AND found_violation IS NOT NULL AND inspected_on IS NOT NULL")
    weighted = counted.transform(select, ENTITY_ID, f"{weight} AS w", "found_violation")
    visits = weighted.join(entities.select(ENTITY_ID, *INDUSTRY).where(f"{INDUSTRY[0]} IS NOT NULL"), ENTITY_ID, "inner")
    sums = {"w": "sum(w)", "wy": "sum(CASE WHEN found_violation THEN w ELSE 0L END)", "ww": "sum(w * w)"}
    units = materialise(visits.transform(aggregate, INDUSTRY, sums))
    return add_nested_rate(cells, units, INDUSTRY, "base_rate", materialise)
