"""Compute and write a day's features with Polars."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from polars import LazyFrame, col

from benchmarks.features.polars.associations import add_shared_identifiers, add_shared_people
from benchmarks.features.polars.complaints import COMPLAINED, complaints_by_entity, read_complaints
from benchmarks.features.polars.peers import add_cell, add_peer_deviations
from benchmarks.features.polars.rates import add_rates, base_rates
from benchmarks.features.polars.register import CHANGED, changes_by_entity, entities_in_force, read_versions
from benchmarks.features.polars.returns import tax_indicators
from benchmarks.features.polars.tables import over, zeros
from benchmarks.features.polars.visits import FOLLOWED, VISITED, read_visits, visits_by_entity
from benchmarks.features.request import COLUMNS, FeatureRequest


def write_features(request: FeatureRequest, out: Path) -> int:
    """Write the day's features to a Parquet file and return the number of entities."""
    versions, complaints, visits = read_versions(request), read_complaints(request), read_visits(request)
    recorded = (
        entities_in_force(versions, request)
        .lazy()
        .join(changes_by_entity(versions.lazy(), request.as_of), on="entity_id", how="left")
        .join(complaints_by_entity(complaints.lazy()), on="entity_id", how="left")
        .join(visits_by_entity(visits.lazy()), on="entity_id", how="left")
        .with_columns(
            *zeros(CHANGED, has_data=bool(versions["change_type"].count())),
            *zeros(COMPLAINED, has_data=len(complaints) > 0),
            *zeros(VISITED, has_data=len(visits) > 0),
            *zeros(FOLLOWED, has_data="follow_up" in visits["selected_by"]),
        )
        .collect(engine="streaming")
    )
    rated = _join_indicators(recorded, visits, request).pipe(add_rates, request).pipe(add_cell, request).collect(engine="streaming")
    features = add_peer_deviations(rated, request.minimum).with_columns(as_of=pl.lit(request.as_of))
    features.select(_output_columns()).write_parquet(out, compression="snappy")
    return len(features)


def _join_indicators(recorded: pl.DataFrame, visits: pl.DataFrame, request: FeatureRequest) -> LazyFrame:
    """All indicators except smoothed rates and deviations from peers."""
    record = recorded.lazy()
    rates, overall = base_rates(visits.lazy(), record)
    baseline = (col("age_days").fill_null(365) - 28).clip(28, 337)
    recent, earlier = col("complaints_28d") + 0.375, col("complaints_before_28d") * 28.0 / baseline + 0.375
    return (
        record.join(tax_indicators(request), on="entity_id", how="left")
        .pipe(add_shared_identifiers, record)
        .pipe(add_shared_people, record)
        .join(rates, on=["industry_division", "region_middle"], how="left")
        .join(overall, how="cross")
        .with_columns(
            base_rate=pl.coalesce("base_rate", "overall"),
            capital_to_sales=over(col("registered_capital"), col("sales_12m")),
            complaint_burst=2 * (recent.sqrt() - earlier.sqrt()),
        )
    )


def _output_columns() -> list[pl.Expr]:
    types = {"entity_id": pl.String, "as_of": pl.Date, "peer_group": pl.String, "peer_level": pl.Int32, "peer_size": pl.Int64}
    return [col(name).cast(types.get(name, pl.Float64)) for name in COLUMNS]
