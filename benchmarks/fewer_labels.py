"""How good a model is that learns from fewer labels: ``python -m benchmarks.fewer_labels --home HOME``, after the home's first day.

Every model is judged on the same visits, those of the home's last two cohorts, which none of them knew. The last line learns at
every second cohort alone, of half of the labels.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, roc_auc_score

from benchmarks.harness.worlds import LAST
from benchmarks.planted.each_world import RESULTS
from expectations.contracts.inspection import FOUND_VIOLATION
from expectations.contracts.scoring import MARGIN, PROBABILITY
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from jobs.training.fit_model import fit
from jobs.training.gather_training_set import stored_training_set
from models.anomaly.ensemble import fit_anomaly
from models.labels.cohorts import COHORT_ON, PLENTY, first_held_out_cohort
from models.labels.propensity import known_inclusion
from models.labels.sampling import sample_labels
from models.labels.training_set import TrainingSet

RESULT = RESULTS / "fewer_labels.json"
MOST = (12_500, 25_000, 50_000, 100_000)
ALL = 10**9
HEAD = "| cohorts | labels | seconds | AUC | of random visits | found in the first fifth | log loss | of random visits |"


def fewer(lake: Lake, profile: Profile, as_of: date, most: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The figures of models that learn from at most so many labels, from all, and from half of them at every second cohort.

    Raises:
        SystemExit: when the home has not the features of all cohorts of the profile, with labels, or when the profile has no
            cohort that would be left out.
    """
    whole = _known(lake, profile, as_of, ALL)
    begin = first_held_out_cohort(whole.labels)
    if begin is None or whole.labels[COHORT_ON].nunique() < profile.training.cohorts:
        raise SystemExit(
            f"{lake.home} has not the features of {profile.training.cohorts} cohorts with labels: make such a day first"
        )
    before, after = whole.split_at(begin, profile.end_of(begin.date()))
    visits, seen = whole.labels[after], whole.features[after]
    second = _known(lake, profile, as_of, (len(whole.labels) - 1) // PLENTY)
    if second.labels[COHORT_ON].nunique() == whole.labels[COHORT_ON].nunique():
        raise SystemExit(f"profile {profile.name!r} has no cohort to leave out: give it more cohorts or longer label_days")
    anomaly = fit_anomaly(whole.population, whole.inputs, seed=profile.training.seed)
    of_second, _ = second.split_at(begin, profile.end_of(begin.date()))
    tried = [
        *[("every", whole, before, many) for many in (*most, ALL)],
        ("every second", second, of_second, ALL),
    ]
    for cohorts, known, rows, many in tried:
        taught = _sampled(known, rows, many)
        began = time.monotonic()
        model = fit(taught, profile, anomaly=anomaly)
        seconds = time.monotonic() - began
        yield {"cohorts": cohorts, "labels": len(taught.labels), "seconds": round(seconds, 1), **judged(visits, model.score(seen))}


def judged(visits: pd.DataFrame, scores: pd.DataFrame, share: float = 0.2) -> dict[str, float | None]:
    """What scores were worth on visits: means over cohorts where margins rank all visits, and the log loss of probabilities.

    Of random visits, of both cohorts together, None where there was none.

    Args:
        visits: labels, shape (n, …).
        scores: of the same rows.
        share: of a cohort's visits, the riskiest that are within capacity.
    """
    found, random = visits[FOUND_VIOLATION].to_numpy(), ~np.isnan(known_inclusion(visits))
    margin, probability = scores[MARGIN].to_numpy(), scores[PROBABILITY].to_numpy()
    at = [np.flatnonzero(visits[COHORT_ON] == cohort) for cohort in sorted(visits[COHORT_ON].unique())]
    firsts = [rows[np.argsort(-margin[rows], kind="stable")[: int(share * len(rows))]] for rows in at]
    return {
        "auc": float(np.mean([roc_auc_score(found[rows], margin[rows]) for rows in at])),
        "auc_of_random": float(roc_auc_score(found[random], margin[random])) if random.any() else None,
        "found_in_first": float(np.mean([found[rows].mean() for rows in firsts])),
        "log_loss": float(log_loss(found, probability)),
        "log_loss_of_random": float(log_loss(found[random], probability[random])) if random.any() else None,
    }


def line(cohorts: str, labels: int, seconds: float, **worth: float | None) -> str:
    """A model as a row of the table."""
    told = ["" if figure is None else f"{figure:.4f}" for figure in worth.values()]
    return f"| {' | '.join([cohorts, f'{labels:,}', f'{seconds:.0f}', *told])} |"


def _known(lake: Lake, profile: Profile, as_of: date, most: int) -> TrainingSet:
    """What is learnt from when at most so many labels are, which also decides whether it is at every second cohort."""
    return stored_training_set(lake, replace(profile, training=replace(profile.training, most_labels=most)), as_of)


def _sampled(known: TrainingSet, rows: np.ndarray, most: int) -> TrainingSet:
    """Of the marked rows, those of as many businesses as give about ``most`` labels."""
    labels = known.labels[rows].assign(_at=np.flatnonzero(rows))
    some, share = sample_labels(labels, most)
    features = known.features.iloc[some.pop("_at").to_numpy()].reset_index(drop=True)
    return replace(known, labels=some.reset_index(drop=True), features=features, labels_share=share * known.labels_share)


def main(words: list[str] | None = None, *, result: Path = RESULT) -> None:
    """Print the table and write it down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fewer_labels", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, default=LAST)
    parser.add_argument("--profile", default="cn")
    parser.add_argument("--most", type=int, nargs="+", default=MOST)
    asked = parser.parse_args(words)
    print(HEAD, "|---|" + "---:|" * 7, sep="\n", flush=True)
    found = []
    for figures in fewer(Lake(asked.home), load_profile(asked.profile), asked.as_of, asked.most):
        found.append(figures)
        print(line(**figures), flush=True)
    result.write_text(json.dumps({"as_of": str(asked.as_of), "models": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
