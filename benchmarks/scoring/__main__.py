"""Print what it takes and write it down: ``python -m benchmarks.scoring --home FOLDER``; a quarter of an hour, 3 GB of disk.

The features are random numbers of the catalogue's columns, the model learns from made-up visits. What is timed is what a day
does: read the features from the lake, score each entity, see whose class moved and on whose word, write the scores; then explain as
many as a day lists, with the search for what would bring a better class. On a first day nobody had a class, so all that are not
ordinary moved; on the day after a hundredth of the entities did. Afterwards, untimed, everybody is explained, to see that what the
indicators add sums to the margin. Before all that the fits of a day's training are timed, on made-up labels.
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
from models.inputs import catalogue_inputs
from models.labels.cohorts import first_held_out_cohort
from models.labels.training_set import TrainingSet

RESULT = Path(__file__).resolve().parents[1] / "results" / "scoring.json"
ONE_IN = 100
"""Of so many entities one stood in another class on the day before."""
T = TypeVar("T")


def main(words: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Make what is missing, then measure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoring", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--listed", type=int, default=1_000)
    parser.add_argument("--labels", type=int, default=100_000, help="visits to learn from, as many as a day learns from at most")
    asked = parser.parse_args(words)
    lake, profile = Lake(asked.home), load_profile("cn")
    if not lake.exists(features_contract()):
        make(lake, asked.rows)
    machine = machine_facts()
    if lake.exists(scoring.SCORES):  # of an earlier measurement: nobody has a class on a first day
        lake.replace_arrow(arrow_schema(scoring.SCORES).empty_table(), scoring.SCORES, f"{AS_OF} = '{DAY - timedelta(days=1)}'")
    training = _train(made_up_training_set(asked.labels), profile)
    first, scored = _timed(lambda: score_day(lake, profile, DAY))
    _as_day_before(lake)
    after, _ = _timed(lambda: score_day(lake, profile, DAY))
    listed = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{DAY}'").to_pandas().nlargest(asked.listed, scoring.MARGIN)
    reasons, explained = _timed(lambda: explain(lake, profile, DAY, listed))
    told = {
        "entities": scored,
        "indicators": len(catalogue()),
        "columns": len(catalogue_inputs().columns),
        "machine": machine,
        "labels": asked.labels,
        "train": training,
        "first_day": first,
        "day_after": after,
        "explain": reasons,
        "listed": len(listed),
        "reasons": explained.reasons.num_rows,
        "better": int(explained.listed[scoring.BETTER_CLASS].notna().sum()),
        "farthest_from_sum": _farthest_from_sum(lake),
    }
    print(json.dumps(told, indent=1))
    result.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def _train(known: TrainingSet, profile: Profile) -> dict[str, float]:
    """What a day's training fits: the model, the same without weights, and one that was kept from the last two cohorts."""

    def fits() -> None:
        model = fit(known, profile)
        fit(known, profile, is_weighted=False, candidates=(model.facts["champion"],), anomaly=model.anomaly)
        begin = first_held_out_cohort(known.labels)
        if begin is not None:
            fit(known, profile, known.split_at(begin, profile.end_of(begin.date()))[0])

    return _timed(fits)[0]


def _timed(work: Callable[[], T]) -> tuple[dict[str, float], T]:
    """What a piece of work took, with the memory of the process at its largest so far, and what it gave."""
    began, processor = time.perf_counter(), time.process_time()
    given = work()
    took = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - processor}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**{name: round(value, 1) for name, value in took.items()}, "peak_mib": round(peak)}, given


def _as_day_before(lake: Lake) -> None:
    """Take the day's scores for those of the day before, one of a hundred in another class."""
    table = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{DAY}'")
    # Whose class is held back moves each day anew; here nobody's is.
    today = pc.coalesce(table[str(scoring.HELD_CLASS)], table[str(scoring.RISK_CLASS)])
    classes: Any = today.to_numpy(zero_copy_only=False).copy()
    classes[::ONE_IN] = np.where(classes[::ONE_IN] == "A", "B", "A")
    before = DAY - timedelta(days=1)
    for name, values in ((AS_OF, pa.repeat(pa.scalar(before, pa.date32()), len(table))), (scoring.RISK_CLASS, pa.array(classes))):
        table = table.set_column(table.column_names.index(name), str(name), values)
    lake.replace_arrow(table, scoring.SCORES, f"{AS_OF} = '{before}'")


def _farthest_from_sum(lake: Lake) -> float:
    """Of all entities, the largest difference between the margin and the sum of what the indicators add."""
    store, farthest = ModelStore(lake.home), 0.0
    model = store.get(str(store.newest(DAY)))
    for features in feature_batches(lake, DAY):
        off = model.contributions(features).to_numpy().sum(axis=1) - model.score(features)[scoring.MARGIN].to_numpy()
        farthest = max(farthest, float(np.abs(off).max()))
    return farthest


if __name__ == "__main__":
    main()
