"""Figures of a scenario by the truth: findings of the actual list, violators near the top, classes and intervals."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from benchmarks.selective.compare import VIOLATES, WOULD_FIND
from benchmarks.stress.worlds import REACHED, WAS_FOUND, StressWorld
from expectations.contracts import scoring
from expectations.contracts.contract import Type
from expectations.contracts.indicators import features_contract
from expectations.contracts.inspection import FOUND_VIOLATION
from expectations.contracts.lineage import ENTITY_ID
from models.evaluation.ranking_metrics import roc_auc
from models.risk.credit import CLASSES
from simulation.assessment.assess import TOP_SHARE, interval_coverage, share_in_top

THIN = 0.5
"""An entity with at most so much of the median entity's evidence has a thin file."""
FIRST_RANKS = 300
YIELD = "yield"
"""The expected number of findings of a visit."""
DOUBLES = [str(column) for column in features_contract().columns if column.type is Type.DOUBLE]
"""The columns of indicators."""
Figures = dict[str, float | None]


def measure(world: StressWorld, plain: StressWorld) -> Figures:
    """The figures of a changed world beside the plain one, each a number; None where it does not exist."""
    candidates = with_yield(world.candidates)
    listed, plain_listed = (set(one.listed[ENTITY_ID]) for one in (world, plain))
    is_same = world.making == plain.making
    scored = with_yield(world.scores.merge(world.truth, on=ENTITY_ID))
    unfound = scored[~scored[WAS_FOUND]]
    order = unfound[scoring.MARGIN].to_numpy(dtype=np.float64)
    then = plain.scores.set_index(ENTITY_ID)[scoring.RISK_CLASS]
    return {
        **list_figures(candidates, listed, world),
        "list shared": len(listed & plain_listed) / min(len(listed), len(plain_listed)) if is_same else None,
        "violators in the top": share_in_top(order, unfound[VIOLATES].to_numpy(), max(1, int(len(unfound) * TOP_SHARE))),
        **single_indicators(unfound, world.features),
        "mean probability": mean_or_none(scored[scoring.PROBABILITY]),
        "classes shared": float((scored[ENTITY_ID].map(then) == scored[scoring.RISK_CLASS]).mean()) if is_same else None,
        **class_figures(scored, CLASSES, world.profile.certainty.ordinary),
        **interval_figures("all", unfound),
        **interval_figures("thin files", unfound[unfound[scoring.EVIDENCE] <= THIN]),
        **interval_figures("first ranks", candidates.nlargest(FIRST_RANKS, scoring.OBJECTIVE)),
    }


def with_yield(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with the expected number of findings of a visit, reached × found."""
    return rows.assign(**{YIELD: rows[REACHED] * rows[WOULD_FIND]})


def list_figures(candidates: pd.DataFrame, listed: Collection[str], world: StressWorld) -> Figures:
    """Expected findings of a list, of the best possible one and of a random one, by the truth, and what the list promises."""
    rows = candidates[candidates[ENTITY_ID].isin(listed)]
    regions = candidates.groupby(scoring.CAPACITY_REGION)[YIELD]
    visits = {region: min(len(of), world.profile.capacity.of(str(region))) for region, of in regions}
    return {
        "listed": float(len(rows)),
        "findings": float(rows[YIELD].sum()),
        "oracle": float(sum(of.nlargest(visits[region]).sum() for region, of in regions)),
        "random": float(sum(of.mean() * visits[region] for region, of in regions)),
        "promised": None if rows[scoring.PROBABILITY].isna().any() else float(rows[scoring.PROBABILITY].sum()),
        "found before": float(rows[WAS_FOUND].sum()),
        "found before, clean now": float((rows[WAS_FOUND] & ~rows[VIOLATES]).sum()),
    }


def single_indicators(unfound: pd.DataFrame, features: pd.DataFrame) -> Figures:
    """The largest share of the violators in the top 5 %, and the largest ROC-AUC, of an order by a single indicator."""
    rows = unfound[[ENTITY_ID, VIOLATES]].merge(features, on=ENTITY_ID)
    violates, top = rows[VIOLATES].to_numpy(), max(1, int(len(rows) * TOP_SHARE))
    known = [rows[name].to_numpy(dtype=np.float64) for name in DOUBLES if name in rows and rows[name].notna().any()]
    shares = [share_in_top(sign * values, violates, top) for values in known for sign in (1.0, -1.0)]
    areas = [roc_auc(violates, values) for values in known]
    return {"best indicator in the top": max(shares), "best indicator's ROC-AUC": max(*areas, *(1 - area for area in areas))}


def class_figures(scored: pd.DataFrame, worst: Sequence[str], ordinary: str) -> Figures:
    """Size and findings per visit of each class, and the violators without a finding in classes worse than the ordinary one."""
    figures: Figures = {}
    for letter in sorted(worst):
        rows = scored[scored[scoring.RISK_CLASS] == letter]
        figures |= {f"size of {letter}": len(rows) / len(scored), f"findings per visit of {letter}": mean_or_none(rows[YIELD])}
    violators = scored[scored[VIOLATES] & ~scored[WAS_FOUND]]
    bad = violators[scoring.RISK_CLASS].isin(worst[: worst.index(ordinary)])
    return {**figures, "violators in bad classes": mean_or_none(bad)}


def interval_figures(name: str, rows: pd.DataFrame) -> Figures:
    """Share of 20 groups whose mean chance of a finding lies in the mean interval, and the mean width of the intervals."""
    p, low, high = (rows[name] for name in (scoring.PROBABILITY, scoring.PROBABILITY_LOW, scoring.PROBABILITY_HIGH))
    covered, width = interval_coverage(p, low, high, rows[WOULD_FIND].to_numpy()), mean_or_none(high - low)
    return {f"coverage of {name}": None if covered is None else covered.covered, f"width of {name}": width}


def mean_or_none(values: pd.Series) -> float | None:
    """The mean, or None if no value is known."""
    return None if values.isna().all() else float(values.mean())


def with_few_labels(world: StressWorld, most: int = 100, step: int = 10) -> dict[int, Figures]:
    """The figures with 0, 10, … positives: the labels in a seeded order, cut at each number; without positives the rule ranks.

    ``list shared`` and ``classes shared`` compare with the step before.
    """
    found = world.known.labels[FOUND_VIOLATION].to_numpy(dtype=np.float64) > 0
    figures, before = {}, None
    for number in range(0, min(most, int(found.sum())) + 1, step):
        now = world.refitted(first_labels(found, number, world.making.seed))
        figures[number] = measure(now, before or now)
        before = now
    return figures


def first_labels(found: np.ndarray, positives: int, seed: int) -> np.ndarray:
    """A mask of the labels in a seeded order, up to and with the last of so many positives, shape (n,)."""
    order = np.random.default_rng(seed).permutation(len(found))
    number = np.empty(len(found), dtype=np.int64)
    number[order] = np.cumsum(found[order])
    mask: np.ndarray = (number < positives) | ((number == positives) & found)
    return mask
