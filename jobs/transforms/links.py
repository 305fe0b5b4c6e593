"""Link complaints without an identifier to the entity they are about.

Keys of names and addresses must be equal, and must match one entity only: a wrong link puts another entity's complaint on a
business, so an uncertain link is not made.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import complaint, lineage, silver
from expectations.contracts.state import TRADING_NAME_KEY
from jobs.transforms.frames import aggregate, select

NAME_AND_ADDRESS, NAME, ADDRESS = "name_and_address", "name", "address"
CONFIDENCE = {NAME_AND_ADDRESS: 0.99, NAME: 0.95, ADDRESS: 0.7}
"""Assumed values by method, the most certain first; record linkage will replace them by measured ones."""
_FOUND_KNOWN_AT = "entity_known_at"


def versions_of_unnamed(complaints: DataFrame) -> DataFrame:
    """All versions of the complaints with a version that names no entity: these may need a link, a twentieth of all."""
    unnamed = complaints.where(F.col(complaint.ENTITY_ID).isNull()).select(complaint.COMPLAINT_ID).distinct()
    return unnamed.join(complaints, str(complaint.COMPLAINT_ID), "inner").select(*complaints.columns)


def complaint_keys(complaints: DataFrame) -> DataFrame:
    """The complaints that name no entity, with their link keys: ``complaint_id``, keys of name and address, ``known_at``."""
    unnamed = complaints.where(F.col(complaint.ENTITY_ID).isNull())
    return unnamed.select(complaint.COMPLAINT_ID, silver.NAME_KEY, silver.ADDRESS_KEY, lineage.KNOWN_AT)


def entity_keys(register: DataFrame) -> DataFrame:
    """The link keys of entities: ``entity_id``, keys of name, trading name and address, and ``entity_known_at``.

    Args:
        register: one row per entity, the columns of ``state.register``.
    """
    return register.select(
        lineage.ENTITY_ID, silver.NAME_KEY, TRADING_NAME_KEY, silver.ADDRESS_KEY, F.col(lineage.KNOWN_AT).alias(_FOUND_KNOWN_AT)
    )


def keep_meant(entities: DataFrame, given: DataFrame) -> DataFrame:
    """The few entities whose name or trading name a complaint gives or, where it gives no name, whose address it gives.

    Args:
        entities: the result of :func:`entity_keys`.
        given: the result of :func:`complaint_keys`.
    """
    names = given.select(F.col(silver.NAME_KEY).alias("_given"))
    addresses = given.where(F.col(silver.NAME_KEY).isNull()).select(F.col(silver.ADDRESS_KEY).alias("_given"))
    found = [
        wanted.where("_given IS NOT NULL").distinct().join(entities, F.col("_given") == F.col(key), "inner").drop("_given")
        for wanted, key in ((names, silver.NAME_KEY), (names, TRADING_NAME_KEY), (addresses, silver.ADDRESS_KEY))
    ]
    return reduce(DataFrame.unionByName, found).distinct()


def link_complaints(given: DataFrame, entities: DataFrame) -> DataFrame:
    """Link complaints that name no entity.

    Args:
        given: the result of :func:`complaint_keys`.
        entities: the result of :func:`entity_keys`.

    Returns:
        ``complaint_id, entity_id, link_confidence, link_method, known_at``, where ``known_at`` is the instant at which both
        complaint and entity were known. Valid only for the day of the given rows.
    """
    found_by = (lineage.ENTITY_ID, silver.NAME_KEY, silver.ADDRESS_KEY, _FOUND_KNOWN_AT)
    known = entities.select(*found_by)
    by_trading_name = entities.drop(silver.NAME_KEY).withColumnRenamed(TRADING_NAME_KEY, silver.NAME_KEY).select(*found_by)
    names = known.unionByName(by_trading_name).where(F.col(silver.NAME_KEY).isNotNull()).distinct()
    found = (
        _matches(given, names, (silver.NAME_KEY, silver.ADDRESS_KEY), NAME_AND_ADDRESS)
        .unionByName(_matches(given, names, (silver.NAME_KEY,), NAME))
        .unionByName(_matches(given.where(F.col(silver.NAME_KEY).isNull()), known, (silver.ADDRESS_KEY,), ADDRESS))
    )
    by_complaint = found.transform(
        aggregate, [complaint.COMPLAINT_ID], {n: sql for method in CONFIDENCE for n, sql in _found_by(method)}
    )
    best = by_complaint.transform(select, complaint.COMPLAINT_ID, f"coalesce({', '.join(map(_if_one, CONFIDENCE))}) AS best")
    return best.where("best IS NOT NULL").transform(select, complaint.COMPLAINT_ID, "best.*")


def _found_by(method: str) -> list[tuple[str, str]]:
    of = f"CASE WHEN {silver.LINK_METHOD} = '{method}' THEN {{}} END"
    return [
        (f"first_{method}", f"min({of.format(lineage.ENTITY_ID)})"),
        (f"last_{method}", f"max({of.format(lineage.ENTITY_ID)})"),
        (f"known_{method}", f"min({of.format(lineage.KNOWN_AT)})"),
    ]


def _if_one(method: str) -> str:
    """SQL of the link that a method gives; NULL where it found two entities for a complaint."""
    link = {
        lineage.ENTITY_ID: f"first_{method}",
        silver.LINK_METHOD: f"'{method}'",
        silver.LINK_CONFIDENCE: f"{CONFIDENCE[method]}D",
        lineage.KNOWN_AT: f"known_{method}",
    }
    fields = ", ".join(f"'{name}', {sql}" for name, sql in link.items())
    return f"CASE WHEN first_{method} = last_{method} THEN named_struct({fields}) END"


def _matches(complaints: DataFrame, entities: DataFrame, keys: tuple[str, ...], method: str) -> DataFrame:
    joined = complaints.alias("c").join(entities.alias("e"), on=[F.col(f"c.{key}") == F.col(f"e.{key}") for key in keys])
    return joined.select(
        F.col(f"c.{complaint.COMPLAINT_ID}").alias(complaint.COMPLAINT_ID),
        F.col(f"e.{lineage.ENTITY_ID}").alias(lineage.ENTITY_ID),
        F.lit(method).alias(silver.LINK_METHOD),
        F.greatest(F.col(f"c.{lineage.KNOWN_AT}"), F.col(f"e.{_FOUND_KNOWN_AT}")).alias(lineage.KNOWN_AT),
    )
