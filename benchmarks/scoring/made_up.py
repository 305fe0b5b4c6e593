"""Made-up features of as many entities as asked, and a model that learnt from made-up visits to some of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from expectations.contracts import scoring
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.runtime.lake import Lake, arrow_schema
from jobs.runtime.model_store import ModelStore
from models.columns import catalogue_inputs
from models.risk_model import fit_risk_model

DAY = date(2026, 6, 30)
PIECE = 100_000
GROUPS = 500


def make(lake: Lake, rows: int) -> None:
    """Features of a day, the peers' medians, and a model that learnt from made-up visits."""
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
    values = known[list(catalogue_inputs().columns)].fillna(0.0)
    log_odds = -2.5 + 0.5 * values[["late_filing_share", "arrears_ratio", "complaints_12m", "vat_cit_gap"]].sum(axis=1)
    found = (random.random(len(known)) < 1 / (1 + np.exp(-log_odds))).astype(float)
    months = np.array([np.datetime64(f"2025-{month:02d}-28") for month in range(1, 13)])
    model = fit_risk_model(
        known,
        known,
        found,
        np.sort(months[random.integers(0, 12, len(known))]),
        known[ENTITY_ID],
        catalogue_inputs(),
        anomaly_weight=0.5,
        minimum_labels=300,
        minimum_positives=30,
        seed=1,
    )
    ModelStore(lake.home).put(model, DAY, {**model.facts}, "made up")


def made_up(piece: int, rows: int) -> pd.DataFrame:
    """Heavy-tailed rows of the features' columns, a fifth of the values unknown."""
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
