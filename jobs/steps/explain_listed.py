"""Explain why each listed entity is on the list and what would give it a better class, as data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from expectations.contracts import scoring, tax_filing
from expectations.contracts.indicators import Indicator, catalogue
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.engine.lake import Lake
from jobs.incremental.staleness import noted_coverage
from jobs.lake.model_store import ModelStore
from jobs.lake.tables import arrow_schema
from jobs.profile.profile import Profile
from jobs.steps.score_entities import availability, bounds_of, read_features
from jobs.transforms.coverage import Coverage
from jobs.transforms.features.peers import CLIP
from models.evidence.availability import Availability
from models.explanation.counterfactual import MOST, WANTED, Counterfactuals, counterfactuals
from models.explanation.reasons import ROW, check_additive, strongest
from models.risk.credit import CLASSES
from models.risk_model import RiskModel
from models.targeting.class_stability import stabilise_class

Days = npt.NDArray[np.datetime64]
NONE = np.datetime64("NaT", "D")


@dataclass(frozen=True)
class Explained:
    """The listed entities with what would give a better class, and the rows of ``gold.reasons``."""

    listed: pd.DataFrame
    reasons: pa.Table


def explain(lake: Lake, profile: Profile, as_of: date, listed: pd.DataFrame, coverage: Coverage | None = None) -> Explained:
    """Explain a day's list.

    Args:
        listed: the list's rows with the columns of ``gold.scores``.
        coverage: up to which day each source has delivered, by default as noted with the day's features.
    """
    if listed.empty:
        columns = map(str, (scoring.BETTER_CLASS, scoring.BETTER_CHANGES))
        return Explained(listed.assign(**dict.fromkeys(columns)), arrow_schema(scoring.REASONS).empty_table())
    features = read_features(lake, as_of, among=pd.Index(listed[ENTITY_ID]))
    model = ModelStore(lake.home).get(str(listed[scoring.MODEL_ID].iloc[0]))
    coverage = coverage or noted_coverage(lake.home, as_of)
    available = availability(lake, model, coverage)
    scores, contributions = model.explain(features, available)
    check_additive(contributions, scores[scoring.MARGIN])
    peers = lake.arrow(scoring.PEERS, where=f"{AS_OF} = '{as_of}'").to_pandas()
    peers = peers[peers[scoring.PEER_GROUP].isin(features[scoring.PEER_GROUP].unique())]
    explainer = _Explainer(model, profile, coverage, available, features, contributions, peers)
    classes = listed.set_index(ENTITY_ID)[scoring.RISK_CLASS].reindex(features[ENTITY_ID]).to_numpy()
    better = explainer.better(classes)
    return Explained(listed.merge(better, on=str(ENTITY_ID), how="left", validate="one_to_one"), explainer.reasons())


@dataclass(frozen=True)
class _Explainer:
    """Explains the rows of ``features``, which are in order of ``entity_id``.

    Attributes:
        contributions: what each indicator adds to a row's margin.
        peers: the rows of ``gold.peers`` of the features' peer groups.
    """

    model: RiskModel
    profile: Profile
    coverage: Coverage
    available: Availability
    features: pd.DataFrame
    contributions: pd.DataFrame
    peers: pd.DataFrame

    @cached_property
    def indicators(self) -> dict[str, Indicator]:
        return {indicator.column: indicator for indicator in catalogue()}

    def reasons(self) -> pa.Table:
        """Rows of ``gold.reasons``: the strongest contributions of each row."""
        newest = newest_by_source(self.features, self.coverage)
        rows = self.strongest_with_peers().sort_values([ENTITY_ID, scoring.REASON_RANK], ignore_index=True).to_dict("records")
        for row in rows:
            indicator = self.indicators[row[scoring.INDICATOR]]
            is_known, has_peers = not np.isnan(row[scoring.VALUE]), not np.isnan(row[scoring.PEER_MEDIAN])
            row |= {
                AS_OF: self.coverage.as_of,
                scoring.VALUE: row[scoring.VALUE] if is_known else None,
                scoring.PEER_MEDIAN: row[scoring.PEER_MEDIAN] if has_peers else None,
                scoring.PEER_COUNT: int(row[scoring.PEER_COUNT]) if has_peers else None,
                scoring.RESTS_ON: ", ".join(indicator.sources),
                scoring.NEWEST_ON: newest_of(indicator, newest, row[ROW]) if is_known else None,
            }
        return pa.Table.from_pylist(rows, schema=arrow_schema(scoring.REASONS))

    def strongest_with_peers(self) -> pd.DataFrame:
        reasons = strongest(self.contributions, self.features)
        entities = self.features[[ENTITY_ID, scoring.PEER_GROUP]].iloc[reasons[ROW].to_numpy()]
        placed = reasons.assign(**{str(name): entities[name].to_numpy() for name in entities})
        columns = [scoring.PEER_GROUP, scoring.INDICATOR, scoring.PEER_MEDIAN, scoring.PEER_COUNT]
        return placed.merge(self.peers[columns], how="left", on=[scoring.PEER_GROUP, scoring.INDICATOR])

    def better(self, classes: np.ndarray) -> pd.DataFrame:
        """The better class that each row can reach, and the changes that give it.

        Args:
            classes: the class of each row, shape (n,).
        """
        found = self.counterfactuals(classes)
        is_best = classes == CLASSES[-1]
        changes: dict[int, list[dict[str, Any]]] = {}
        for row in found.changes.to_dict("records"):
            changes.setdefault(int(row[ROW]), []).append({name: row[name] for name in (scoring.INDICATOR, scoring.VALUE, WANTED)})
        as_json = [
            json.dumps({"is_best": bool(best), "most": MOST, "changes": changes.get(at, [])}) for at, best in enumerate(is_best)
        ]
        columns = (ENTITY_ID, scoring.BETTER_CLASS, scoring.BETTER_CHANGES)
        return pd.DataFrame(dict(zip(map(str, columns), (self.features[ENTITY_ID].to_numpy(), found.better, as_json), strict=True)))

    def counterfactuals(self, classes: np.ndarray) -> Counterfactuals:
        """Changes of each row that give a better class: towards its peers' medians, or a neutral value where peers do not count."""
        usual = self.peers.pivot(index=scoring.PEER_GROUP, columns=scoring.INDICATOR, values=scoring.PEER_MEDIAN)
        goals = usual.reindex(self.features[scoring.PEER_GROUP]).reset_index(drop=True)
        bounds = bounds_of(self.model, self.profile)
        neutral = {name: one.neutral for name, one in self.indicators.items() if one.neutral is not None and not one.peer}

        def next_class(changed: pd.DataFrame) -> np.ndarray:
            """The class on the next day: a change that does not last until then gives nothing."""
            return stabilise_class(
                self.model.score(changed, self.available),
                lambda at: self.model.contributions(changed.iloc[at], self.available),
                changed,
                classes[changed.index],
                self.model.of_margin,
                indicators=self.indicators,
                bounds=bounds,
                ordinary=self.profile.certainty.ordinary,
            ).classes

        return counterfactuals(
            self.features,
            self.contributions,
            classes,
            goals.assign(**neutral),
            next_class,
            indicators=self.indicators,
            clip=CLIP,
        )


def newest_by_source(features: pd.DataFrame, coverage: Coverage) -> dict[str, Days]:
    """The day of each row's newest record, by source; NaT where a row has none. A return counts on the last day of its month.

    Only sources are returned for which an indicator gives the age of the newest record.

    Args:
        features: rows of ``gold.features`` of the day.
        coverage: the day, and up to which day each source has delivered.
    """
    as_of, closed = coverage.as_of, coverage.closed_month_of(tax_filing.CONTRACT.name)
    found: dict[str, Days] = {}
    for indicator in catalogue():
        if indicator.age_of:
            age = features[indicator.column].to_numpy(dtype=np.float64, na_value=np.nan)
            days = _months_back(age, closed) if indicator.unit == "months" else _days_back(age, as_of)
            found[indicator.age_of] = np.fmax(found.get(indicator.age_of, np.full(len(features), NONE)), days)
    return found


def newest_of(indicator: Indicator, newest: dict[str, Days], at: int) -> date | None:
    """The day of the newest record behind an indicator of a row; None where it depends on other entities, or none is dated."""
    days = [newest[source][at] for source in indicator.sources if source in newest] if indicator.own else []
    known = [day for day in days if not np.isnat(day)]
    return max(known).astype(object) if known else None


def _days_back(age: npt.NDArray[np.float64], as_of: date) -> Days:
    known = ~np.isnan(age)
    days: Days = np.datetime64(as_of, "D") - np.where(known, age, 0).astype("timedelta64[D]")
    return np.where(known, days, NONE)


def _months_back(age: npt.NDArray[np.float64], closed: date) -> Days:
    known = ~np.isnan(age)
    after = np.datetime64(closed, "M") + 1 - np.where(known, age, 0).astype("timedelta64[M]")
    return np.where(known, after.astype("datetime64[D]") - 1, NONE)
