"""Shared identifiers: entities that share a person, address, phone or agent, and successors of closed entities."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.polars.tables import excess, over, sum_known

COUNTS = {
    "legal_rep_id": "same_legal_rep",
    "owner_id": "same_owner",
    "phone_hash": "same_phone",
    "agent_id": "same_agent",
    "address_key": "entities_at_address",
}
"""Indicators that count the other active entities with the same key, by the key."""


def add_shared_identifiers(frame: LazyFrame, record: LazyFrame) -> LazyFrame:
    """Add the number of other entities with the same key, and the complaints about others at the address."""
    for key, name in COUNTS.items():
        others = (col("active") - col("is_active").cast(pl.Int64)).fill_null(0)
        frame = frame.join(
            _shared(record, key).select(key, "active", "complaints", "excess", "weights"), on=key, how="left"
        ).with_columns(when(col(key) != "").then(others).alias(name))
        if key == "address_key":
            of_others = (col("complaints") - col("complaints_12m")).fill_null(0)
            frame = frame.with_columns(complaints_at_address_12m=when(_has_data("complaints_12m", col(key))).then(of_others))
            frame = frame.with_columns(excess_at_address=_excess_of_others())
        frame = frame.drop("active", "complaints", "excess", "weights")
    for key, name in (("sign_key", "excess_of_name"), ("industry_group", "excess_of_industry")):
        sums = _shared(record, key).select(key, "excess", "weights")
        frame = frame.join(sums, on=key, how="left").with_columns(_excess_of_others().alias(name)).drop("excess", "weights")
    return frame


def _excess_of_others() -> pl.Expr:
    """Findings beyond expectation at the others with the same key, from the key's sums minus the entity's own."""
    parts, weights = col("excess_parts").fill_null(0), col("decayed_visits").fill_null(0)
    return excess(col("excess") - parts, col("weights") - weights)


def add_shared_people(frame: LazyFrame, record: LazyFrame) -> LazyFrame:
    """Add figures of other entities with the same people, and whether an entity succeeds a closed one."""
    people = _people(record).collect(engine="streaming").lazy()
    addresses = record.filter(col("address_key").is_not_null())
    successors = pl.concat([_successors(people, "person"), _successors(addresses, "address_key", most=500)]).unique()
    person = pl.coalesce("legal_rep_id", "owner_id")
    can_follow = col("established_on").is_not_null() & (pl.coalesce("legal_rep_id", "owner_id", "address_key") != "")
    return (
        frame.join(_people_figures(people), on="entity_id", how="left")
        .join(successors.with_columns(is_successor=pl.lit(True)), on="entity_id", how="left")
        .with_columns(
            ended_tie_share=over(col("ended_associates"), col("associates")),
            violations_of_ties_36m=when(_has_data("violations_36m", person)).then(col("violations_of_ties_36m").fill_null(0)),
            complaints_of_ties_12m=when(_has_data("complaints_12m", person)).then(col("complaints_of_ties_12m").fill_null(0)),
            phoenix=when(can_follow).then(col("is_successor").fill_null(False).cast(pl.Int64)),
        )
    )


def _has_data(name: str, key: pl.Expr) -> pl.Expr:
    """Whether there are data for the figure, and the entity has the key."""
    return col(name).is_not_null() & (key != "")


def _shared(record: LazyFrame, key: str) -> LazyFrame:
    """Each key that several entities share, with the number of entities and sums of their figures."""
    return (
        record.filter(col(key).is_not_null() & (col(key) != ""))
        .group_by(key)
        .agg(
            members=pl.len(),
            active=col("is_active").sum().cast(pl.Int64),
            complaints=sum_known(col("complaints_12m")),
            excess=sum_known(col("excess_parts")),
            weights=sum_known(col("decayed_visits")),
        )
        .filter(col("members") > 1)
    )


def _people(record: LazyFrame) -> LazyFrame:
    """One row per entity and person: the representative, and the owner if it is another person."""
    columns = (
        *("entity_id", "is_ended", "closed_on", "established_on"),
        *("violations_36m", "complaints_12m", "excess_parts", "decayed_visits"),
    )
    is_another = col("legal_rep_id").is_null() | (col("owner_id") != col("legal_rep_id"))
    persons = [record.select(*columns, person="legal_rep_id"), record.filter(is_another).select(*columns, person="owner_id")]
    return pl.concat(persons).filter(col("person").is_not_null() & (col("person") != ""))


def _people_figures(people: LazyFrame) -> LazyFrame:
    groups = (
        people.group_by("person")
        .agg(
            members=pl.len().cast(pl.Int64),
            ended=col("is_ended").sum().cast(pl.Int64),
            violations=sum_known(col("violations_36m")),
            complaints=sum_known(col("complaints_12m")),
            excess=sum_known(col("excess_parts")),
            weights=sum_known(col("decayed_visits")),
        )
        .filter(col("members") > 1)
    )
    return (
        people.join(groups, on="person")
        .group_by("entity_id")
        .agg(
            associates=(col("members") - 1).sum(),
            ended_associates=(col("ended") - col("is_ended").cast(pl.Int64)).sum(),
            violations_of_ties_36m=sum_known(col("violations") - col("violations_36m")),
            complaints_of_ties_12m=sum_known(col("complaints") - col("complaints_12m")),
            excess=sum_known(col("excess") - col("excess_parts").fill_null(0)),
            weights=sum_known(col("weights") - col("decayed_visits").fill_null(0)),
        )
        .with_columns(excess_of_ties=excess(col("excess"), col("weights")))
        .drop("excess", "weights")
    )


def _successors(members: LazyFrame, key: str, most: int | None = None) -> LazyFrame:
    """The entities established within a year after another entity with the same key closed."""
    size = members.group_by(key).agg(size=pl.len()).filter((col("size") > 1) & (col("size") <= (most or 2**31)))
    ended = (
        members.filter(col("is_ended") & col("closed_on").is_not_null())
        .join(size, on=key, how="semi")
        .select(key, before="closed_on")
        .unique()
        .sort("before")
    )
    return (
        members.filter(col("established_on").is_not_null())
        .sort("established_on")
        .join_asof(
            ended,
            left_on="established_on",
            right_on="before",
            by=key,
            strategy="backward",
            allow_exact_matches=False,
            check_sortedness=False,  # sorted above; Polars cannot check it within keys
        )
        .filter(col("before") >= col("established_on") - timedelta(days=365))
        .select("entity_id")
    )
