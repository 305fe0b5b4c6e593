"""Compare a day's scores with the truth of the simulated world.

The assessment asks how well the scores rank violators without a known finding, and whether the intervals of the probabilities
cover the true share of visits that would find a violation.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.contract import Type
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import MARGIN, PROBABILITY, PROBABILITY_HIGH, PROBABILITY_LOW, REASONS, SCORES
from expectations.contracts.silver import ENTITY, INSPECTION
from jobs.foundation.errors import InputMissing
from jobs.lake.tables import LakeTables
from jobs.profile.load_profile import load_profile
from models.evaluation.ranking_metrics import roc_auc
from simulation.assessment.reasons import ReasonsNamed, assess_reasons
from simulation.assessment.truth import chance_of_finding, on_or_before, read_truth, violating_on

TOP_SHARE = 0.05
GROUPS = 20
_SCORED = (ENTITY_ID, MARGIN, PROBABILITY, PROBABILITY_LOW, PROBABILITY_HIGH)


@dataclass(frozen=True)
class IntervalCoverage:
    """Intervals and true chances by group. The groups have equal numbers of entities, sorted by probability.

    Attributes:
        groups: for each group its size and the means of probability, both ends of the interval, and chance of a finding.
        covered: share of groups whose mean chance lies in the mean interval.
    """

    groups: tuple[dict[str, float], ...]
    covered: float


@dataclass(frozen=True)
class Ranking:
    """The quality of a ranking: share of the violators in its top 5 %, and ROC-AUC (0.5 is chance)."""

    name: str
    share_in_top: float
    roc_auc: float


@dataclass(frozen=True)
class Assessment:
    """The assessment of one day.

    Attributes:
        population: number of scored entities that had not closed and had no known finding.
        violators: how many of them were violating.
        top: size of the top 5 %.
        indicators: each indicator twice, ranked by more and by less, best share in the top first. Only the truth tells which
            direction is better, so the comparison favours the indicators.
        intervals: coverage of the probabilities' intervals; None without probabilities.
        reasons: whether reasons name the signs of listed violators; None if no violator was listed.
    """

    as_of: str
    population: int
    violators: int
    top: int
    model: Ranking
    random_expected: float
    random_drawn: Ranking
    best_indicator_by_share: Ranking
    best_indicator_by_auc: Ranking
    by_typology: dict[str, dict[str, float]]
    mimics_in_top: dict[str, dict[str, float]]
    indicators: tuple[Ranking, ...]
    intervals: IntervalCoverage | None = None
    reasons: ReasonsNamed | None = None


def assess_home(*, home: Path, truth_folder: Path, profile_name: str, as_of: date, seed: int) -> Assessment:
    """Assess a day's scores in the lake of a home.

    Raises:
        ConfigError: the folder has no truth, or that of another version.
        InputMissing: the day was not scored, or none or all of its entities violate.
    """
    truth = read_truth(truth_folder)
    lake, day = LakeTables(home), f"as_of = '{as_of.isoformat()}'"
    scores = lake.arrow(SCORES, columns=list(map(str, _SCORED)), where=day)
    if not len(scores):
        raise InputMissing(
            what=f"no entity was scored for {as_of}",
            where=str(lake.path(SCORES)),
            next_step="run that day with `steelyard run` first",
        )
    contract = features_contract()
    indicators = [str(column) for column in contract.columns if column.type is Type.DOUBLE]
    already_found = _found_by(lake, load_profile(profile_name).end_of(as_of))
    try:
        assessment = assess(
            truth=truth,
            scores=scores,
            features=lake.arrow(contract, columns=["entity_id", *indicators], where=day),
            indicators=indicators,
            already_found=already_found,
            as_of=as_of,
            seed=seed,
        )
    except ValueError as error:
        raise InputMissing(what=str(error), where=str(truth_folder), next_step="choose a larger world, or another day") from error
    reasons = lake.arrow(REASONS, columns=["entity_id", "reason_rank", "indicator"], where=day)
    intervals = assess_intervals(truth, scores.drop_columns(["margin"]), industries_of(lake), already_found, as_of)
    return replace(assessment, reasons=assess_reasons(truth, reasons, as_of), intervals=intervals)


def industries_of(lake: LakeTables) -> pd.Series:
    """The industry code in the newest version of each entity, by ``entity_id``."""
    versions = lake.arrow(ENTITY, columns=["entity_id", "industry_code", "known_at", "source_row"]).to_pandas()
    newest = versions.sort_values(["entity_id", "known_at", "source_row"]).drop_duplicates("entity_id", keep="last")
    return newest.set_index("entity_id")["industry_code"]


def _found_by(lake: LakeTables, end: datetime) -> set[str]:
    """The entities with a finding that was known before ``end`` (UTC)."""
    visits = lake.arrow(INSPECTION, columns=["entity_id", "known_at"], where="found_violation")
    known = pc.less(visits["known_at"].cast(pa.timestamp("us", tz="UTC")), pa.scalar(end.replace(tzinfo=UTC)))
    return set(visits.filter(known)["entity_id"].to_pylist())


def write_report(assessment: Assessment, path: Path) -> None:
    """Write the assessment as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(assessment), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def assess(
    *, truth: pa.Table, scores: pa.Table, features: pa.Table, indicators: list[str], already_found: set[str], as_of: date, seed: int
) -> Assessment:
    """Rank by margin, at random and by each single indicator, and compare with the truth.

    Args:
        truth: as :data:`simulation.assessment.truth.SCHEMA`.
        scores: ``entity_id`` and ``margin`` of the day.
        features: ``entity_id`` and numeric columns of the day.
        indicators: the columns of ``features`` to compare.
        already_found: entities with a finding that was known by the day.
        as_of: the day.
        seed: seed of the random order.

    Raises:
        ValueError: none or all of the scored entities violate.
    """
    unfound = scores.filter(pc.invert(pc.is_in(scores["entity_id"], pa.array(sorted(already_found), pa.string()))))
    known = truth.select(["entity_id", "typology", "mimic"]).append_column("violates", pa.array(violating_on(truth, as_of)))
    open_now = known.filter(pa.array(~on_or_before(truth["closed_on"], as_of)))
    joined = unfound.join(open_now, "entity_id", join_type="inner")
    joined = joined.join(features.select(["entity_id", *indicators]), "entity_id", join_type="left outer").sort_by("entity_id")
    violates = joined["violates"].to_numpy()
    if not 0 < violates.sum() < len(violates):
        raise ValueError(f"{int(violates.sum())} of {len(violates)} scored entities without a known finding are violating")
    top = max(1, int(len(violates) * TOP_SHARE))
    margin = joined["margin"].to_numpy().astype(float)
    draw = np.random.default_rng(seed).random(len(violates))
    singles = []
    for name in indicators:
        values = joined[name].cast(pa.float64()).to_numpy()
        singles += [_ranking(f"{name}, more", values, violates, top), _ranking(f"{name}, less", -values, violates, top)]
    singles.sort(key=lambda one: (-one.share_in_top, one.name))
    in_top = np.zeros(len(margin), dtype=bool)
    in_top[np.argsort(-margin, kind="stable")[:top]] = True
    return Assessment(
        as_of=as_of.isoformat(),
        population=len(violates),
        violators=int(violates.sum()),
        top=top,
        model=_ranking("margin", margin, violates, top),
        random_expected=top / len(violates),
        random_drawn=_ranking("random draw", draw, violates, top),
        best_indicator_by_share=singles[0],
        best_indicator_by_auc=max(singles, key=lambda one: one.roc_auc),
        by_typology=_by_kind(joined["typology"].to_numpy(zero_copy_only=False), in_top, violates),
        mimics_in_top=_by_kind(joined["mimic"].to_numpy(zero_copy_only=False), in_top, ~violates),
        indicators=tuple(singles),
    )


def _ranking(name: str, values: np.ndarray, violates: np.ndarray, top: int) -> Ranking:
    return Ranking(name, share_in_top(values, violates, top), roc_auc(violates, values))


def _by_kind(kinds: np.ndarray, in_top: np.ndarray, counted: np.ndarray) -> dict[str, dict[str, float]]:
    names = sorted({kind for kind in kinds[counted] if kind is not None})
    chosen = {name: counted & (kinds == name) for name in names}
    return {name: {"entities": int(mask.sum()), "share_in_top": float(in_top[mask].mean())} for name, mask in chosen.items()}


def share_in_top(values: np.ndarray, is_violator: np.ndarray, top: int) -> float:
    """The expected share of the violators among the ``top`` largest values, with ties broken at random. Missing values are last."""
    filled = np.where(np.isnan(values), -np.inf, values)
    cut = np.partition(filled, len(filled) - top)[len(filled) - top]
    above, tied = filled > cut, filled == cut
    room = (top - above.sum()) / tied.sum()
    return float((is_violator[above].sum() + room * is_violator[tied].sum()) / is_violator.sum())


def assess_intervals(
    truth: pa.Table, scores: pa.Table, industries: pd.Series, already_found: Collection[str], as_of: date
) -> IntervalCoverage | None:
    """Compare the intervals of entities without a known finding with the chance that a visit finds a violation.

    Args:
        truth: as :data:`simulation.assessment.truth.SCHEMA`.
        scores: ``entity_id, probability, probability_low, probability_high`` of the day.
        industries: industry code by ``entity_id``.
        already_found: entities with a finding that was known by the day.
        as_of: the day.
    """
    known = truth.select(["entity_id"]).to_pandas()
    known["violates"] = violating_on(truth, as_of)
    known = known[~on_or_before(truth["closed_on"], as_of)]
    rows = scores.to_pandas().merge(known, on="entity_id")
    rows = rows[~rows["entity_id"].isin(list(already_found))]
    chance = chance_of_finding(rows["violates"].to_numpy(), industries.reindex(rows["entity_id"]))
    return interval_coverage(rows["probability"], rows["probability_low"], rows["probability_high"], chance)


def interval_coverage(
    probability: pd.Series, low: pd.Series, high: pd.Series, chance: np.ndarray, *, groups: int = GROUPS
) -> IntervalCoverage | None:
    """Compare intervals with chances, both in the same row order. Rows with a missing value are dropped."""
    rows = pd.DataFrame(
        {"probability": np.asarray(probability), "low": np.asarray(low), "high": np.asarray(high), "chance": chance}, dtype=float
    ).dropna()
    if rows.empty:
        return None
    rows = rows.sort_values(["probability", "high", "low", "chance"], ignore_index=True)
    parts = np.array_split(np.arange(len(rows)), min(groups, len(rows)))
    means = [{"entities": float(len(part)), **{str(name): float(rows[name].iloc[part].mean()) for name in rows}} for part in parts]
    return IntervalCoverage(tuple(means), float(np.mean([one["low"] <= one["chance"] <= one["high"] for one in means])))
