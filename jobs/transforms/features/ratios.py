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


def add_nested_rate(frame: DataFrame, units: DataFrame, levels: Sequence[str], name: str, materialise: Materialise) -> DataFrame:
    """Add ``name``: the rate of a row's narrowest known level, each shrunk towards the next broader; and ``<name>_of_all``.

    The exposure of a level is its effective number of visits, (Σw)² / Σw² (Kish 1965). The broader rate m weighs as much as
    m (1 - m) / A visits, with A the variance of rates inside the broader level: for weighted squares S = Σ e (r - m)² and
    f = 1 - w / W (the share of the broader level that is elsewhere), A = (S - Σ f m (1 - m)) / Σ e f. These are the moments of a
    beta-binomial (Kleinman 1973, "Proportions with extraneous variance"; Bühlmann and Straub 1970), pooled over a level. Levels
    that differ no more than by chance have the broader rate.

    Args:
        frame: rows with the columns of ``levels``; the rate is unknown without the broadest.
        units: the sums ``w, wy, ww`` of weights, of weights of events, and of squared weights by ``levels``, BIGINT.
        levels: from broad to narrow; NULL from the level on that is unknown.
    """
    sums = {one: f"sum({one})" for one in ("w", "wy", "ww")}
    every = materialise(units.transform(aggregate, [], sums).transform(select, "w", "wy", f"{ratio('wy', 'w')} AS rate"))
    broader, known = every, list[str]()
    for at, level in enumerate(levels):
        keys = levels[:at]
        above = broader.transform(select, *keys, "w AS above_w", f"{ratio('wy', 'w')} AS m", "rate AS above_rate")
        counted = units.where(f"{level} IS NOT NULL").transform(aggregate, [*keys, level], sums)
        inside = join_few(counted, above, keys) if keys else counted.crossJoin(above)
        placed = inside.transform(
            select, *keys, level, "w", "wy", "m", "above_rate", f"{ratio('wy', 'w')} AS r",
            f"{ratio('cast(w AS DOUBLE) * w', 'ww')} AS e", f"(1 - {ratio('w', 'above_w')}) AS f",
        )  # fmt: skip
        rated = materialise(placed)
        moments = {
            "squares": "e * (r - m) * (r - m)", "chance": "f * m * (1 - m)", "free": "e * f", "spread": "e * f * m * (1 - m)",
        }  # fmt: skip
        found = rated.transform(aggregate, [], {one: _exact_sum(sql) for one, sql in moments.items()})
        worth = "CASE WHEN squares > chance THEN spread / (squares - chance) END AS worth"
        own = f"{shrunk('(e * r)', 'e', 'above_rate', 'worth')} AS rate"
        broader = materialise(rated.crossJoin(found.transform(select, worth)).transform(select, *keys, level, "w", "wy", own))
        frame = join_few(frame, broader.transform(select, *keys, level, f"rate AS rate_{at}"), [*keys, level])
        known.insert(0, f"rate_{at}")
    return (
        frame.crossJoin(every.transform(select, f"rate AS {name}_of_all"))
        .transform(select, "*", f"CASE WHEN {levels[0]} IS NOT NULL THEN coalesce({', '.join(known)}, {name}_of_all) END AS {name}")
        .drop(*known)
    )


def shrunk(events: str, exposure: str, rate: str, weight: str) -> str:
    """SQL of a unit's rate shrunk towards its pool's ``rate``: (events + rate · weight) / (exposure + weight)."""
    return (
        f"CASE WHEN {events} IS NULL OR {exposure} IS NULL THEN NULL WHEN {weight} IS NULL THEN {rate} "
        f"ELSE {ratio(f'({events} + {rate} * {weight})', f'({exposure} + {weight})')} END"
    )
