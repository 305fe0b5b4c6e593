"""What scoring a day costs: ``python -m benchmarks.scoring --home FOLDER``; made-up features, a model of them, scores, and reasons.

The features are random numbers of the catalogue's columns, the model learns from made-up visits. What is timed is what a day does:
read the features from the lake, score each entity, check that what the indicators add sums to its margin, write the scores; then
explain as many as a day lists, with the search for what would bring a better class.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from deltalake import write_deltalake

from expectations.contracts import scoring
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.explain_listed import explain
from jobs.runtime.lake import Lake, arrow_schema
from jobs.runtime.model_store import ModelStore
from jobs.runtime.profiles import load_profile
from jobs.score_entities import score_day
from models.columns import catalogue_inputs
from models.risk_model import fit_risk_model

DAY = date(2026, 6, 30)
PIECE = 100_000
GROUPS = 500


def main() -> None:
    """Make what is missing, then measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--listed", type=int, default=1_000)
    parser.add_argument("--again", action="store_true", help="as the day after one that was scored, with classes held against its")
    asked = parser.parse_args()
    lake, profile = Lake(asked.home), load_profile("cn")
    if not lake.exists(features_contract()):
        make(lake, asked.rows)
    began = time.perf_counter()
    scored = score_day(lake, profile, DAY)
    scores_took, scores_peak = time.perf_counter() - began, _peak_mib()
    if asked.again:
        _as_day_before(lake)
        began = time.perf_counter()
        score_day(lake, profile, DAY)
        scores_took = time.perf_counter() - began
    listed = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{DAY}'").to_pandas().nlargest(asked.listed, scoring.MARGIN)
    began = time.perf_counter()
    explained = explain(lake, profile, DAY, listed)
    told = {
        "entities": scored,
        "indicators": len(catalogue()),
        "processors": os.cpu_count(),
        "score_seconds": round(scores_took, 1),
        "peak_mib_after_scoring": round(scores_peak),
        "explain_seconds": round(time.perf_counter() - began, 1),
        "listed": len(listed),
        "reasons": explained.reasons.num_rows,
        "better": int(explained.listed[scoring.BETTER_CLASS].notna().sum()),
        "peak_mib": round(_peak_mib()),
    }
    print(json.dumps(told))


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
    print(json.dumps({"rounds": model.facts["rounds"], "champion": model.facts["champion"]}))


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


def _as_day_before(lake: Lake) -> None:
    """Take the day's scores for those of the day before, every entity in the best class."""
    table = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{DAY}'")
    before = DAY - timedelta(days=1)
    for name, value in ((AS_OF, pa.scalar(before, pa.date32())), (scoring.RISK_CLASS, pa.scalar("A"))):
        table = table.set_column(table.column_names.index(name), str(name), pa.repeat(value, len(table)))
    lake.replace_arrow(table, scoring.SCORES, f"{AS_OF} = '{before}'")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
