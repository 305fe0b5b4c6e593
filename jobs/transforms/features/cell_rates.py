"""What the entities of an industry and a place have in common, and the indicators that rest on that and on their own figures.

A cell is what puts an entity among its peers: industry, size, age and region in one. Cells are some thousand, so what is told of
industries and places is told of cells first, and entities are joined with all of it at once: each such join copies all that
there is of a million entities.
"""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame

from jobs.transforms.features import supervision
from jobs.transforms.features.peers import ACTIVE, CELL, PARTS
from jobs.transforms.features.ratios import Pooled, join_pools, shrunk
from jobs.transforms.frames import Materialise, join_few, select

MILLION = 1_000_000
BASE_RATE_CELL = ("industry_division", "region_middle")

OWN = ("is_active", "sales_exposure", "excess_parts", "decayed_visits", CELL, *PARTS)
"""What is read of an entity here besides its indicators."""

_POOLED = {
    "complaint_rate": Pooled("complaints_12m", "sales_exposure", is_share=False),
    "violation_share": Pooled("violations_36m", "visits_36m", is_share=True),
}
COMMON = ("industry_excess", "industry_visits", *[f"{name}_{what}" for name in _POOLED for what in ("pool", "weight")])
"""What is told of a cell and is no indicator itself, as ``base_rate`` is."""

_OF_INDUSTRY = supervision.excess(
    "(industry_excess - coalesce(excess_parts, 0L))", "nullif(industry_visits - coalesce(decayed_visits, 0L), 0L)"
)


def describe_cells(
    cells: DataFrame, own: DataFrame, visits: DataFrame, visited: DataFrame, *, as_of: date, materialise: Materialise
) -> DataFrame:
    """One row a cell: what the visits to its industry found, its base rate, and the rates of its industry section.

    Args:
        cells: of :func:`jobs.transforms.features.peers.count_cells`.
        own: one row an entity, closed ones too, with the columns :data:`OWN` and the counts that rates are made of.
        visits: the newest known version of each visit.
        visited: of :func:`jobs.transforms.features.supervision.count_visits`.
        as_of: the day.
        materialise: see :data:`jobs.transforms.frames.Materialise`.
    """
    in_section = "coalesce(industry_section, '') AS section"
    active = own.where("is_active").transform(select, "*", in_section)
    told = (
        cells.transform(select, "*", in_section)
        .transform(join_few, supervision.sum_by_industry(visited, own), "industry_group")
        .transform(supervision.add_base_rate, visits, own, BASE_RATE_CELL, as_of=as_of)
    )
    for name, pooled in _POOLED.items():
        told = join_pools(told, active, "section", name, pooled, materialise)
    return materialise(told.drop("section", ACTIVE, *PARTS))


def add_rates(own: DataFrame, *, minor_units: int) -> DataFrame:
    """Add complaints per million of sales and visits that found a violation, drawn towards the section, and the industry's excess.

    Args:
        own: one row an entity, with the columns of :func:`describe_cells` (of these :data:`COMMON` are dropped) and the counts
            of the rates.
        minor_units: decimal places of the currency.
    """
    scale = {"complaint_rate": MILLION * 10**minor_units, "violation_share": 1}
    rates = [
        f"({shrunk(pooled.events, pooled.exposure, f'{name}_pool', f'{name}_weight')}) * {scale[name]} AS {name}"
        for name, pooled in _POOLED.items()
    ]
    return own.transform(select, "*", *rates, f"{_OF_INDUSTRY} AS excess_of_industry").drop(*COMMON)
