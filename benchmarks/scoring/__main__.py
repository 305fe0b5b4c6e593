"""Print and write the results: ``python -m benchmarks.scoring --home FOLDER``. This takes 15 minutes and 3 GB of disk.

The features are random numbers and the model learns from synthetic visits. First the fits of a day's training are timed. Then
scoring is timed as on a day: read features from the lake, score each entity, find the sources that changed its class, write scores.
On a first day no entity had a class, so all without the ordinary class changed; on the second day one in a hundred did. Then the
explanation of the listed is timed, with the search for a better class. At the end, untimed, all entities are explained, to check
that the contributions sum to the margin.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.harness.machine import machine_facts
from benchmarks.scoring.made_up import DAY, made_up_training_set, make
from expectations.contracts import scoring
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF
from jobs.engine.lake import Lake
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from jobs.steps.explain_listed import explain
from jobs.steps.score_entities import feature_batches, score_day
from jobs.training.fit_model import fit
from models.foundation.inputs import catalogue_inputs
from models.labels.cohorts import first_held_out_cohort
from models.labels.training_set import TrainingSet

RESULT = Path(__file__).resolve().parents[1] / "results" / "scoring.json"
ONE_IN = 100
"""One entity in this many had another class on the day before."""
T = TypeVar("T")


def main(arguments: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Create the synthetic home if it is missing, then measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--listed", type=int, default=1_000)
    parser.add_argument("--labels", type=int, default=100_000, help="training labels; the default is the profile's limit")
    options = parser.parse_args(arguments)
    lake, profile = Lake(options.home), load_profile("cn")
    if not lake.exists(features_contract()):
        make(lake, options.rows)
    machine = machine_facts()
    if lake.exists(scoring.SCORES):  # scores of an earlier run would give classes to a first day
        lake.replace_arrow(arrow_schema(scoring.SCORES).empty_table(), scoring.SCORES, f"{AS_OF} = '{DAY - timedelta(days=1)}'")
    training = _train(made_up_training_set(options.labels), profile)
    first, scored = _timed(lambda: score_day(lake, profile, DAY))
    _as_day_before(lake)
    after, _ = _timed(lambda: score_day(lake, profile, DAY))
    listed = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{DAY}'").to_pandas().nlargest(options.listed, scoring.MARGIN)
    reasons, explained = _timed(lambda: explain(lake, profile, DAY, listed))
    facts = {
        "entities": scored,
        "indicators": len(catalogue()),
        "columns": len(catalogue_inputs().columns),
        "machine": machine,
        "labels": options.labels,
        "train": training,
        "first_day": first,
        "day_after": after,
        "explain": reasons,
        "listed": len(listed),
        "reasons": explained.reasons.num_rows,
        "better": int(explained.listed[scoring.BETTER_CLASS].notna().sum()),
        "farthest_from_sum": _farthest_from_sum(lake),
    }
    text = json.dumps(facts, indent=1)
    print(text)
    result.write_text(text + "\n", encoding="utf-8")


def _train(known: TrainingSet, profile: Profile) -> dict[str, float]:
    """Time the fits of a day's training: the model, the same without weights, and one without the held-out cohorts."""

    def fits() -> None:
        model = fit(known, profile)
        fit(known, profile, is_weighted=False, candidates=(model.facts["champion"],), anomaly=model.anomaly)
        begin = first_held_out_cohort(known.labels)
        if begin is not None:
            fit(known, profile, known.split_at(begin, profile.end_of(begin.date()))[0])

    return _timed(fits)[0]


def _timed(work: Callable[[], T]) -> tuple[dict[str, float], T]:
    """Seconds and CPU seconds of a call, the peak memory of the process so far, and the result."""
    began, processor = time.perf_counter(), time.process_time()
    done = work()
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - processor}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**{name: round(value, 1) for name, value in took.items()}, "peak_mib": round(peak)}, done


def _as_day_before(lake: Lake) -> None:
    """Copy the day's scores to the day before, with another class for one entity in a hundred."""
    table = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{DAY}'")
    # An entity with a held class changes every day. Here no class is held.
    today = pc.coalesce(table[str(scoring.HELD_CLASS)], table[str(scoring.RISK_CLASS)])
    classes: Any = today.to_numpy(zero_copy_only=False).copy()
    classes[::ONE_IN] = np.where(classes[::ONE_IN] == "A", "B", "A")
    before = DAY - timedelta(days=1)
    for name, values in ((AS_OF, pa.repeat(pa.scalar(before, pa.date32()), len(table))), (scoring.RISK_CLASS, pa.array(classes))):
        table = table.set_column(table.column_names.index(name), str(name), values)
    lake.replace_arrow(table, scoring.SCORES, f"{AS_OF} = '{before}'")


def _farthest_from_sum(lake: Lake) -> float:
    """The largest difference between margin and sum of contributions, over all entities."""
    store, farthest = ModelStore(lake.home), 0.0
    model = store.get(str(store.newest(DAY)))
    for features in feature_batches(lake, DAY):
        off = model.contributions(features).to_numpy().sum(axis=1) - model.score(features)[scoring.MARGIN].to_numpy()
        farthest = max(farthest, float(np.abs(off).max()))
    return farthest


if __name__ == "__main__":
    main()
