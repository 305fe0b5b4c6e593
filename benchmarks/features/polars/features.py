"""A day's features by Polars, to hold Steelyard's own against."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from polars import LazyFrame, col

from benchmarks.features.polars.associations import add_shared, add_ties
from benchmarks.features.polars.complaints import COMPLAINED, complaints_by_entity, read_complaints
from benchmarks.features.polars.peers import add_cell, stand_among_peers
from benchmarks.features.polars.rates import add_rates, base_rates
from benchmarks.features.polars.register import CHANGED, changes_by_entity, entities_in_force, read_versions
from benchmarks.features.polars.returns import tax_indicators
from benchmarks.features.polars.tables import over, zeros
from benchmarks.features.polars.visits import FOLLOWED, VISITED, read_visits, visits_by_entity
from benchmarks.features.request import COLUMNS, Asked


def write_features(asked: Asked, out: Path) -> int:
    """Write the day's features to a Parquet file; give the number of entities."""
    versions, complaints, visits = read_versions(asked), read_complaints(asked), read_visits(asked)
    recorded = (
        entities_in_force(versions, asked)
        .lazy()
        .join(changes_by_entity(versions.lazy(), asked.as_of), on="entity_id", how="left")
        .join(complaints_by_entity(complaints.lazy()), on="entity_id", how="left")
        .join(visits_by_entity(visits.lazy()), on="entity_id", how="left")
        .with_columns(
            *zeros(CHANGED, is_told=bool(versions["change_type"].count())),
            *zeros(COMPLAINED, is_told=len(complaints) > 0),
            *zeros(VISITED, is_told=len(visits) > 0),
            *zeros(FOLLOWED, is_told="follow_up" in visits["selected_by"]),
        )
        .collect(engine="streaming")
    )
    rated = _side_by_side(recorded, visits, asked).pipe(add_rates, asked).pipe(add_cell, asked).collect(engine="streaming")
    features = stand_among_peers(rated, asked.minimum).with_columns(as_of=pl.lit(asked.as_of))
    features.select(_as_written()).write_parquet(out, compression="snappy")
    return len(features)


def _side_by_side(recorded: pl.DataFrame, visits: pl.DataFrame, asked: Asked) -> LazyFrame:
    """All indicators but the rates that are drawn towards a pool and those against peers."""
    record = recorded.lazy()
    rates, overall = base_rates(visits.lazy(), record)
    baseline = (col("age_days").fill_null(365) - 28).clip(28, 337)
    recent, earlier = col("complaints_28d") + 0.375, col("complaints_before_28d") * 28.0 / baseline + 0.375
    return (
        record.join(tax_indicators(asked), on="entity_id", how="left")
        .pipe(add_shared, record)
        .pipe(add_ties, record)
        .join(rates, on=["industry_division", "region_middle"], how="left")
        .join(overall, how="cross")
        .with_columns(
            base_rate=pl.coalesce("base_rate", "overall"),
            capital_to_sales=over(col("registered_capital"), col("sales_12m")),
            complaint_burst=2 * (recent.sqrt() - earlier.sqrt()),
        )
    )


def _as_written() -> list[pl.Expr]:
    types = {"entity_id": pl.String, "as_of": pl.Date, "peer_group": pl.String, "peer_level": pl.Int32, "peer_size": pl.Int64}
    return [col(name).cast(types.get(name, pl.Float64)) for name in COLUMNS]
