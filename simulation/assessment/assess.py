"""How well a day's scores find violators that no inspection has found: the only reader of the truth besides the tests.

Whether the probabilities' intervals hold the share of visits that would in truth find a violation.
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
import pyarrow.parquet as pq

from expectations.contracts.contract import Type
from expectations.contracts.indicators import features_contract
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import MARGIN, PROBABILITY, PROBABILITY_HIGH, PROBABILITY_LOW, REASONS, SCORES
from expectations.contracts.silver import ENTITY, INSPECTION
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.lake.tables import LakeTables
from jobs.profile.load_profile import load_profile
from simulation.assessment.reasons import ReasonsNamed, assess_reasons
from simulation.sources.inspections import FINDS
from simulation.truth import on_or_before, violating_on
from simulation.world.industries import trades

GROUPS = 20


@dataclass(frozen=True)
class IntervalCoverage:
    """Entities in groups of equal number by their probability.

    Attributes:
        groups: of each group its size, its mean probability, the means of the interval's two ends, and the mean chance that a visit
            finds a violation.
        covered: the share of groups in which that chance lies within the mean interval.
    """

    groups: tuple[dict[str, float], ...]
    covered: float


def assess_intervals(
    truth: pa.Table, scores: pa.Table, industries: pd.Series, found: Collection[str], as_of: date
) -> IntervalCoverage | None:
    """Hold the intervals of the entities that no inspection has found against the truth; None where there is no probability.

    A visit finds what a violator does with a chance of 0.86; of others it finds a minor breach with the chance of their trade.

    Args:
        truth: as :data:`simulation.truth.SCHEMA`.
        scores: ``entity_id, probability, probability_low, probability_high`` of the day.
        industries: each entity's industry code, by entity.
        found: entities that an inspection known by the day has found in violation.
        as_of: the day.
    """
    known = truth.select(["entity_id"]).to_pandas()
    known["violates"] = violating_on(truth, as_of)
    known = known[~on_or_before(truth["closed_on"], as_of)]
    rows = scores.to_pandas().merge(known, on="entity_id")
    rows = rows[~rows["entity_id"].isin(list(found))]
    slips = {trade.code: trade.slip / 100 for trade in trades()}
    slip = industries.reindex(rows["entity_id"]).map(slips).to_numpy(dtype=np.float64)
    chance = np.where(rows["violates"], FINDS, slip)
    return interval_coverage(rows["probability"], rows["probability_low"], rows["probability_high"], chance)


def interval_coverage(
    probability: pd.Series, low: pd.Series, high: pd.Series, chance: np.ndarray, *, groups: int = GROUPS
) -> IntervalCoverage | None:
    """Hold intervals against chances, row by row of one order; rows in which one is not known are left out."""
    rows = pd.DataFrame(
        {"probability": np.asarray(probability), "low": np.asarray(low), "high": np.asarray(high), "chance": chance}, dtype=float
    ).dropna()
    if rows.empty:
        return None
    rows = rows.sort_values(["probability", "high", "low", "chance"], ignore_index=True)
    parts = np.array_split(np.arange(len(rows)), min(groups, len(rows)))
    told = [{"entities": float(len(part)), **{str(name): float(rows[name].iloc[part].mean()) for name in rows}} for part in parts]
    return IntervalCoverage(tuple(told), float(np.mean([one["low"] <= one["chance"] <= one["high"] for one in told])))


TOP_SHARE = 0.05
_SCORED = (ENTITY_ID, MARGIN, PROBABILITY, PROBABILITY_LOW, PROBABILITY_HIGH)


@dataclass(frozen=True)
class Ranking:
    """How a ranking does: the share of the violators in its top 5 % and its ROC-AUC (0.5 is chance)."""

    name: str
    share_in_top: float
    roc_auc: float


@dataclass(frozen=True)
class Assessment:
    """The answer for one day.

    ``population`` counts the scored entities that had not closed and that no inspection had found in violation by then,
    ``violators`` those of them that were violating, ``top`` the size of the top 5 %. ``indicators`` holds each indicator twice,
    ranked by more and by less of it, sorted by the share in the top, best first; which way is better only the truth can tell, so
    the comparison favours them. ``intervals`` and ``reasons`` say whether the probabilities' intervals hold the truth, and whether
    the listed violators' reasons name what they do; None where there are none.
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


def share_in_top(values: np.ndarray, is_violator: np.ndarray, top: int) -> float:
    """The share of the violators among the ``top`` largest values, as expected when ties are broken at random.

    Missing values come last.
    """
    filled = np.where(np.isnan(values), -np.inf, values)
    cut = np.partition(filled, len(filled) - top)[len(filled) - top]
    above, tied = filled > cut, filled == cut
    room = (top - above.sum()) / tied.sum()
    return float((is_violator[above].sum() + room * is_violator[tied].sum()) / is_violator.sum())


def roc_auc(values: np.ndarray, is_violator: np.ndarray) -> float:
    """The chance that a violator's value is above another's, ties counting half (Mann-Whitney U ÷ pairs); missing is the median."""
    known = values[~np.isnan(values)]
    filled = np.where(np.isnan(values), np.median(known) if len(known) else 0.0, values)
    _, inverse, counts = np.unique(filled, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int(is_violator.sum())
    pairs = positives * (len(values) - positives)
    return float((ranks[is_violator].sum() - positives * (positives + 1) / 2) / pairs)


def assess(
    *, truth: pa.Table, scores: pa.Table, features: pa.Table, indicators: list[str], found: set[str], as_of: date, seed: int
) -> Assessment:
    """Compare the scores' margin, chance and each single indicator.

    Args:
        truth: as :data:`simulation.truth.SCHEMA`.
        scores: ``entity_id`` and ``margin`` of the day.
        features: ``entity_id`` and numeric columns of the day.
        indicators: the columns of ``features`` to compare.
        found: entities that an inspection known by the day has found in violation.
        as_of: the day.
        seed: of the random draw.

    Raises:
        ValueError: when nobody scored violates, or everybody does.
    """
    kept = scores.filter(pc.invert(pc.is_in(scores["entity_id"], pa.array(sorted(found), pa.string()))))
    known = truth.append_column("violates", pa.array(violating_on(truth, as_of)))
    open_now = known.filter(pa.array(~on_or_before(truth["closed_on"], as_of)))
    joined = kept.join(open_now, "entity_id", join_type="inner")
    joined = joined.join(features.select(["entity_id", *indicators]), "entity_id", join_type="left outer").sort_by("entity_id")
    violates = joined["violates"].to_numpy()
    if not 0 < violates.sum() < len(violates):
        raise ValueError(f"{int(violates.sum())} of {len(violates)} entities that are scored and not yet found are violating")
    top = max(1, int(len(violates) * TOP_SHARE))
    margin = joined["margin"].to_numpy().astype(float)
    draw = np.random.default_rng(seed).random(len(violates))
    singles = tuple(
        sorted(
            (one for name in indicators for one in _both_ways(joined, name, violates, top)),
            key=lambda one: (-one.share_in_top, one.name),
        )
    )
    in_top = np.zeros(len(margin), dtype=bool)
    in_top[np.argsort(-margin, kind="stable")[:top]] = True
    return Assessment(
        as_of=as_of.isoformat(),
        population=len(violates),
        violators=int(violates.sum()),
        top=top,
        model=Ranking("margin", share_in_top(margin, violates, top), roc_auc(margin, violates)),
        random_expected=top / len(violates),
        random_drawn=Ranking("random draw", share_in_top(draw, violates, top), roc_auc(draw, violates)),
        best_indicator_by_share=singles[0],
        best_indicator_by_auc=max(singles, key=lambda one: one.roc_auc),
        by_typology=_by_kind(joined["typology"].to_numpy(zero_copy_only=False), in_top, violates),
        mimics_in_top=_by_kind(joined["mimic"].to_numpy(zero_copy_only=False), in_top, ~violates),
        indicators=singles,
    )


def _both_ways(joined: pa.Table, name: str, violates: np.ndarray, top: int) -> tuple[Ranking, Ranking]:
    values = joined[name].cast(pa.float64()).to_numpy()
    more = Ranking(f"{name}, more", share_in_top(values, violates, top), roc_auc(values, violates))
    less = Ranking(f"{name}, less", share_in_top(-values, violates, top), roc_auc(-values, violates))
    return more, less


def _by_kind(kinds: np.ndarray, in_top: np.ndarray, counted: np.ndarray) -> dict[str, dict[str, float]]:
    names = sorted({kind for kind in kinds[counted] if kind is not None})
    chosen = {name: counted & (kinds == name) for name in names}
    return {name: {"entities": int(mask.sum()), "share_in_top": float(in_top[mask].mean())} for name, mask in chosen.items()}


def assess_home(*, home: Path, truth_folder: Path, profile_name: str, as_of: date, seed: int) -> Assessment:
    """Assess the scores of a day that are in a home's lake.

    Raises:
        ConfigError: when the folder holds no truth.
        InputMissing: when the day was not scored, or nobody in it violates.
    """
    path = truth_folder / "entities.parquet"
    if not path.is_file():
        raise ConfigError(
            what="there is no truth here", where=str(path), next_step="name the folder OUT/truth that `steelyard generate` wrote"
        )
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
    truth, already = pq.read_table(path), _found_by(lake, load_profile(profile_name).end_of(as_of))
    try:
        found = assess(
            truth=truth,
            scores=scores,
            features=lake.arrow(contract, columns=["entity_id", *indicators], where=day),
            indicators=indicators,
            found=already,
            as_of=as_of,
            seed=seed,
        )
    except ValueError as error:
        raise InputMissing(what=str(error), where=str(path), next_step="generate more entities, or choose another day") from error
    reasons = lake.arrow(REASONS, columns=["entity_id", "reason_rank", "indicator"], where=day)
    intervals = assess_intervals(truth, scores.drop_columns(["margin"]), _industries(lake), already, as_of)
    return replace(found, reasons=assess_reasons(truth, reasons, as_of), intervals=intervals)


def _industries(lake: LakeTables) -> pd.Series:
    """Each entity's industry code, by its newest version."""
    versions = lake.arrow(ENTITY, columns=["entity_id", "industry_code", "known_at", "source_row"]).to_pandas()
    newest = versions.sort_values(["entity_id", "known_at", "source_row"]).drop_duplicates("entity_id", keep="last")
    return newest.set_index("entity_id")["industry_code"]


def _found_by(lake: LakeTables, end: datetime) -> set[str]:
    """The entities that an inspection known before ``end`` (UTC) has found in violation."""
    visits = lake.arrow(INSPECTION, columns=["entity_id", "known_at"], where="found_violation")
    known = pc.less(visits["known_at"].cast(pa.timestamp("us", tz="UTC")), pa.scalar(end.replace(tzinfo=UTC)))
    return set(visits.filter(known)["entity_id"].to_pylist())


def write_report(assessment: Assessment, path: Path) -> None:
    """Write the assessment as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(assessment), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
