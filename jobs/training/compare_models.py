"""Compare two models on one day: their quality, the entities that each would list, and their most important indicators."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from expectations.contracts.lineage import AS_OF, ENTITY_ID
from expectations.contracts.scoring import MARGIN, RISK_LIST
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.lake.model_store import ModelStore
from jobs.profile.profile import Profile
from jobs.steps.score_entities import first_classes, read_features
from models.evaluation.agreement import agreement
from models.model_card import importances
from models.risk.credit import CLASSES

MOVERS = 10
"""This many entities that only one model would list are named."""
INDICATORS = 15


@dataclass(frozen=True)
class MeasurePair:
    """A measure of each model. Each model has its own held-out visits, so models of two days are measured on different ones."""

    measure: str
    first: Any
    second: Any


@dataclass(frozen=True)
class Mover:
    """An entity that only one model would list, and its rank by each."""

    entity_id: str
    first_place: int
    second_place: int
    first_class: str
    second_class: str


@dataclass(frozen=True)
class Weight:
    """The mean absolute contribution of an indicator to the margin, in log-odds, over the entities that either model would list."""

    indicator: str
    first: float
    second: float


@dataclass(frozen=True)
class Compared:
    """The result of :func:`compare_models`."""

    as_of: date
    standings: list[MeasurePair]
    movers: list[Mover]
    weights: list[Weight]


def compare_models(lake: Lake, profile: Profile, as_of: date, first: str, second: str) -> Compared:
    """Score a day's entities by two models and compare the scores.

    A model would list as many entities as the day's list has, those with the highest margin; capacity by region is not applied.

    Raises:
        InputMissing: when a model does not exist, or the day has no features or no list.
    """
    store = ModelStore(lake.home)
    models = [store.get(model_id) for model_id in (first, second)]
    features = read_features(lake, as_of)
    at = lake.arrow(RISK_LIST, columns=[str(ENTITY_ID)], where=f"{AS_OF} = '{as_of}'").num_rows
    if not at:
        raise InputMissing(what=f"no entity is listed for {as_of}", where=str(lake.home), next_step="choose a finished day")
    scores = [model.score(features) for model in models]
    classes = [first_classes(model, profile, features, score) for model, score in zip(models, scores, strict=True)]
    found = agreement(scores[0][MARGIN].to_numpy(), scores[1][MARGIN].to_numpy(), at=at)
    places = (found.first_places, found.second_places)
    chosen = np.minimum(*places) <= at
    sizes = [[int((letters == name).sum()) for letters in classes] for name in CLASSES]
    standings = [
        *_when_trained(store.facts(first), store.facts(second)),
        *(MeasurePair(f"in class {name}, of {len(features):,}", *size) for name, size in zip(CLASSES, sizes, strict=True)),
        MeasurePair(f"of the first {at:,}, also among the other's", found.shared, found.shared),
        MeasurePair("in another class by the other", *[int((classes[0] != classes[1]).sum())] * 2),
        MeasurePair("correlation of ranks", *[None if np.isnan(found.correlation) else round(found.correlation, 4)] * 2),
    ]
    return Compared(
        as_of,
        standings,
        _movers(features[ENTITY_ID].to_numpy(), places, classes, at),
        indicator_weights([importances(model, features[chosen]) for model in models]),
    )


def _when_trained(first: dict[str, Any], second: dict[str, Any]) -> list[MeasurePair]:
    """The labels that the two models were fitted on, and their metrics on held-out visits."""
    of_both = [MeasurePair(name, first.get(name), second.get(name)) for name in ("kind", "as_of", "visits", "found")]
    metrics = [(facts.get("held_out_orders") or {}).get("model") or {} for facts in (first, second)]
    for name in sorted(metrics[0].keys() | metrics[1].keys()):
        one, other = (of.get(name) or {} for of in metrics)
        of_both.append(MeasurePair(f"held out: {name}", one.get("value"), other.get("value")))
        of_both.append(MeasurePair(f"held out: {name}, 95 % interval", _interval(one), _interval(other)))
    return of_both


def _interval(figure: dict[str, Any]) -> str | None:
    return f"{figure['low']} to {figure['high']}" if figure.get("low") is not None else None


def _movers(names: Any, places: tuple[Any, Any], classes: list[Any], at: int) -> list[Mover]:
    """The entities that only one model would list, by the better of their two ranks."""
    is_one_sided = (places[0] <= at) != (places[1] <= at)
    rows = np.flatnonzero(is_one_sided)
    rows = rows[np.argsort(np.minimum(places[0], places[1])[rows], kind="stable")][:MOVERS]
    return [
        Mover(str(names[row]), int(places[0][row]), int(places[1][row]), str(classes[0][row]), str(classes[1][row])) for row in rows
    ]


def indicator_weights(found: list[pd.DataFrame]) -> list[Weight]:
    """The indicators with the largest weight in either model."""
    sizes = [frame.set_index("indicator")["importance"] for frame in found]
    table = pd.concat(sizes, axis=1, keys=["first", "second"]).fillna(0.0)
    table = table.assign(most=table.max(axis=1)).rename_axis("indicator").reset_index()
    table = table.sort_values(["most", "indicator"], ascending=[False, True]).head(INDICATORS)
    return [
        Weight(name, round(one, 4), round(other, 4))
        for name, one, other in zip(table["indicator"], table["first"].tolist(), table["second"].tolist(), strict=True)
    ]
