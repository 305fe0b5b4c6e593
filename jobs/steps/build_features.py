"""Build a day's features: the indicators of every entity and the medians of its peers, ``gold.features`` and ``gold.peers``."""

from __future__ import annotations

import logging
from dataclasses import asdict
from datetime import date

from pyspark.sql import DataFrame

from expectations.contracts import silver
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.registry import SILVER
from expectations.contracts.scoring import INDICATOR, PEER_GROUP, PEERS
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.errors import InputMissing
from jobs.incremental.coverage import coverage_of_day
from jobs.incremental.entity_state import (
    REGISTER_STATE,
    STATE_TABLES,
    TAX_STATE,
    can_update_state,
    compute_state,
    read_state,
    update_state,
)
from jobs.incremental.staleness import has_features, has_links, record_feature_inputs, record_link_inputs
from jobs.profile.mapping import unmapped_columns
from jobs.profile.profile import Profile
from jobs.steps.link_complaints import link_day, rebuild_links
from jobs.transforms.coverage import Coverage
from jobs.transforms.features.build_features import Known, build_features
from jobs.transforms.features.peers import PeerPolicy

log = logging.getLogger(__name__)


def ensure_features(lake: Lake, profile: Profile, as_of: date, *, is_past: bool = False) -> bool:
    """Build a day's features unless they are current, see :func:`rebuild_features`; return whether they were built."""
    if has_features(lake, profile, as_of):
        return False
    rebuild_features(lake, profile, as_of, is_past=is_past)
    return True


def rebuild_features(lake: Lake, profile: Profile, as_of: date, *, full_refresh: bool = False, is_past: bool = False) -> int:
    """Build a day's features on current links, and note their inputs; return the number of entities.

    Args:
        full_refresh: use no stored state, neither of earlier days nor of the day itself.
        is_past: no later day builds on this one, so its state is stored only where an earlier day's state holds.
    """
    day = (lake, profile, as_of)
    if is_past and (full_refresh or not all(can_update_state(table, *day) for table in STATE_TABLES)):
        return _build_without_state(*day)
    if full_refresh or not has_links(*day):
        rebuild_links(*day, full_refresh=full_refresh)
    else:
        update_state(REGISTER_STATE, *day)
    update_state(TAX_STATE, *day, full_refresh=full_refresh)
    with record_feature_inputs(*day):
        return build_from_state(*day)


def _build_without_state(lake: Lake, profile: Profile, as_of: date) -> int:
    """Build links and features from state that is computed from silver and not stored."""
    day = (lake, profile, as_of)
    coverage = coverage_of_day(lake.home, profile, as_of)
    with Scratch(lake.home, "state", is_packed=False) as scratch:
        register, tax_sums = (scratch.materialise(compute_state(table, *day, coverage)) for table in STATE_TABLES)
        with record_link_inputs(*day):
            link_day(*day, register)
        with record_feature_inputs(*day):
            return build_features_day(lake, profile, coverage, register, tax_sums)


def build_from_state(lake: Lake, profile: Profile, as_of: date) -> int:
    """Build a day's features from its links and its stored state; return the number of entities."""
    with Scratch(lake.home, "standing", is_packed=False) as scratch:
        # Features read a few columns of it about twenty times. From an unpacked table they take 24 CPU seconds, from the state
        # itself 26 (a million entities, Sail 0.7.2, two cores).
        register = scratch.materialise(read_state(REGISTER_STATE, lake, as_of, scratch.materialise))
        coverage = coverage_of_day(lake.home, profile, as_of)
        return build_features_day(lake, profile, coverage, register, read_state(TAX_STATE, lake, as_of, scratch.materialise))


def build_features_day(lake: Lake, profile: Profile, coverage: Coverage, register: DataFrame, tax_sums: DataFrame) -> int:
    """Replace the day's partitions of ``gold.features`` and ``gold.peers``; return the number of entities.

    Args:
        coverage: the day, and up to which day each source has delivered.
        register: one row per entity, as of the day.
        tax_sums: the sums of each entity's returns, as of the day.

    Raises:
        InputMissing: when no entity was known by then.
    """
    as_of = coverage.as_of
    if register.isEmpty():
        raise InputMissing(
            what=f"no entity was known by the end of {as_of}",
            where=str(lake.path(silver.ENTITY)),
            next_step="ingest and conform the registration source first",
        )
    where = f"{AS_OF} = '{as_of}'"
    tables = Known(
        register=register,
        tax_sums=tax_sums,
        link=lake.read(silver.LINK).where(where),
        silver={table.name: lake.read(table) for table in SILVER.values()},
        unmapped=unmapped_columns(profile.folder),
    )
    with Scratch(lake.home, "features", is_packed=False) as scratch:
        made = build_features(
            tables,
            coverage=coverage,
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
