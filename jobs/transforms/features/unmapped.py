"""Make indicators unknown where no source, or not the entity's own source, maps a column that they need.

Most indicators are NULL without their inputs. Counts are not: a sum over visits that say nothing of a penalty would be zero.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pyspark.sql import DataFrame

from expectations.contracts.contract import sql_literal
from expectations.contracts.indicators import Indicator, catalogue
from expectations.contracts.lineage import ENTITY_ID, SOURCE
from jobs.transforms.frames import aggregate, join_few, replace_columns

Unmapped = Mapping[str, Mapping[str, Collection[str]]]
"""The columns that the mapping of each source leaves out, by contract and source."""

COUNTED = {
    "registration": ("changes_12m", "rep_and_address_changed"),
    "complaint": tuple(one.column for one in catalogue() if one.sources == ("complaint", "link") and one.needs),
    "inspection": ("penalties_36m",),
}
"""The indicators of each contract that would count a record without the needed columns as a "no"."""


def set_unmapped_to_null(
    joined: DataFrame, unmapped: Unmapped, records: Mapping[str, DataFrame], lost: Collection[str] = ()
) -> DataFrame:
    """Set indicators to NULL: for all entities where no source maps what they need, else for those with a record that lacks it.

    Args:
        joined: one row per entity with the indicators.
        records: for each contract of :data:`COUNTED`, the records that are counted, with their entity and source.
        lost: contracts whose records are too old to be used, see :class:`jobs.transforms.coverage.Coverage`.
    """
    unknown = dict.fromkeys(
        (one.column for one in catalogue() if is_unknown(one, unmapped) or set(one.sources) & set(lost)), "cast(NULL AS DOUBLE)"
    )
    for contract, counted in COUNTED.items():
        lacking = {one.column: _lacking(one, contract, unmapped) for one in catalogue() if one.column in counted}
        partly = {name: sources for name, sources in lacking.items() if sources and name not in unknown}
        if partly:
            lacks = {f"lacks_{name}": f"count_if({SOURCE} IN ({', '.join(map(sql_literal, partly[name]))})) > 0" for name in partly}
            joined = join_few(joined, records[contract].transform(aggregate, [ENTITY_ID], lacks), ENTITY_ID)
            unknown |= {name: f"CASE WHEN NOT coalesce(lacks_{name}, false) THEN {name} END" for name in partly}
    found = {name: sql for name, sql in unknown.items() if name in joined.columns}
    return replace_columns(joined, found) if found else joined


def is_unknown(one: Indicator, unmapped: Unmapped) -> bool:
    """Whether no source maps a column that an indicator needs."""
    return any(_maps_none(unmapped.get(contract, {}), column) for contract, column in one.needed)


def _maps_none(sources: Mapping[str, Collection[str]], column: str) -> bool:
    return bool(sources) and all(column in columns for columns in sources.values())


def _lacking(one: Indicator, contract: str, unmapped: Unmapped) -> list[str]:
    """The sources of the contract that leave out a column that an indicator needs."""
    needed = {column for of, column in one.needed if of == contract}
    return sorted(source for source, columns in unmapped.get(contract, {}).items() if needed & set(columns))
