"""Ratios of exact sums, and rates that are shrunk towards the rate of their pool when there is little data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame

from jobs.transforms.frames import Materialise, aggregate, join_few, select

MINIMUM_UNITS = 30
"""A pool with fewer units shows too little of how rates differ; the pool of all units is used instead."""


@dataclass(frozen=True)
class Pooled:
    """A rate that is shrunk towards the rate of its pool.

    Attributes:
        events: the BIGINT column with the events of a unit; null where unknown.
        exposure: the BIGINT column with the exposure that they are counted over; units without exposure are left out.
        is_share: whether an event is a success in ``exposure`` trials.
    """

    events: str
    exposure: str
    is_share: bool


def ratio(numerator: str, denominator: str) -> str:
    """SQL of a quotient as DOUBLE; NULL when the denominator is zero or either side is NULL.

    Engines disagree on which types ``try_divide`` takes and ``/`` raises on zero, so both sides are cast.
    """
    return f"(cast({numerator} AS DOUBLE) / nullif(cast({denominator} AS DOUBLE), 0))"


def pool_rates(frame: DataFrame, by: Sequence[str], pooled: Pooled, *, parts: int = 1) -> DataFrame:
    """Each pool's rate, the exposure that it is worth as prior knowledge, and its units: ``pool_rate, pool_weight, pool_units``.

    Method of moments for the variance of rates between units: s² = Σ e (r - m)² / Σ e, A = s² - v / ē, with m the pool's rate and
    v = m for counts, m (1 - m) for shares (Marshall 1991, "Mapping disease and mortality rates using empirical Bayes estimators").
    The weight v / A is the credibility constant of Bühlmann and Straub. A pool whose units differ no more than by chance has no
    weight (null): there every unit has the pool's rate.

    Args:
        by: the columns that define a pool; none for one pool of all units.
        parts: the number of parts that an event is counted in: whole numbers of thousandths add up exactly, fractions do not.
    """
    events, exposure = pooled.events, pooled.exposure
    square = f"cast({events} AS DOUBLE) * {events} / {exposure}"
    sums = frame.where(f"{exposure} > 0 AND {events} IS NOT NULL").transform(
        aggregate,
        by,
        {
            "_events": f"sum({events}) / {parts}.0D",
            "_exposure": f"sum({exposure}) / {parts}.0D",
            "_squares": f"({_exact_sum(square)}) / {parts}.0D",
            "_units": "count(1)",
        },
    )
    rated = sums.transform(select, "*", f"{ratio('_events', '_exposure')} AS pool_rate")
    spread = "pool_rate * (1 - pool_rate)" if pooled.is_share else "pool_rate"
    moments = rated.transform(
        select,
        *by,
        "pool_rate",
        "_units AS pool_units",
        f"{spread} AS _v",
        f"_squares / _exposure - pool_rate * pool_rate - ({spread}) * _units / _exposure AS _between",
    )
    return moments.transform(select, *by, "pool_rate", "pool_units", "CASE WHEN _between > 0 THEN _v / _between END AS pool_weight")


def _exact_sum(positive: str) -> str:
    """SQL of the sum of an expression that is DOUBLE and not negative, to 27 decimals, equal for every order of the rows.

    Whole billionths are summed as whole numbers, then those of the remainder, and once more: an event divided by a company's yearly
    sales in minor units begins at the ninth decimal. (A DOUBLE cast to DECIMAL has other digits on Spark than on Sail.)
    """
    total, left = "", f"({positive})"
    for places in (9, 18, 27):
        billionths = f"{left} * 1000000000.0D"
        whole = f"cast({billionths} AS BIGINT)"
        total += f" + cast(sum(cast({whole} AS DECIMAL(38, 0))) AS DOUBLE) / 1e{places}D"
        left = f"({billionths} - {whole})"
    return total.removeprefix(" + ")


def join_pools(frame: DataFrame, units: DataFrame, by: str, name: str, pooled: Pooled, materialise: Materialise) -> DataFrame:
    """Add ``<name>_pool`` and ``<name>_weight``: rate and weight of the row's pool, or of all units where the pool has too few.

    Args:
        frame: rows with the column ``by``.
        units: the rows that the rates are computed from.
        by: the column that defines a pool.
    """
    own = pool_rates(units, [by], pooled).where(f"pool_units >= {MINIMUM_UNITS}")
    own = materialise(own.transform(select, by, "pool_rate AS own_rate", "pool_weight AS own_weight", "pool_units AS own_units"))
    every = materialise(pool_rates(units, [], pooled).transform(select, "pool_rate AS every_rate", "pool_weight AS every_weight"))
    is_own = "own_units IS NOT NULL"
    return (
        join_few(frame, own, by)
        .crossJoin(every)
        .transform(
            select,
            "*",
            f"CASE WHEN {is_own} THEN own_rate ELSE every_rate END AS {name}_pool",
            f"CASE WHEN {is_own} THEN own_weight ELSE every_weight END AS {name}_weight",
        )
        .drop("own_rate", "own_weight", "own_units", "every_rate", "every_weight")
    )


def shrunk(events: str, exposure: str, rate: str, weight: str) -> str:
    """SQL of a unit's rate shrunk towards its pool's ``rate``: (events + rate · weight) / (exposure + weight)."""
    return (
        f"CASE WHEN {events} IS NULL OR {exposure} IS NULL THEN NULL WHEN {weight} IS NULL THEN {rate} "
        f"ELSE {ratio(f'({events} + {rate} * {weight})', f'({exposure} + {weight})')} END"
    )
