"""Compute the features of a day: every entity's indicators, and their distance from its peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import silver
from expectations.contracts.complaint import COMPLAINT_ID
from expectations.contracts.contract import Contract
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import INDICATOR, PEER_GROUP, PEER_MEDIAN, PEERS
from jobs.transforms.coverage import Coverage
from jobs.transforms.features import complaints as complaint
from jobs.transforms.features import supervision
from jobs.transforms.features.associations import count_shared_identifiers
from jobs.transforms.features.cell_rates import OWN, add_rates, describe_cells
from jobs.transforms.features.peers import (
    CELL,
    PeerPolicy,
    add_cell,
    add_robust_z,
    assign_groups,
    count_cells,
    describe_groups,
    list_peer_medians,
    place_cells,
)
from jobs.transforms.features.ratios import ratio
from jobs.transforms.features.registration import add_register_indicators, count_any_changes
from jobs.transforms.features.supervision import add_expected
from jobs.transforms.features.tax import make_tax_indicators
from jobs.transforms.features.unmapped import Unmapped, set_unmapped_to_null
from jobs.transforms.frames import Materialise, aggregate, join_few, replace_columns, select
from jobs.transforms.latest_known import keep_known, keep_latest, keep_latest_known

SALES_FLOOR = 10_000
"""The least yearly sales, in currency units, that a complaint rate is computed over."""


@dataclass(frozen=True)
class Known:
    """The inputs of a day's features.

    Attributes:
        register: one row per entity, as of the day. It is read several times, so it must be a table or materialised by the caller.
        tax_sums: one row per entity, as of the day.
        link: the day's links.
        silver: the tables of the sources with all versions, by name; a source that a profile does not have is an empty frame.
        unmapped: the columns that the mapping of each source leaves out, by contract and source.
    """

    register: DataFrame
    tax_sums: DataFrame
    link: DataFrame
    silver: Mapping[str, DataFrame]
    unmapped: Unmapped = field(default_factory=dict)


@dataclass(frozen=True)
class Features:
    """``gold.features`` and ``gold.peers`` of one day."""

    features: DataFrame
    peers: DataFrame


def build_features(
    tables: Known, *, coverage: Coverage, cutoff: datetime, peers: PeerPolicy, minor_units: int, materialise: Materialise
) -> Features:
    """Every indicator of every entity known on the day, closed ones too, with the peers' medians.

    Args:
        coverage: the day, after which nothing counts, and up to which day each source has delivered.
        cutoff: the first instant (UTC, naive) that is too late to have been known.
    """
    as_of = coverage.as_of
    entities = tables.register.transform(add_register_indicators, as_of=as_of)
    complaints = materialise(_known_complaints(tables, as_of, cutoff))
    visits = materialise(_known_visits(tables, as_of, cutoff, materialise))
    # Few entities have complaints or visits. Their counts are computed once and joined where they are needed, so that they are not
    # written with every entity's row.
    complained = materialise(complaint.count_complaints(complaints, coverage=coverage))
    visited = materialise(supervision.count_visits(visits, coverage=coverage))
    sources = materialise(
        count_any_changes(tables.register)
        .crossJoin(complaint.count_any_complaints(complaints))
        .crossJoin(supervision.count_any_visits(visits))
    )
    recorded = (
        entities.transform(join_few, complained.join(visited, [str(ENTITY_ID)], "full"), ENTITY_ID)
        .crossJoin(sources)
        .transform(_fill_zeros)
    )
    records = {
        "registration": keep_known(tables.silver[silver.ENTITY.name], cutoff=cutoff, as_of=as_of),
        "complaint": complaints,
        "inspection": visits.where(supervision.IS_VISIT),
    }
    own = materialise(
        recorded.transform(join_few, make_tax_indicators(tables.tax_sums), ENTITY_ID)
        .transform(join_few, count_shared_identifiers(entities, recorded, materialise), ENTITY_ID)
        .transform(_add_joint_indicators, minor_units=minor_units)
        .transform(set_unmapped_to_null, tables.unmapped, records, coverage.lost)
        .transform(add_cell, peers)
        .transform(_keep_needed)
    )
    cells = materialise(count_cells(own))
    of_cells = describe_cells(cells, own, visits, visited, coverage=coverage, materialise=materialise)
    return _compare_with_peers(own, assign_groups(cells, peers.minimum), of_cells, minor_units, as_of, materialise)


def _latest_known(tables: Known, table: Contract, as_of: date, cutoff: datetime) -> DataFrame:
    """The records of a table that stand at the end of the day, each in its newest version."""
    return keep_latest_known(tables.silver[table.name], table.key, cutoff=cutoff, as_of=as_of, event_on=table.event_on)


def _known_complaints(tables: Known, as_of: date, cutoff: datetime) -> DataFrame:
    complaints = _latest_known(tables, silver.COMPLAINT, as_of, cutoff)
    links = keep_known(tables.link, cutoff=cutoff, as_of=as_of)
    linked = complaint.join_links(complaints, keep_latest(links, [COMPLAINT_ID], order=complaint.LINK_ORDER))
    return linked.select(*complaint.NEEDED)


def _known_visits(tables: Known, as_of: date, cutoff: datetime, materialise: Materialise) -> DataFrame:
    visits = _latest_known(tables, silver.INSPECTION, as_of, cutoff)
    return visits.transform(add_expected, materialise).select(*supervision.NEEDED)


def _fill_zeros(joined: DataFrame) -> DataFrame:
    """A missing count is zero where the source has any record, and unknown where it has none."""
    zeros = {
        **dict.fromkeys(("changes_12m", "rep_and_address_changed"), "has_changes"),
        **dict.fromkeys(complaint.COUNTS, "has_complaints"),
        **dict.fromkeys(supervision.COUNTS, "has_visits"),
        **dict.fromkeys(supervision.FOLLOW_UPS, "has_follow_ups"),
    }
    return replace_columns(joined, {name: f"CASE WHEN {source} THEN coalesce({name}, 0) END" for name, source in zeros.items()})


def _if_known(key: str, name: str) -> str:
    return f"CASE WHEN {key} IS NOT NULL AND {key} <> '' THEN coalesce({name}, 0) END"


_PERSON = "coalesce(legal_rep_id, owner_id)"
_BASELINE_DAYS = f"greatest(28, least({complaint.BASELINE_DAYS}, coalesce(age_days, 365) - 28))"
_JOINT = {
    "capital_to_sales": ratio("registered_capital_minor", "sales_12m"),
    "registered_capital": "registered_capital_minor",
    # Anscombe's square root gives counts of rare events equal variance: about standard normal when nothing changed.
    "complaint_burst": f"2 * (sqrt(complaints_28d + 0.375D) - sqrt(complaints_before_28d * 28.0D / ({_BASELINE_DAYS}) + 0.375D))",
    "overdue_complaint_share": ratio("overdue_count", "complaints_12m"),
    "refused_mediation_share": ratio("refused_count", "complaints_12m"),
    "prepaid_complaint_share": ratio("prepaid_count", "complaints_12m"),
    "top_complainant_share": ratio("largest_complainant", "known_complainants"),
    "breach_rate": ratio("decayed_breaches", "decayed_items"),
    "finding_state": f"CASE WHEN has_visits THEN {supervision.FINDING_STATE} END",
    "excess_violations": supervision.excess("excess_parts", "decayed_visits"),
    "excess_breaches": supervision.excess("excess_breach_parts", "counted_items", supervision.USUAL_ITEMS * supervision.TODAY),
    "excess_of_ties": supervision.excess("excess_of_ties", "visits_of_ties"),
    "excess_at_address": supervision.excess("excess_at_address", "visits_at_address"),
    "excess_of_name": supervision.excess("excess_of_name", "visits_of_name"),
    "same_legal_rep": _if_known("legal_rep_id", "same_legal_rep"),
    "same_owner": _if_known("owner_id", "same_owner"),
    "same_phone": _if_known("phone_hash", "same_phone"),
    "same_agent": _if_known("agent_id", "same_agent"),
    "entities_at_address": _if_known("address_key", "entities_at_address"),
    "ended_tie_share": ratio("ended_person_ties", "person_ties"),
    "violations_of_ties_36m": f"CASE WHEN has_visits THEN {_if_known(_PERSON, 'violations_of_ties_36m')} END",
    "complaints_of_ties_12m": f"CASE WHEN has_complaints THEN {_if_known(_PERSON, 'complaints_of_ties_12m')} END",
    "complaints_at_address_12m": f"CASE WHEN has_complaints THEN {_if_known('address_key', 'complaints_at_address_12m')} END",
    "phoenix": f"CASE WHEN established_on IS NOT NULL THEN {_if_known(f'coalesce({_PERSON}, address_key)', 'phoenix')} END",
}


def _add_joint_indicators(joined: DataFrame, *, minor_units: int) -> DataFrame:
    floor = SALES_FLOOR * 10**minor_units
    exposure = f"CASE WHEN sales_12m IS NOT NULL THEN cast(greatest(sales_12m, {floor}.0D) AS BIGINT) END"
    return replace_columns(joined, {**_JOINT, "sales_exposure": exposure})


def _keep_needed(joined: DataFrame) -> DataFrame:
    """Drop the columns that indicators were made of: shared keys are long, and as costly to write as all the numbers."""
    wanted = {*map(str, features_contract().columns), *OWN}
    return joined.select(*[name for name in joined.columns if name in wanted])


def _compare_with_peers(
    own: DataFrame, assigned: DataFrame, of_cells: DataFrame, minor_units: int, as_of: date, materialise: Materialise
) -> Features:
    indicators = [indicator.column for indicator in catalogue() if indicator.peer]
    cells = materialise(assigned)
    rated = own.transform(join_few, of_cells, CELL).transform(add_rates, minor_units=minor_units)
    groups = materialise(describe_groups(rated, cells, indicators, materialise))
    # Groups are joined to cells first, so that entities are joined only once.
    placed = of_cells.join(place_cells(cells, groups, indicators), [CELL], "inner")
    features = (
        own.transform(join_few, placed, CELL).transform(add_rates, minor_units=minor_units).transform(add_robust_z, indicators)
    )
    compared = list_peer_medians(groups, indicators).unionByName(_list_base_rate(groups, of_cells))
    return Features(
        _select(features.withColumn(AS_OF, F.lit(as_of)), features_contract()),
        _select(compared.withColumn(AS_OF, F.lit(as_of)), PEERS),
    )


def _list_base_rate(groups: DataFrame, of_cells: DataFrame) -> DataFrame:
    """The rate of all visits, which an industry's ``base_rate`` is compared with, as a row of every peer group; of no peers."""
    rate = of_cells.transform(aggregate, [], {str(PEER_MEDIAN): "max(base_rate_of_all)"}).where(f"{PEER_MEDIAN} IS NOT NULL")
    return (
        groups.select("member_of")
        .crossJoin(rate)
        .transform(
            select, f"member_of AS {PEER_GROUP}", f"'base_rate' AS {INDICATOR}", "0L AS peer_count", PEER_MEDIAN,
            "cast(NULL AS DOUBLE) AS peer_mad",
        )
    )  # fmt: skip


def _select(frame: DataFrame, contract: Contract) -> DataFrame:
    return frame.transform(select, *[f"cast({column} AS {column.type.value}) AS {column}" for column in contract.columns])
