"""Make the day's features: every entity's indicators and its peers' medians, ``gold.features`` and ``gold.peers``."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import date

from pyspark.sql import DataFrame

from expectations.contracts import silver
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import INDICATOR, PEER_GROUP, PEERS
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.errors import InputMissing
from jobs.profile.profile import Profile
from jobs.transforms.features.build_features import Known, build_features
from jobs.transforms.features.peers import PeerPolicy

log = logging.getLogger(__name__)


def build_features_day(lake: Lake, profile: Profile, as_of: date, register: DataFrame, tax_sums: DataFrame) -> int:
    """Replace the day's partitions of ``gold.features`` and ``gold.peers``; gives the number of entities.

    Args:
        register: what the register says of each entity on the day.
        tax_sums: what each entity's returns add up to on the day.

    Raises:
        InputMissing: when no entity was known by then.
    """
    if register.isEmpty():
        raise InputMissing(
            what=f"no entity was known by the end of {as_of}",
            where=str(lake.path(silver.ENTITY)),
            next_step="ingest and conform the registration source first",
        )
    tables = Known(
        register=register,
        complaint=lake.read(silver.COMPLAINT),
        inspection=lake.read(silver.INSPECTION),
        link=lake.read(silver.LINK).where(f"{AS_OF} = '{as_of}'"),
        tax_sums=tax_sums,
    )
    where = f"{AS_OF} = '{as_of.isoformat()}'"
    with Scratch(lake.home, "features", is_packed=False) as scratch:
        made = build_features(
            tables,
            as_of=as_of,
            cutoff=profile.end_of(as_of),
            peers=PeerPolicy(**asdict(profile.peers)),
            minor_units=profile.minor_units,
            materialise=scratch.materialise,
        )
        # Sorted, so that the same inputs give the same files.
        lake.replace(made.features.orderBy(ENTITY_ID), features_contract(), where)
        lake.replace(made.peers.orderBy(PEER_GROUP, INDICATOR), PEERS, where)
    entities = lake.read(features_contract()).where(where).count()
    log.info("features of %s: %d entities, %d indicators", as_of, entities, len(catalogue()))
    return entities
