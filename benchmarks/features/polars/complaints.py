"""Complaints: link each to its entity, and aggregate them by entity."""

from __future__ import annotations

import polars as pl
from polars import LazyFrame, col, when

from benchmarks.features.polars.tables import YEAR, days_ago, newest, over, scan
from benchmarks.features.request import FeatureRequest

COMPLAINED = (
    "complaints_12m", "upheld_complaints_12m", "complaints_28d", "complaints_before_28d", "complaint_points", "worst_complaint_90d",
    "complainants_12m", "amount_claimed_12m",
)  # fmt: skip


def read_complaints(request: FeatureRequest) -> pl.DataFrame:
    """Every complaint with its entity, given or linked."""
    columns = (
        "complaint_id", "received_on", "entity_id", "category", "severity", "amount_claimed_minor", "due_on", "resolved_on",
        "outcome", "complainant_hash",
    )  # fmt: skip
    links = (
        scan(request, "link", ("complaint_id", "entity_id", "link_confidence", "link_method", "as_of"), order=("known_at",))
        .filter(col("as_of") == request.as_of)
        .sort("known_at", "link_confidence", "entity_id", "link_method")
        .group_by("complaint_id")
        .agg(linked_id=col("entity_id").last())
    )
    return (
        newest(scan(request, "complaint", columns), ("complaint_id",))
        .filter(col("received_on") <= request.as_of)
        .join(links, on="complaint_id", how="left")
        .select(
            "category", "severity", "outcome", "amount_claimed_minor", "complainant_hash",
            entity_id=pl.coalesce("entity_id", "linked_id"),
            days_ago=days_ago(col("received_on"), request.as_of),
            is_standing=(~col("outcome").is_in(["rejected", "withdrawn"])).fill_null(True),
            is_overdue=(col("due_on") < pl.min_horizontal("resolved_on", pl.lit(request.as_of))).fill_null(False),
            points=col("severity").replace_strict({2: 2, 3: 4, 4: 8}, default=1, return_dtype=pl.Int64),
        )
        .filter(col("entity_id").is_not_null())
        .collect(engine="streaming")
    )  # fmt: skip


def complaints_by_entity(complaints: LazyFrame) -> LazyFrame:
    """Counts, points and complainants by entity."""
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
