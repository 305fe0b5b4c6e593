"""Which entity a complaint without an identifier speaks of.

An exact match on what is the same however it is written, and only where it points at one entity alone: a wrong link puts
somebody else's complaint on a business, so an unsure one is not made.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from expectations.contracts import complaint, lineage, registration, silver
from jobs.transforms.conformed import compare_key
from jobs.transforms.materialise import Materialise

NAME_AND_ADDRESS, NAME, ADDRESS = "name_and_address", "name", "address"
CONFIDENCE = {NAME_AND_ADDRESS: 0.99, NAME: 0.95, ADDRESS: 0.7}
"""Starting values by method; measured ones come with record linkage."""
_RANK = {NAME_AND_ADDRESS: 1, NAME: 2, ADDRESS: 3}
_FOUND_KNOWN_AT = "entity_known_at"
_TRADING_NAME_KEY = "trading_name_key"


def link_complaints(complaints: DataFrame, entities: DataFrame, materialise: Materialise) -> DataFrame:
    """Link complaints that name no entity.

    Args:
        complaints: latest known silver complaints.
        entities: latest known silver entities.
        materialise: see :data:`jobs.transforms.materialise.Materialise`.

    Returns:
        ``complaint_id, entity_id, link_confidence, link_method, known_at``, the last being when both its ends were known. It
        holds for the day of the given rows alone.
    """
    nameless = materialise(
        complaints.where(F.col(complaint.ENTITY_ID).isNull()).select(
            complaint.COMPLAINT_ID, silver.NAME_KEY, silver.ADDRESS_KEY, lineage.KNOWN_AT
        )
    )
    found_by = (lineage.ENTITY_ID, silver.NAME_KEY, silver.ADDRESS_KEY, _FOUND_KNOWN_AT)
    both = materialise(
        entities.select(
            lineage.ENTITY_ID,
            silver.NAME_KEY,
            compare_key(F.col(registration.TRADING_NAME)).alias(_TRADING_NAME_KEY),
            silver.ADDRESS_KEY,
            F.col(lineage.KNOWN_AT).alias(_FOUND_KNOWN_AT),
        )
    )
    known = both.select(*found_by)
    by_trading_name = both.drop(silver.NAME_KEY).withColumnRenamed(_TRADING_NAME_KEY, silver.NAME_KEY).select(*found_by)
    # Of all names only those that a complaint gives: a thousandth of them.
    given = nameless.select(silver.NAME_KEY).where(F.col(silver.NAME_KEY).isNotNull()).distinct()
    names = materialise(
        given.join(known.unionByName(by_trading_name), [str(silver.NAME_KEY)], "inner").select(*known.columns).distinct()
    )
    found = (
        _matches(nameless, names, (silver.NAME_KEY, silver.ADDRESS_KEY), NAME_AND_ADDRESS)
        .unionByName(_matches(nameless, names, (silver.NAME_KEY,), NAME))
        .unionByName(_matches(nameless.where(F.col(silver.NAME_KEY).isNull()), known, (silver.ADDRESS_KEY,), ADDRESS))
    )
    # A method that finds two entities for a complaint has found none; the surest method that found one wins.
    ranked = found.groupBy(complaint.COMPLAINT_ID, silver.LINK_METHOD).agg(
        F.min(lineage.ENTITY_ID).alias(lineage.ENTITY_ID),
        F.count_distinct(lineage.ENTITY_ID).alias("candidates"),
        F.min(lineage.KNOWN_AT).alias(lineage.KNOWN_AT),
    )
    sure = ranked.where("candidates = 1").withColumn("method_rank", _by_method(_RANK))
    best = sure.groupBy(complaint.COMPLAINT_ID).agg(
        F.min(F.struct("method_rank", silver.LINK_METHOD, lineage.ENTITY_ID, lineage.KNOWN_AT)).alias("best")
    )
    return best.select(
        complaint.COMPLAINT_ID,
        F.col(f"best.{lineage.ENTITY_ID}").alias(lineage.ENTITY_ID),
        F.col(f"best.{silver.LINK_METHOD}").alias(silver.LINK_METHOD),
        F.col(f"best.{lineage.KNOWN_AT}").alias(lineage.KNOWN_AT),
    ).withColumn(silver.LINK_CONFIDENCE, _by_method(CONFIDENCE))


def _matches(complaints: DataFrame, entities: DataFrame, keys: tuple[str, ...], method: str) -> DataFrame:
    joined = complaints.alias("c").join(entities.alias("e"), on=[F.col(f"c.{key}") == F.col(f"e.{key}") for key in keys])
    return joined.select(
        F.col(f"c.{complaint.COMPLAINT_ID}").alias(complaint.COMPLAINT_ID),
        F.col(f"e.{lineage.ENTITY_ID}").alias(lineage.ENTITY_ID),
        F.lit(method).alias(silver.LINK_METHOD),
        F.greatest(F.col(f"c.{lineage.KNOWN_AT}"), F.col(f"e.{_FOUND_KNOWN_AT}")).alias(lineage.KNOWN_AT),
    )


def _by_method(values: dict[str, float] | dict[str, int]) -> Column:
    first, *others = values.items()
    answer = F.when(F.col(silver.LINK_METHOD) == first[0], F.lit(first[1]))
    for method, value in others:
        answer = answer.when(F.col(silver.LINK_METHOD) == method, F.lit(value))
    return answer
