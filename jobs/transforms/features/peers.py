"""Peer groups, and the distance of an entity from its peers.

A peer group is industry × size × age × region, broadened while it has too few active entities. Each group of a level is inside one
group of the next level, so group sizes are sums over the narrowest cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.indicators import PEER_LEVEL, PEER_SIZE, PEER_SUFFIX
from expectations.contracts.scoring import INDICATOR, PEER_GROUP, PEER_MEDIAN
from jobs.transforms.frames import Materialise, aggregate, join_few, select

LEVELS: tuple[tuple[str, ...], ...] = (
    ("industry_group", "size_band", "age_band", "region_middle"),
    ("industry_division", "size_band", "age_band", "region_middle"),
    ("industry_division", "size_band", "age_band"),
    ("industry_section", "size_band"),
    (),
)
"""The columns that define a group, from the narrowest level to all entities."""

PARTS = ("industry_section", "industry_division", "industry_group", "size_band", "age_band", "region_middle")
CELL = "cell"
ACTIVE = "active"
WITHIN = "within"
EVERYONE = "all"
MINIMUM_VALUES = 5
"""With fewer peers that have a value there is no median."""
CLIP = 20.0
AT_ONCE = 12
"""This many indicators are described at a time."""
NORMAL_MAD, NORMAL_P90 = 1.4826, 1 / 1.6449
"""Factors from the median, and the 90th percentile, of absolute deviations to the standard deviation of normal values."""


@dataclass(frozen=True)
class PeerPolicy:
    """How peer groups are cut: peers needed, lower bounds of bands of yearly sales (minor units) and of age (years)."""

    minimum: int
    size_bands_minor: tuple[int, ...]
    age_bands_years: tuple[float, ...]


def _band(value: str, bounds: Sequence[float]) -> str:
    """SQL of the number of bounds that the value reaches, as text; ``-`` for an unknown value."""
    reached = " + ".join(f"CASE WHEN {value} >= {bound} THEN 1 ELSE 0 END" for bound in bounds) or "0"
    return f"CASE WHEN {value} IS NULL THEN '-' ELSE cast({reached} AS STRING) END"


def add_cell(features: DataFrame, policy: PeerPolicy) -> DataFrame:
    """Add ``size_band`` and ``age_band``, the number of bounds that the entity reaches, and ``cell``, all parts in one."""
    days = [bound * 365.25 for bound in policy.age_bands_years]
    banded = features.transform(
        select, "*", f"{_band('sales_12m', policy.size_bands_minor)} AS size_band", f"{_band('age_days', days)} AS age_band"
    )
    return banded.withColumn(CELL, F.concat_ws("|", *[F.coalesce(F.col(part), F.lit("")) for part in PARTS]))


def _label(level: int) -> str:
    """SQL of a group's name at a level; NULL when one of its parts is unknown."""
    if not LEVELS[level]:
        return f"'{EVERYONE}'"
    return "concat(" + ", ', ', ".join(f"'{part}=', {part}" for part in LEVELS[level]) + ")"


def count_cells(entities: DataFrame) -> DataFrame:
    """One row per cell that occurs: ``cell``, its parts, and the number of ``active`` entities in it.

    Args:
        entities: one row per entity with ``cell``, its parts, and ``is_active``.
    """
    return entities.groupBy(CELL, *PARTS).agg(F.expr("count_if(is_active)").alias(ACTIVE))


def assign_groups(cells: DataFrame, minimum: int) -> DataFrame:
    """One row per cell: its narrowest group with ``minimum`` active entities, that group's level and size.

    Args:
        cells: the result of :func:`count_cells`.
        minimum: active entities needed; the group of all entities is used even with fewer.
    """
    levels = range(len(LEVELS))
    sized = labelled = cells.transform(select, CELL, ACTIVE, *[f"{_label(level)} AS group_{level}" for level in levels])
    for level in levels:
        sizes = labelled.groupBy(f"group_{level}").agg(F.sum(ACTIVE).alias(f"size_{level}"))
        sized = join_few(sized, sizes, f"group_{level}")
    enough = " ".join(f"WHEN size_{level} >= {minimum} THEN {level}" for level in levels[:-1])
    chosen = sized.transform(select, "*", f"CASE {enough} ELSE {levels[-1]} END AS level")
    group = " ".join(f"WHEN {level} THEN group_{level}" for level in levels)
    size = " ".join(f"WHEN {level} THEN size_{level}" for level in levels)
    return chosen.transform(
        select,
        CELL,
        f"CASE level {group} END AS {PEER_GROUP}",
        f"level AS {PEER_LEVEL}",
        f"CASE level {size} END AS {PEER_SIZE}",
        f"array({', '.join(f'group_{level}' for level in levels)}) AS {WITHIN}",
    )


def describe_groups(entities: DataFrame, cells: DataFrame, indicators: Sequence[str], materialise: Materialise) -> DataFrame:
    """One row per group in use, with statistics of each indicator.

    These are the count (``n_``), median (``m_``), median absolute deviation (``s_``) and 90th percentile of the deviations
    (``h_``). All active entities of a group are its peers, also those whose own group is narrower. Medians and deviations are read
    from sorted arrays in one pass, much faster than ``percentile``, for :data:`AT_ONCE` indicators at a time to limit memory.

    Args:
        entities: one row per entity, with ``cell``, ``is_active`` and the indicators.
        cells: the result of :func:`assign_groups`.
        indicators: columns of numbers.
    """
    member = materialise(_members(cells))
    parts = [indicators[start : start + AT_ONCE] for start in range(0, len(indicators), AT_ONCE)]
    first, *others = [materialise(_describe(entities, member, part)) for part in parts]
    return reduce(lambda found, part: found.join(part, ["member_of"], "inner"), others, first)


def _members(cells: DataFrame) -> DataFrame:
    """One row per cell and group that its entities are peers in."""
    used = cells.select(F.col(PEER_GROUP).alias("used")).distinct()
    narrow = cells.transform(select, CELL, f"explode({WITHIN}) AS member_of").where(f"member_of <> '{EVERYONE}'")
    everyone = cells.transform(select, CELL, f"'{EVERYONE}' AS member_of")
    return narrow.join(used, F.col("member_of") == F.col("used"), "left_semi").unionByName(everyone)


def _describe(entities: DataFrame, member: DataFrame, indicators: Sequence[str]) -> DataFrame:
    # Spark sorts -0.0 as equal to 0.0, so the sign of a median of both would depend on the order of rows; adding 0.0 removes -0.0.
    values = {f"v_{n}": f"collect_list(cast({n} AS DOUBLE) + 0.0D)" for n in indicators}
    of_cells = entities.where("is_active").select(CELL, *indicators).transform(aggregate, [CELL], values)
    # Each value is collected once, by cell; the values of a group are those of its cells.
    together = {f"v_{n}": f"array_sort(flatten(collect_list(v_{n})))" for n in indicators}
    frame = member.join(of_cells, [CELL], "inner").transform(aggregate, ["member_of"], together)
    for carried, made in _steps(indicators):
        frame = frame.transform(select, "member_of", *carried, *made)
    return frame


def _steps(indicators: Sequence[str]) -> list[tuple[list[str], list[str]]]:
    """From sorted values to medians, to sorted deviations, to their spread: the columns that each step keeps and computes."""
    counted = [f"n_{n}" for n in indicators] + [f"m_{n}" for n in indicators]
    return [
        (
            [f"v_{n}" for n in indicators],
            [f"size(v_{n}) AS n_{n}" for n in indicators] + [f"{_middle('v_' + n)} AS m_{n}" for n in indicators],
        ),
        (counted, [f"array_sort(transform(v_{n}, x -> abs(x - m_{n}))) AS d_{n}" for n in indicators]),
        (counted, [f"{_middle('d_' + n)} AS s_{n}" for n in indicators] + [f"{_high('d_' + n)} AS h_{n}" for n in indicators]),
    ]


def _middle(array: str) -> str:
    """SQL of the median of a sorted array, the mean of its middle two; NULL with too few values."""
    size = f"size({array})"
    low, high = f"get({array}, cast(({size} - 1) div 2 AS INT))", f"get({array}, cast({size} div 2 AS INT))"
    return f"CASE WHEN {size} >= {MINIMUM_VALUES} THEN ({low} + {high}) / 2 END"


def _high(array: str) -> str:
    """SQL of the 90th percentile of a sorted array, by nearest rank; NULL with too few values."""
    size = f"size({array})"
    return f"CASE WHEN {size} >= {MINIMUM_VALUES} THEN get({array}, cast(({size} * 9 + 9) div 10 AS INT) - 1) END"


def place_cells(cells: DataFrame, groups: DataFrame, indicators: Sequence[str]) -> DataFrame:
    """One row per cell: its group, the group's level and size, and each indicator's median (``m_``) and scale (``scale_``).

    The scale is 1.4826 MAD. Where more than half of the peers are equal, the MAD is 0 and the scale is the 90th percentile of the
    deviations ÷ 1.6449, which is the same for normal values. Where that is 0 too, it is the scale of all entities, MAD first.

    Args:
        cells: the result of :func:`assign_groups`.
        groups: the result of :func:`describe_groups`.
    """
    overall = groups.where(f"member_of = '{EVERYONE}'").transform(
        select, *[f"s_{n} AS all_s_{n}" for n in indicators], *[f"h_{n} AS all_h_{n}" for n in indicators]
    )
    own = groups.crossJoin(overall).transform(
        select, f"member_of AS {PEER_GROUP}", *[f"m_{n}" for n in indicators], *[f"{_scale(n)} AS scale_{n}" for n in indicators]
    )
    return cells.drop(WITHIN).transform(join_few, own, PEER_GROUP)


def add_robust_z(entities: DataFrame, indicators: Sequence[str]) -> DataFrame:
    """Add ``<indicator>_vs_peers`` = (x - median) / scale, within ±20.

    An entity at the median has 0, whatever the scale. Without a scale, nearly all entities are equal, and any other has ±20.

    Args:
        entities: one row per entity, with the columns of :func:`place_cells`; medians and scales are dropped.
    """
    return entities.transform(select, "*", *[f"{_z(n)} AS {n}{PEER_SUFFIX}" for n in indicators]).drop(
        *[f"m_{n}" for n in indicators], *[f"scale_{n}" for n in indicators]
    )


def _scale(name: str) -> str:
    steps = [(f"s_{name}", NORMAL_MAD), (f"h_{name}", NORMAL_P90), (f"all_s_{name}", NORMAL_MAD), (f"all_h_{name}", NORMAL_P90)]
    return "coalesce(" + ", ".join(f"nullif({spread}, 0.0D) * {factor!r}D" for spread, factor in steps) + ")"


def _z(name: str) -> str:
    off = f"(cast({name} AS DOUBLE) - m_{name})"
    return (
        f"CASE WHEN {off} = 0 THEN 0.0D WHEN {off} IS NULL THEN NULL WHEN scale_{name} IS NULL THEN {CLIP} * sign({off}) "
        f"ELSE greatest(-{CLIP}D, least({CLIP}D, {off} / scale_{name})) END"
    )


def list_peer_medians(groups: DataFrame, indicators: Sequence[str]) -> DataFrame:
    """One row per group and indicator: peers with a value, their median and MAD. Groups without enough values are left out."""
    rows = ", ".join(f"'{n}', cast(n_{n} AS BIGINT), m_{n}, s_{n}" for n in indicators)
    return groups.transform(
        select,
        f"member_of AS {PEER_GROUP}",
        f"stack({len(indicators)}, {rows}) AS ({INDICATOR}, peer_count, {PEER_MEDIAN}, peer_mad)",
    ).where(f"{PEER_MEDIAN} IS NOT NULL")
