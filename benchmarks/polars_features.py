"""A day's features by Polars: written by hand from the definitions of the indicators, to hold Steelyard's own against."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.asked import COLUMNS, PEER_INDICATORS, Asked
from benchmarks.polars_returns import tax_indicators
from benchmarks.polars_tables import newest, over, scan, sum_known

YEAR, RECORD = 365, 1095
"""Days of complaints and changes, and of visits, that count."""
MINIMUM_UNITS = 30
"""A pool with fewer units tells too little of how rates differ."""
MINIMUM_VALUES = 5
"""Fewer peers with a value make no median."""
PARTS = ("industry_section", "industry_division", "industry_group", "size_band", "age_band", "region_middle")


def write_features(asked: Asked, out: Path) -> int:
    """Write the day's features to a Parquet file; give the number of entities."""
    versions = _versions(asked)
    entities = _entities(versions, asked)
    complaints = _complaints(asked)
    visits = _visits(asked)
    has_changes = bool(versions["change_type"].count())
    recorded = (
        entities.lazy()
        .join(_changes(versions.lazy(), asked.as_of), on="entity_id", how="left")
        .join(_complained(complaints.lazy()), on="entity_id", how="left")
        .join(_visited(visits.lazy()), on="entity_id", how="left")
        .with_columns(_zeros(CHANGED, has_changes) + _zeros(COMPLAINED, len(complaints) > 0) + _zeros(VISITED, len(visits) > 0))
        .collect(engine="streaming")
    )
    rated = _side_by_side(recorded, visits, asked).pipe(_add_rates, asked).pipe(_add_cell, asked).collect(engine="streaming")
    features = _stand_among_peers(rated, asked.minimum).with_columns(as_of=pl.lit(asked.as_of))
    features.select(_as_written()).write_parquet(out, compression="snappy")
    return len(features)


CHANGED = ("changes_12m", "rep_and_address_changed")
COMPLAINED = (
    "complaints_12m", "upheld_complaints_12m", "complaints_28d", "complaints_before_28d", "complaint_points", "worst_complaint_90d",
    "complainants_12m", "amount_claimed_12m",
)  # fmt: skip
VISITED = ("violations_36m", "visits_36m", "penalties_36m", "unmet_visits_36m")
"""What is nought where nothing is found, and unknown where the source tells of nobody."""


def _zeros(names: tuple[str, ...], is_told: bool) -> list[pl.Expr]:
    return [col(name).fill_null(0) if is_told else pl.lit(None, pl.Int64).alias(name) for name in names]


def _as_written() -> list[pl.Expr]:
    types = {"entity_id": pl.String, "as_of": pl.Date, "peer_group": pl.String, "peer_level": pl.Int32, "peer_size": pl.Int64}
    return [col(name).cast(types.get(name, pl.Float64)) for name in COLUMNS]


def _days_ago(day: pl.Expr, as_of: date) -> pl.Expr:
    return (pl.lit(as_of) - day).dt.total_days().cast(pl.Int64)


def _versions(asked: Asked) -> pl.DataFrame:
    """Every version of every entity that was known and in force by the day."""
    columns = (
        "entity_id", "status", "established_on", "closed_on", "industry_section", "industry_division", "industry_group",
        "region_middle", "address_key", "legal_rep_id", "owner_id", "phone_hash", "agent_id", "registered_capital_minor",
        "paid_in_capital_minor", "is_platform", "changed_on", "change_type",
    )  # fmt: skip
    is_in_force = col("changed_on").is_null() | (col("changed_on") <= asked.as_of)
    return scan(asked, "entity", columns).filter(is_in_force).collect(engine="streaming")


def _entities(versions: pl.DataFrame, asked: Asked) -> pl.DataFrame:
    """Each entity's newest version, its age, and whether it is active or ended."""
    ended = col("status").is_in(["closed", "revoked"]) & (col("closed_on") <= asked.as_of).fill_null(True)
    return (
        newest(versions.lazy(), ("entity_id",))
        .select(
            "entity_id", "established_on", "closed_on", "industry_section", "industry_division", "industry_group", "region_middle",
            "legal_rep_id", "owner_id",
            *[when(col(name) != "").then(col(name)).alias(name) for name in ("address_key", "phone_hash", "agent_id")],
            age_days=when(col("established_on") <= asked.as_of).then(_days_ago(col("established_on"), asked.as_of)),
            is_active=(col("status") == "active").fill_null(False),
            is_ended=ended.fill_null(False),
            registered_capital=col("registered_capital_minor"),
            paid_in_share=over(col("paid_in_capital_minor"), col("registered_capital_minor")),
            platform_flag=col("is_platform").cast(pl.Int64),
        )
        .collect(engine="streaming")
    )  # fmt: skip


def _changes(versions: LazyFrame, as_of: date) -> LazyFrame:
    told = (
        versions.filter(col("change_type").is_not_null() & (col("change_type") != "new") & col("changed_on").is_not_null())
        .select("entity_id", "change_type", days_ago=_days_ago(col("changed_on"), as_of))
        .unique()
    )
    recent = told.filter(col("days_ago") < YEAR)
    reps = recent.filter(col("change_type") == "legal_rep").select("entity_id", rep="days_ago")
    moves = recent.filter(col("change_type") == "address").select("entity_id", moved="days_ago")
    paired = (
        reps.join(moves, on="entity_id")
        .filter((col("rep") - col("moved")).abs() <= 30)
        .select("entity_id", rep_and_address_changed=pl.lit(1, pl.Int64))
        .unique()
    )
    return (
        told.group_by("entity_id")
        .agg(changes_12m=(col("days_ago") < YEAR).sum(), days_since_change=col("days_ago").min())
        .join(paired, on="entity_id", how="left")
    )


def _complaints(asked: Asked) -> pl.DataFrame:
    """Every complaint with the entity that it speaks of, given or found."""
    columns = (
        "complaint_id", "received_on", "entity_id", "category", "severity", "amount_claimed_minor", "due_on", "resolved_on",
        "outcome", "complainant_hash",
    )  # fmt: skip
    links = (
        scan(asked, "link", ("complaint_id", "entity_id", "link_confidence", "link_method", "as_of"), order=("known_at",))
        .filter(col("as_of") == asked.as_of)
        .sort("known_at", "link_confidence", "entity_id", "link_method")
        .group_by("complaint_id")
        .agg(linked_id=col("entity_id").last())
    )
    return (
        newest(scan(asked, "complaint", columns), ("complaint_id",))
        .filter(col("received_on") <= asked.as_of)
        .join(links, on="complaint_id", how="left")
        .select(
            "category", "severity", "outcome", "amount_claimed_minor", "complainant_hash",
            entity_id=pl.coalesce("entity_id", "linked_id"),
            days_ago=_days_ago(col("received_on"), asked.as_of),
            is_standing=(~col("outcome").is_in(["rejected", "withdrawn"])).fill_null(True),
            is_overdue=(col("due_on") < pl.min_horizontal("resolved_on", pl.lit(asked.as_of))).fill_null(False),
            points=col("severity").replace_strict({2: 2, 3: 4, 4: 8}, default=1, return_dtype=pl.Int64),
        )
        .filter(col("entity_id").is_not_null())
        .collect(engine="streaming")
    )  # fmt: skip


def _complained(complaints: LazyFrame) -> LazyFrame:
    """Each entity's counts, points and complainants."""
    is_counted = col("is_standing") & (col("days_ago") < YEAR)
    people = (
        complaints.filter(is_counted & col("complainant_hash").is_not_null())
        .group_by("entity_id", "complainant_hash")
        .agg(made=pl.len())
        .group_by("entity_id")
        .agg(complainants_12m=pl.len().cast(pl.Int64), top_complainant_share=col("made").max() / col("made").sum())
    )
    counted = complaints.group_by("entity_id").agg(
        complaints_12m=is_counted.sum(),
        upheld_complaints_12m=((col("outcome") == "upheld") & (col("days_ago") < YEAR)).sum(),
        complaints_28d=(col("is_standing") & (col("days_ago") < 28)).sum(),
        complaints_before_28d=(is_counted & (col("days_ago") >= 28)).sum(),
        complaint_points=when(is_counted).then(col("points")).sum(),
        worst_complaint_90d=when(col("is_standing") & (col("days_ago") < 90)).then(col("severity")).max(),
        overdue=(is_counted & col("is_overdue")).sum(),
        refused=(is_counted & (col("outcome") == "refused")).sum(),
        prepaid=(is_counted & (col("category") == "prepaid")).sum(),
        amount_claimed_12m=when(is_counted).then(col("amount_claimed_minor")).sum(),
        days_since_complaint=when("is_standing").then(col("days_ago")).min(),
    )
    return (
        counted.with_columns(
            overdue_complaint_share=over(col("overdue"), col("complaints_12m")),
            refused_mediation_share=over(col("refused"), col("complaints_12m")),
            prepaid_complaint_share=over(col("prepaid"), col("complaints_12m")),
        )
        .drop("overdue", "refused", "prepaid")
        .join(people, on="entity_id", how="left")
    )


def _visits(asked: Asked) -> pl.DataFrame:
    """Every visit that was planned or made by the day."""
    columns = (
        "inspection_id", "entity_id", "inclusion_probability", "selected_by", "planned_on", "inspected_on", "visit_status",
        "items_checked", "breaches", "severity", "found_violation", "penalty_minor",
    )  # fmt: skip
    since = _days_ago(col("inspected_on"), asked.as_of)
    return (
        newest(scan(asked, "inspection", columns), ("inspection_id",))
        .filter(col("inspected_on").is_null() | (col("inspected_on") <= asked.as_of))
        .with_columns(
            days_ago=_days_ago(pl.coalesce("inspected_on", "planned_on"), asked.as_of),
            is_made=(col("visit_status") == "inspected").fill_null(False) & col("inspected_on").is_not_null(),
            decay=(1_000_000 * pl.lit(0.5).pow(since / 365)).round(mode="half_away_from_zero").cast(pl.Int64),
            weight=(1000 / col("inclusion_probability").fill_null(1.0)).round(mode="half_away_from_zero").cast(pl.Int64),
        )
        .collect(engine="streaming")
    )


def _visited(visits: LazyFrame) -> LazyFrame:
    """Each entity's record of visits."""
    is_recent = col("is_made") & (col("days_ago") < RECORD)
    is_unmet = col("visit_status").is_in(["not_reachable", "refused"]) & col("days_ago").is_between(0, RECORD - 1)
    last = (
        visits.filter("is_made")
        .sort("inspected_on", "inspection_id")
        .group_by("entity_id")
        .agg(last_visit_violation=col("found_violation").last().cast(pl.Int64))
    )
    counted = visits.group_by("entity_id").agg(
        visits_36m=is_recent.sum(),
        violations_36m=(is_recent & col("found_violation")).sum(),
        breaches=sum_known(when(col("is_made") & (col("items_checked") > 0)).then(col("breaches") * col("decay"))),
        items=sum_known(when(col("is_made") & col("breaches").is_not_null()).then(col("items_checked") * col("decay"))),
        days_since_visit=when("is_made").then(col("days_ago")).min(),
        days_since_violation=when(col("is_made") & col("found_violation")).then(col("days_ago")).min(),
        worst_finding=when(is_recent).then(col("severity")).max(),
        penalties_36m=when(is_recent).then(col("penalty_minor")).sum(),
        unmet_visits_36m=is_unmet.sum(),
    )
    return (
        counted.with_columns(breach_rate=over(col("breaches"), col("items")))
        .drop("breaches", "items")
        .join(last, on="entity_id", how="left")
    )


def _base_rates(visits: LazyFrame, entities: LazyFrame) -> tuple[LazyFrame, LazyFrame]:
    """The rate of each cell of industry and region, of visits drawn at random, and that of all cells."""
    cells = (
        visits.filter(col("is_made") & (col("selected_by") == "random"))
        .join(entities.select("entity_id", "industry_division", "region_middle"), on="entity_id")
        .group_by("industry_division", "region_middle")
        .agg(
            w=col("weight").sum(),
            ww=(col("weight") * col("weight")).sum(),
            wy=when("found_violation").then(col("weight")).sum(),
        )
        # Whole thousandths of a visit.
        .with_columns(
            worth=(1000 * (col("w").cast(pl.Float64) * col("w") / col("ww"))).round(mode="half_away_from_zero").cast(pl.Int64)
        )
        .with_columns(violations=(col("worth") * (col("wy") / col("w"))).round(mode="half_away_from_zero").cast(pl.Int64))
    )
    pool = cells.select(_pool("violations", "worth", is_share=True, parts=1000))
    own = _drawn(col("violations") / 1000, col("worth") / 1000)
    rates = cells.join(pool, how="cross").select("industry_division", "region_middle", base_rate=own)
    return rates, pool.select(overall="rate")


def _pool(events: str, exposure: str, *, is_share: bool, parts: int = 1) -> list[pl.Expr]:
    """A pool's rate and the credit it has against a unit's own, by the method of moments."""
    square = (col(events).cast(pl.Float64) * col(events) / col(exposure)).cast(pl.Decimal(38, 18)).sum().cast(pl.Float64)
    total = col(exposure).sum()
    rate = over(col(events).sum(), total)
    v = rate * (1 - rate) if is_share else rate
    spread = square / total - rate * rate - v * pl.len() * parts / total
    return [rate.alias("rate"), when(spread > 0).then(v / spread).alias("credit"), pl.len().alias("units")]


def _drawn(events: pl.Expr, exposure: pl.Expr) -> pl.Expr:
    """A unit's rate drawn towards its pool."""
    drawn = (events + col("rate") * col("credit")) / (exposure + col("credit"))
    return when(events.is_not_null() & exposure.is_not_null()).then(when(col("credit").is_null()).then("rate").otherwise(drawn))


def _shared(record: LazyFrame, key: str) -> LazyFrame:
    """Each key that several entities share: how many, how many active, and what complaints there were of them."""
    return (
        record.filter(col(key).is_not_null() & (col(key) != ""))
        .group_by(key)
        .agg(members=pl.len(), active=col("is_active").sum().cast(pl.Int64), complaints=sum_known(col("complaints_12m")))
        .filter(col("members") > 1)
    )


def _people(record: LazyFrame) -> LazyFrame:
    """One row an entity and person: its representative, and its owner where that is another."""
    carried = ("entity_id", "is_ended", "closed_on", "established_on", "violations_36m", "complaints_12m")
    is_another = col("legal_rep_id").is_null() | (col("owner_id") != col("legal_rep_id"))
    persons = [record.select(*carried, person="legal_rep_id"), record.filter(is_another).select(*carried, person="owner_id")]
    return pl.concat(persons).filter(col("person").is_not_null() & (col("person") != ""))


def _ties(people: LazyFrame) -> LazyFrame:
    groups = (
        people.group_by("person")
        .agg(
            members=pl.len().cast(pl.Int64),
            ended=col("is_ended").sum().cast(pl.Int64),
            violations=sum_known(col("violations_36m")),
            complaints=sum_known(col("complaints_12m")),
        )
        .filter(col("members") > 1)
    )
    return (
        people.join(groups, on="person")
        .group_by("entity_id")
        .agg(
            ties=(col("members") - 1).sum(),
            ended_ties=(col("ended") - col("is_ended").cast(pl.Int64)).sum(),
            violations_of_ties_36m=sum_known(col("violations") - col("violations_36m")),
            complaints_of_ties_12m=sum_known(col("complaints") - col("complaints_12m")),
        )
    )


def _successors(members: LazyFrame, key: str, most: int | None = None) -> LazyFrame:
    """The entities that were established within a year after another under the same key ended."""
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
            check_sortedness=False,  # it is sorted, just above; within keys Polars cannot tell
        )
        .filter(col("before") >= col("established_on") - timedelta(days=365))
        .select("entity_id")
    )


def _side_by_side(recorded: pl.DataFrame, visits: pl.DataFrame, asked: Asked) -> LazyFrame:
    """All indicators but the rates that are drawn towards a pool and those against peers."""
    record = recorded.lazy()
    people = _people(record).collect(engine="streaming").lazy()
    addresses = record.filter(col("address_key").is_not_null())
    successors = pl.concat([_successors(people, "person"), _successors(addresses, "address_key", most=500)]).unique()
    rates, overall = _base_rates(visits.lazy(), record)
    joined = record.join(tax_indicators(asked), on="entity_id", how="left")
    counts = {
        "legal_rep_id": "same_legal_rep",
        "owner_id": "same_owner",
        "phone_hash": "same_phone",
        "agent_id": "same_agent",
        "address_key": "entities_at_address",
    }
    for key, name in counts.items():
        others = (col("active") - col("is_active").cast(pl.Int64)).fill_null(0)
        joined = joined.join(_shared(record, key).select(key, "active", "complaints"), on=key, how="left").with_columns(
            when(col(key) != "").then(others).alias(name)
        )
        if key == "address_key":
            of_others = (col("complaints") - col("complaints_12m")).fill_null(0)
            joined = joined.with_columns(complaints_at_address_12m=when(_is_told("complaints_12m", col(key))).then(of_others))
        joined = joined.drop("active", "complaints")
    person = pl.coalesce("legal_rep_id", "owner_id")
    baseline = (col("age_days").fill_null(365) - 28).clip(28, 337)
    recent, earlier = col("complaints_28d") + 0.375, col("complaints_before_28d") * 28.0 / baseline + 0.375
    return (
        joined.join(_ties(people), on="entity_id", how="left")
        .join(successors.with_columns(is_successor=pl.lit(True)), on="entity_id", how="left")
        .join(rates, on=["industry_division", "region_middle"], how="left")
        .join(overall, how="cross")
        .with_columns(
            base_rate=pl.coalesce("base_rate", "overall"),
            capital_to_sales=over(col("registered_capital"), col("sales_12m")),
            complaint_burst=2 * (recent.sqrt() - earlier.sqrt()),
            ended_tie_share=over(col("ended_ties"), col("ties")),
            violations_of_ties_36m=when(_is_told("violations_36m", person)).then(col("violations_of_ties_36m").fill_null(0)),
            complaints_of_ties_12m=when(_is_told("complaints_12m", person)).then(col("complaints_of_ties_12m").fill_null(0)),
            phoenix=when(col("established_on").is_not_null() & (pl.coalesce("legal_rep_id", "owner_id", "address_key") != "")).then(
                col("is_successor").fill_null(False).cast(pl.Int64)
            ),
        )
    )


def _is_told(name: str, key: pl.Expr) -> pl.Expr:
    """Whether a source tells of the figure at all, and the entity has the key."""
    return col(name).is_not_null() & (key != "")


def _add_rates(frame: LazyFrame, asked: Asked) -> LazyFrame:
    """Complaints per million of sales and the share of visits with a violation, drawn towards the industry section's."""
    known = frame.with_columns(
        section=col("industry_section").fill_null(""),
        exposure=when(col("sales_12m").is_not_null()).then(pl.max_horizontal("sales_12m", pl.lit(asked.sales_floor))),
    )
    for name, events, exposure, is_share, scale in (
        ("complaint_rate", "complaints_12m", "exposure", False, asked.per_million),
        ("violation_share", "violations_36m", "visits_36m", True, 1),
    ):
        units = known.filter(col("is_active") & (col(exposure) > 0) & col(events).is_not_null())
        own = units.group_by("section").agg(_pool(events, exposure, is_share=is_share)).filter(col("units") >= MINIMUM_UNITS)
        every = units.select(_pool(events, exposure, is_share=is_share)).select(every_rate="rate", every_credit="credit")
        is_own = col("units").is_not_null()
        known = (
            known.join(own, on="section", how="left")
            .join(every, how="cross")
            .with_columns(
                rate=when(is_own).then("rate").otherwise("every_rate"), credit=when(is_own).then("credit").otherwise("every_credit")
            )
            .with_columns((_drawn(col(events), col(exposure)) * scale).alias(name))
            .drop("rate", "credit", "units", "every_rate", "every_credit")
        )
    return known


def _add_cell(frame: LazyFrame, asked: Asked) -> LazyFrame:
    """What peer groups are cut by: bands of sales and age, and all parts in one."""

    def band(value: pl.Expr, bounds: list[float]) -> pl.Expr:
        reached = pl.sum_horizontal([(value >= bound).cast(pl.Int64) for bound in bounds]) if bounds else pl.lit(0)
        return when(value.is_null()).then(pl.lit("-")).otherwise(reached.cast(pl.String))

    return frame.with_columns(
        size_band=band(col("sales_12m"), list(asked.size_bands)),
        age_band=band(col("age_days"), [years * 365.25 for years in asked.age_bands]),
    ).with_columns(cell=pl.concat_str([col(part).fill_null("") for part in PARTS], separator="|"))


def _groups(rated: LazyFrame) -> LazyFrame:
    """One row a cell and level: the group there, unless a part of its name is unknown, and its active entities."""
    levels = (
        ("industry_group", "size_band", "age_band", "region_middle"),
        ("industry_division", "size_band", "age_band", "region_middle"),
        ("industry_division", "size_band", "age_band"),
        ("industry_section", "size_band"),
    )
    cells = rated.group_by("cell", *PARTS).agg(active=col("is_active").sum().cast(pl.Int64))
    names = [
        pl.concat_str([pl.format(f"{part}={{}}", col(part)) for part in parts], separator=", ", ignore_nulls=False)
        for parts in levels
    ]
    labelled = [
        cells.select("cell", "active", peer_level=pl.lit(level), peer_group=name)
        for level, name in enumerate([*names, pl.lit("all")])
    ]
    return (
        pl.concat(labelled).filter(col("peer_group").is_not_null()).with_columns(peer_size=col("active").sum().over("peer_group"))
    )


def _stand_among_peers(rated: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """Each entity with the narrowest group that is large enough, and how far its indicators stand from the group's medians."""
    groups = _groups(rated.lazy()).collect()
    placed = (
        groups.filter((col("peer_size") >= minimum) | (col("peer_level") == 4))
        .sort("peer_level")
        .group_by("cell")
        .agg(col("peer_group", "peer_level", "peer_size").first())
    )
    used = groups.filter((col("peer_level") == 4) | col("peer_group").is_in(placed["peer_group"].unique().implode()))
    described = _describe(rated, used.select("cell", "peer_group"))
    every = described.filter(col("peer_group") == "all")
    scales = described.with_columns(
        pl.coalesce(f"scale_{name}", pl.lit(every[f"scale_{name}"].first(), pl.Float64)).alias(f"scale_{name}")
        for name in PEER_INDICATORS
    )
    standing = rated.lazy().join(placed.lazy(), on="cell").join(scales.lazy(), on="peer_group", how="left")
    return standing.with_columns(_z(name) for name in PEER_INDICATORS).collect(engine="streaming")


def _describe(rated: pl.DataFrame, members: pl.DataFrame) -> pl.DataFrame:
    """Each group's median of each indicator and the scale of its values, 1.4826 MAD or the 90th percentile ÷ 1.6449."""
    measured = []
    for name in PEER_INDICATORS:
        value = col(name).cast(pl.Float64).drop_nulls()
        away = (value - value.median()).abs().sort()
        high = away.get((value.len() * 9 + 9) // 10 - 1, null_on_oob=True)
        mad = away.median()
        scale = when(mad != 0).then(mad * 1.4826).when(high != 0).then(high / 1.6449)
        is_enough = value.len() >= MINIMUM_VALUES
        measured += [when(is_enough).then(value.median()).alias(f"m_{name}"), when(is_enough).then(scale).alias(f"scale_{name}")]
    active = rated.lazy().filter("is_active").select("cell", *PEER_INDICATORS)
    return members.lazy().join(active, on="cell").group_by("peer_group").agg(measured).collect()


def _z(name: str) -> pl.Expr:
    off, scale = col(name) - col(f"m_{name}"), col(f"scale_{name}")
    bounded = when(scale.is_null()).then(20.0 * off.sign()).otherwise((off / scale).clip(-20, 20))
    return when(off == 0).then(0.0).otherwise(bounded).alias(f"{name}_vs_peers")
