"""Indicators from shared identifiers: legal representative, owner, phone, agent, address, name on the sign.

Two entities that share both of their persons count as sharing twice.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lineage import ENTITY_ID
from jobs.transforms.frames import Materialise, aggregate, join_few, select

CLUSTER_SIZE = 500
"""An address with more entities is a licensed cluster or an error: no entity there counts as a successor."""
PHOENIX_DAYS = 365
_HASH = "key_hash"

KEYS = (
    ("legal_rep", "legal_rep_id"),
    ("owner", "owner_id"),
    ("phone", "phone_hash"),
    ("agent", "agent_id"),
    ("address", "address_key"),
    ("name", "sign_key"),
    ("person", "legal_rep_id"),
    ("person", "CASE WHEN owner_id <> legal_rep_id OR legal_rep_id IS NULL THEN owner_id END"),
)
"""The shared identifiers. Both persons have one kind, so that a representative of one entity is found as the owner of another."""

_GROUP = {
    "members": "count(1)",
    "active": "count_if(is_active)",
    "ended": "count_if(is_ended)",
    "violations": "sum(violations_36m)",
    "complaints": "sum(complaints_12m)",
    "excess": "sum(excess_parts)",
    "weights": "sum(decayed_visits)",
}
_CAN_BE_FOLLOWED = f"(kind = 'person' OR kind = 'address' AND members <= {CLUSTER_SIZE})"
_OTHERS = {
    "other_members": "members - 1",
    "other_active": "active - cast(is_active AS BIGINT)",
    "other_ended": "ended - cast(is_ended AS BIGINT)",
    "other_violations": "violations - coalesce(violations_36m, 0L)",
    "other_complaints": "complaints - coalesce(complaints_12m, 0L)",
    "other_excess": "excess - coalesce(excess_parts, 0L)",
    "other_weights": "nullif(weights - coalesce(decayed_visits, 0L), 0L)",
    "follows_one": f"{_CAN_BE_FOLLOWED} AND "
    f"coalesce(exists(ended_on, d -> d < established_on AND d >= date_sub(established_on, {PHOENIX_DAYS})), false)",
}


def _of(kind: str, column: str) -> str:
    return f"sum(CASE WHEN kind = '{kind}' THEN {column} END)"


_TIES = {
    "same_legal_rep": _of("legal_rep", "other_active"),
    "same_owner": _of("owner", "other_active"),
    "same_phone": _of("phone", "other_active"),
    "same_agent": _of("agent", "other_active"),
    "entities_at_address": _of("address", "other_active"),
    "person_ties": _of("person", "other_members"),
    "ended_person_ties": _of("person", "other_ended"),
    "violations_of_ties_36m": _of("person", "other_violations"),
    "complaints_of_ties_12m": _of("person", "other_complaints"),
    "complaints_at_address_12m": _of("address", "other_complaints"),
    "excess_of_ties": _of("person", "other_excess"),
    "visits_of_ties": _of("person", "other_weights"),
    "excess_at_address": _of("address", "other_excess"),
    "visits_at_address": _of("address", "other_weights"),
    "excess_of_name": _of("name", "other_excess"),
    "visits_of_name": _of("name", "other_weights"),
    "phoenix": "max(CASE WHEN follows_one THEN 1 ELSE 0 END)",
}

KEPT = (
    "entity_id", "is_active", "is_ended", "closed_on", "established_on", "violations_36m", "complaints_12m", "excess_parts",
    "decayed_visits",
)  # fmt: skip
"""The columns that are read of an entity that shares a key."""


def pair_shared_keys(register: DataFrame, materialise: Materialise) -> DataFrame:
    """One row per entity and key that another entity has too: ``entity_id, kind, shared``.

    Most keys belong to one entity, so shared keys are found first, without other columns, by 64-bit hashes. Hash collisions do no
    harm, since the caller groups by the keys themselves.

    Args:
        register: one row per entity with the columns in :data:`KEYS`.
    """
    of_kind = [register.transform(select, ENTITY_ID, f"'{kind}' AS kind", f"{key} AS shared") for kind, key in KEYS]
    every = reduce(DataFrame.unionByName, of_kind).where("shared IS NOT NULL AND shared <> ''")
    keyed = every.withColumn(_HASH, F.xxhash64("kind", "shared"))
    several = materialise(keyed.groupBy(_HASH).agg(F.expr("count(1)").alias("times")).where("times > 1").select(_HASH))
    return several.join(keyed, _HASH, "inner").drop(_HASH)


def count_shared_identifiers(register: DataFrame, entities: DataFrame, materialise: Materialise) -> DataFrame:
    """One row per entity that shares a key: how many entities share it, and their violations, complaints and closures.

    Args:
        register: as in :func:`pair_shared_keys`.
        entities: the same entities with the columns :data:`KEPT`; ``violations_36m`` and ``complaints_12m`` are null where no
            source gives them, and then the sums are null too.
    """
    pairs = materialise(pair_shared_keys(register, materialise))
    sharing = materialise(pairs.join(entities.select(*KEPT), ENTITY_ID, "inner"))
    groups = sharing.transform(aggregate, ["kind", "shared"], _GROUP).where("members > 1")
    ends = (
        sharing.where("is_ended AND closed_on IS NOT NULL AND kind IN ('person', 'address')")
        .groupBy("kind", "shared")
        .agg(F.expr("collect_set(closed_on)").alias("ended_on"))
    )
    known = groups.join(sharing, ["kind", "shared"], "inner").transform(join_few, ends, ("kind", "shared"))
    others = known.transform(select, ENTITY_ID, "kind", *[f"{sql} AS {name}" for name, sql in _OTHERS.items()])
    return materialise(others.transform(aggregate, [ENTITY_ID], _TIES))
