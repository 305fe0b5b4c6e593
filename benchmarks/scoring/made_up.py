"""Create synthetic features, and a model trained on synthetic visits."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from expectations.contracts import inspection, scoring
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID, KNOWN_AT
from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from models.foundation.inputs import Floats, catalogue_inputs
from models.labels.cohorts import COHORT_ON
from models.labels.training_set import TrainingSet, join_labels
from models.risk_model import fit_risk_model

DAY = date(2026, 6, 30)
PIECE = 100_000
GROUPS = 500
UNVISITED = 50_000
"""Number of unvisited entities that training reads, whatever the size."""
MONTHS = np.array([np.datetime64(f"2025-{month:02d}-28") for month in range(1, 13)])


def make(lake: Lake, rows: int) -> None:
    """Write the features of a day, the peers' medians, and a model trained on synthetic visits."""
    lake.create(features_contract())
    for piece in range(-(-rows // PIECE)):
        frame = made_up(piece, min(PIECE, rows - piece * PIECE))
        table = pa.Table.from_pandas(frame, arrow_schema(features_contract()), preserve_index=False)
        write_deltalake(str(lake.path(features_contract())), table, mode="append")
    names = [indicator.column for indicator in catalogue() if indicator.peer]
    peers = [
        {"peer_group": f"all={group}", "indicator": name, AS_OF: DAY, "peer_count": 30, "peer_median": 0.0, "peer_mad": 1.0}
        for group in range(GROUPS)
        for name in names
    ]
    lake.replace_arrow(pa.Table.from_pylist(peers, arrow_schema(scoring.PEERS)), scoring.PEERS, f"{AS_OF} = '{DAY}'")
    known = made_up(0, min(PIECE, rows, 20_000))
    random = np.random.default_rng(1)
    model = fit_risk_model(
        known,
        known,
        _found(random, known),
        np.sort(MONTHS[random.integers(0, 12, len(known))]),
        known[ENTITY_ID],
        catalogue_inputs(),
        anomaly_weight=0.5,
        minimum_labels=300,
        minimum_positives=30,
        seed=1,
    )
    ModelStore(lake.home).put(model, DAY, {**model.facts}, {})


def made_up_training_set(labels: int) -> TrainingSet:
    """A training set with ``labels`` labels of twelve cohorts, a third from random visits, and unvisited entities."""
    random = np.random.default_rng(2)
    features = pd.concat([made_up(piece, min(PIECE, labels - piece * PIECE)) for piece in range(-(-labels // PIECE))])
    cohort = np.sort(MONTHS[random.integers(0, 12, labels)]).astype("datetime64[ns]")
    is_drawn = random.random(labels) < 1 / 3
    visits = pd.DataFrame(
        {
            ENTITY_ID: features[ENTITY_ID].to_numpy(),
            COHORT_ON: cohort,
            inspection.FOUND_VIOLATION: _found(random, features),
            inspection.INSPECTED_ON: cohort + np.timedelta64(20, "D"),
            KNOWN_AT: pd.DatetimeIndex(cohort + np.timedelta64(25, "D"), tz="UTC"),
            inspection.SELECTED_BY: np.where(is_drawn, "random", "targeted"),
            inspection.INCLUSION_PROBABILITY: np.where(is_drawn, 0.0045, np.nan),
            inspection.INSPECTOR_ID: [f"R{at:04d}" for at in random.integers(0, 48, labels)],
        }
    )
    others = made_up(-(-labels // PIECE), UNVISITED)
    others[COHORT_ON] = MONTHS[random.integers(0, 12, UNVISITED)].astype("datetime64[ns]")
    return join_labels(made_up(0, PIECE), visits, [features.assign(**{COHORT_ON: cohort})], [others], share=0.01)


def _found(random: np.random.Generator, entities: pd.DataFrame) -> Floats:
    """Simulate whether a visit to each entity finds a violation; it depends on a few indicators."""
    values = entities[["late_filing_share", "arrears_ratio", "complaints_12m", "vat_cit_gap"]].fillna(0.0)
    log_odds = (-2.5 + 0.5 * values.sum(axis=1)).to_numpy()
    found: Floats = (random.random(len(entities)) < 1 / (1 + np.exp(-log_odds))).astype(np.float64)
    return found


def made_up(piece: int, rows: int) -> pd.DataFrame:
    """Heavy-tailed rows of the feature columns with a fifth of the values missing."""
    random = np.random.default_rng(piece)
    columns = [str(column) for column in features_contract().columns[5:]]
    values = random.standard_t(4, size=(rows, len(columns)))
    values[random.random(values.shape) < 0.2] = np.nan
    frame = pd.DataFrame(np.abs(values), columns=columns)
    group = random.integers(0, GROUPS, rows)
    return frame.assign(
        entity_id=[f"E{piece * PIECE + at:09d}" for at in range(rows)],
        as_of=DAY,
        peer_group=[f"all={at}" for at in group],
        peer_level=0,
        peer_size=30,
    )
