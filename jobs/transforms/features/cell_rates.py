"""Rates of an industry, and the indicators that combine them with an entity's own counts.

A cell is the combination of industry, size, age and region that defines an entity's peers. Rates are joined to the few thousand
cells first, and entities with cells once, since each such join copies all columns of a million entities.
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.transforms.coverage import Coverage
from jobs.transforms.features import supervision
from jobs.transforms.features.peers import ACTIVE, CELL, PARTS
from jobs.transforms.features.ratios import Pooled, join_pools, shrunk
from jobs.transforms.frames import Materialise, join_few, select

MILLION = 1_000_000

OWN = ("is_active", "sales_exposure", "excess_parts", "decayed_visits", CELL, *PARTS)
"""The columns that are read of an entity besides its indicators."""

_POOLED = {
    "complaint_rate": Pooled("complaints_12m", "sales_exposure", is_share=False),
    "violation_share": Pooled("violations_36m", "visits_36m", is_share=True),
}
COMMON = (
    "industry_excess",
    "industry_visits",
    "base_rate_of_all",
    *[f"{name}_{what}" for name in _POOLED for what in ("pool", "weight")],
)
"""The columns of a cell that are not indicators; ``base_rate`` is one."""

_OF_INDUSTRY = supervision.excess(
    "(industry_excess - coalesce(excess_parts, 0L))", "nullif(industry_visits - coalesce(decayed_visits, 0L), 0L)"
)


def describe_cells(
    cells: DataFrame, own: DataFrame, visits: DataFrame, visited: DataFrame, *, coverage: Coverage, materialise: Materialise
) -> DataFrame:
    """One row per cell: the results of visits to its industry, its base rate, and the rates of its industry section.

    Args:
        cells: the result of :func:`jobs.transforms.features.peers.count_cells`.
        own: one row per entity, also closed ones, with the columns :data:`OWN` and the counts of the rates.
        visits: the newest known version of each visit.
        visited: the result of :func:`jobs.transforms.features.supervision.count_visits`.
    """
    in_section = "coalesce(industry_section, '') AS section"
    active = own.where("is_active").transform(select, "*", in_section)
    described = (
        cells.transform(select, "*", in_section)
        .transform(join_few, supervision.sum_by_industry(visited, own), "industry_group")
        .transform(supervision.add_base_rate, visits, own, coverage=coverage, materialise=materialise)
    )
    for name, pooled in _POOLED.items():
        described = join_pools(described, active, "section", name, pooled, materialise)
    return materialise(described.drop("section", ACTIVE, *PARTS))


def add_rates(own: DataFrame, *, minor_units: int) -> DataFrame:
    """Add complaints per million of sales, share of visits with a violation, both shrunk towards the section, and industry excess.

    Args:
        own: one row per entity, with the columns of :func:`describe_cells` (:data:`COMMON` are dropped) and the counts of the
            rates.
    """
    scale = {"complaint_rate": MILLION * 10**minor_units, "violation_share": 1}
    rates = [
        f"({shrunk(pooled.events, pooled.exposure, f'{name}_pool', f'{name}_weight')}) * {scale[name]} AS {name}"
        for name, pooled in _POOLED.items()
    ]
    return own.transform(select, "*", *rates, f"{_OF_INDUSTRY} AS excess_of_industry").drop(*COMMON)
