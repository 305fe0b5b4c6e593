"""The day's list: rank who may be visited within each region's capacity, and say why each is on it."""

from __future__ import annotations

import os
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from expectations.contracts import scoring
from expectations.contracts.indicators import Indicator, catalogue
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.known_entities import REGION_OF_LEVEL, active_ids, known_entities
from jobs.runtime.errors import ConfigError, NothingToDo
from jobs.runtime.lake import Lake
from jobs.runtime.model_store import ModelStore
from jobs.runtime.settings import Profile
from jobs.score_entities import read_features
from jobs.transforms.sentences import render, render_unknown
from models.risk_model import ROW
from models.targeting import keep_reasoned, rank_list

TIE_KEY_VARIABLE = "STEELYARD_TIE_KEY"
TOP_REASONS = 5
UNKNOWN_REGION = "unknown"
_SENTENCES = {"en": scoring.SENTENCE_EN, "zh-Hans": scoring.SENTENCE_ZH_HANS, "zh-Hant": scoring.SENTENCE_ZH_HANT}


def target_day(lake: Lake, profile: Profile, as_of: date) -> int:
    """Replace the day's list and its reasons; give how many are listed.

    Raises:
        NothingToDo: when the day has no scores.
        ConfigError: when the policy's objective or region level is unknown.
    """
    scores = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{as_of}'").to_pandas()
    if scores.empty:
        raise NothingToDo(
            what=f"there are no scores for {as_of}", where=str(lake.path(scoring.SCORES)), then="run `steelyard score`"
        )
    entities = known_entities(lake, profile, as_of)
    candidates = scores.merge(entities[entities[ENTITY_ID].isin(active_ids(entities, profile))], on=ENTITY_ID)
    candidates[scoring.CAPACITY_REGION] = _capacity_region(candidates, profile)
    candidates[scoring.OBJECTIVE] = _objective(candidates, profile)
    listed = rank_list(candidates, profile.capacity.of, tie_key(as_of))
    reasons = _reasons(lake, profile, as_of, listed)
    listed = keep_reasoned(listed, set(reasons[ENTITY_ID].to_pylist()))
    where = f"{AS_OF} = '{as_of}'"
    # Reasons first: a list is never there without them.
    lake.replace_arrow(reasons, scoring.REASONS, where)
    lake.replace_arrow(pa.Table.from_pandas(listed, preserve_index=False), scoring.RISK_LIST, where)
    return len(listed)


def tie_key(as_of: date) -> bytes:
    """The key of the tie-break: the secret of the profile's operator, turned each year."""
    return f"{os.environ.get(TIE_KEY_VARIABLE, 'steelyard')}:{as_of.year}".encode()


def _capacity_region(candidates: pd.DataFrame, profile: Profile) -> pd.Series:
    level = profile.capacity.region_level
    if level not in REGION_OF_LEVEL:
        raise ConfigError(
            what=f"capacity.region_level is {level!r}",
            where=str(profile.folder / "profile.toml"),
            then=f"use one of {', '.join(REGION_OF_LEVEL)}",
        )
    # Nobody's district, yet not a place to hide in: such entities are ranked apart, as if of a region of their own.
    return candidates[REGION_OF_LEVEL[level]].fillna(UNKNOWN_REGION)


def _objective(candidates: pd.DataFrame, profile: Profile) -> pd.Series:
    kind = profile.objective.kind
    if kind not in (scoring.MARGIN, scoring.PROBABILITY, scoring.ANOMALY):
        raise ConfigError(
            what=f"objective.kind is {kind!r}",
            where=str(profile.folder / "profile.toml"),
            then="use margin, probability or anomaly",
        )
    # The rule that stands in for a model knows no probability; its margin is the order it has.
    return candidates[scoring.MARGIN if candidates[kind].isna().all() else kind]


def _reasons(lake: Lake, profile: Profile, as_of: date, listed: pd.DataFrame) -> pa.Table:
    """The strongest reasons of each listed entity, with the peers' median, in three languages."""
    if listed.empty:
        return pa.Table.from_pylist([], schema=pa.schema([(str(column), pa.null()) for column in scoring.REASONS.columns]))
    features = read_features(lake, as_of, among=pd.Index(listed[ENTITY_ID]))
    model = ModelStore(lake.home).get(str(listed[scoring.MODEL_ID].iloc[0]))
    reasons = model.reasons(features, top=TOP_REASONS)
    reasons[ENTITY_ID] = features[ENTITY_ID].to_numpy()[reasons[ROW]]
    reasons[scoring.PEER_GROUP] = features[scoring.PEER_GROUP].to_numpy()[reasons[ROW]]
    peers = lake.arrow(scoring.PEERS, where=f"{AS_OF} = '{as_of}'").to_pandas()
    medians = peers[[scoring.PEER_GROUP, scoring.INDICATOR, scoring.PEER_MEDIAN]]
    reasons = reasons.merge(medians, how="left", on=[scoring.PEER_GROUP, scoring.INDICATOR])
    indicators = {indicator.column: indicator for indicator in catalogue()}
    for language, column in _SENTENCES.items():
        reasons[column] = [
            _sentence(indicators[name], value, median, language, profile)
            for name, value, median in zip(
                reasons[scoring.INDICATOR], reasons[scoring.VALUE], reasons[scoring.PEER_MEDIAN], strict=True
            )
        ]
    reasons[AS_OF] = as_of
    ordered = reasons.sort_values([ENTITY_ID, scoring.REASON_RANK], ignore_index=True)
    return pa.Table.from_pandas(ordered, preserve_index=False)


def _sentence(indicator: Indicator, value: float, median: float, language: str, profile: Profile) -> str:
    if np.isnan(value):
        return render_unknown(indicator, language)
    peers = None if np.isnan(median) else float(median)
    return render(indicator, float(value), peers, language, currency=profile.currency, minor_units=profile.minor_units)
