"""Rank movement against the previous published day, and its cause: the model, own data, or a gap in a source's data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of
from expectations.contracts.indicators import Indicator, catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.lake.finished_run import FinishedRun

AT_ONCE = 8
"""Indicators read together: that many columns of two days of a country's entities fit into memory."""
CAME = ("passed", "unchanged")
"""The verdicts of a source that delivered as expected."""
_PREVIOUS_COLUMNS = ("entity_id", "position", "risk_class", "margin", "credit_points")
_RENAMED = {"position": "previous_position", "risk_class": "previous_class", "margin": "previous_margin"}


@dataclass(frozen=True)
class PreviousRun:
    """The previous published run, and :data:`_PREVIOUS_COLUMNS` of every entity that it ranked."""

    run: PublishedRun
    ranking: pd.DataFrame

    def credit(self) -> dict[str, tuple[int, str]]:
        """Credit points and class, by entity."""
        names, points, letters = (self.ranking[name].tolist() for name in ("entity_id", "credit_points", "risk_class"))
        return dict(zip(names, zip(points, letters, strict=True), strict=True))


def previous_positions(run: FinishedRun) -> PreviousRun | None:
    """The newest published run of an earlier day; None if there is none. Read it once: it may have a million rows."""
    previous = PublishedRun.objects.filter(is_current=True, as_of__lt=run.as_of).order_by("-as_of").first()
    if previous is None:
        return None
    rows = Ranked.objects.using(alias_of(previous.run_id)).order_by().values_list(*_PREVIOUS_COLUMNS)
    return PreviousRun(previous, pd.DataFrame.from_records(list(rows.iterator(chunk_size=20_000)), columns=_PREVIOUS_COLUMNS))


def source_changes(run: FinishedRun, before: PublishedRun | None) -> list[dict[str, Any]]:
    """The day's result of each source from :meth:`FinishedRun.source_manifests`, with ``is_disturbed`` (:func:`has_data_gap`).

    A source that the previous published day does not have is not disturbed: the data of its first delivery are real changes.
    """
    sources = run.source_manifests()
    previous = {source["source"]: source for source in before.sources} if before else {}
    fingerprints = run.chains_until(before.as_of) if before else {}
    for source in sources:
        name = source["source"]
        source["is_disturbed"] = name in previous and has_data_gap(previous[name], source, fingerprints.get(name))
    return sources


def has_data_gap(then: Mapping[str, Any], now: Mapping[str, Any], fingerprint: str | None) -> bool:
    """Whether a source did not deliver as expected on either day, or its deliveries up to the first day were changed since.

    ``fingerprint`` is that of its deliveries up to the earlier day, as the later day knows them. It differs from that in ``then``
    if a delivery was corrected, late or withdrawn, or the mapping changed. Without either no change is assumed.
    """
    is_corrected = fingerprint is not None and then.get("chain") not in (None, fingerprint)
    return is_corrected or not {then["verdict"], now["verdict"]} <= {*CAME}


def contracts_with_data_gap(sources: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The contracts of the sources from :func:`source_changes` that have a data gap."""
    return frozenset(str(source["contract"]) for source in sources if source["is_disturbed"] and source["contract"])


def add_movement(
    ranking: pd.DataFrame, run: FinishedRun, before: PreviousRun | None, with_gap: AbstractSet[str] = frozenset()
) -> pd.DataFrame:
    """Add ``previous_position``, ``previous_class`` and ``moved_by`` to a ranking with ``entity_id``, ``position`` and ``margin``.

    ``moved_by`` of an entity with another place is the first of these that applies: ``model``, another model ranked it; ``others``,
    its own margin is unchanged; ``data``, its margin changed only because of a data gap (:func:`changed_by_data`); ``own``, any
    other change. It is ``new`` for an entity that was not ranked. ``with_gap`` names the contracts with a data gap.
    """
    if before is None:
        return ranking.assign(previous_position=np.nan, previous_class="", moved_by="")
    previous = before.ranking.drop(columns="credit_points").rename(columns=_RENAMED)
    ranking = ranking.merge(previous, on="entity_id", how="left")
    has_moved = ranking["previous_position"].notna() & (ranking["previous_position"] != ranking["position"])
    is_own = ranking["previous_margin"] != ranking["margin"]
    if before.run.model_id != str(run.manifest.get("model_id") or ""):
        cause = np.full(len(ranking), "model")
    else:
        moved = ranking.loc[has_moved & is_own, "entity_id"].tolist()
        is_data = ranking["entity_id"].isin(changed_by_data(run, before.run.as_of, moved, with_gap))
        cause = np.where(is_own, np.where(is_data, "data", "own"), "others")
    # A thinned-out run lacks entities that were not listed, so it cannot show that an entity is new.
    is_new = ranking["previous_position"].isna() & before.run.is_whole
    ranking["moved_by"] = np.where(is_new, "new", np.where(has_moved, cause, ""))
    return ranking


def changed_by_data(run: FinishedRun, before: date, entities: Sequence[str], with_gap: AbstractSet[str]) -> list[str]:
    """The entities with changed indicators that all depend on contracts with a data gap.

    Only indicators that models read count. An indicator that grew by exactly the days that passed has not changed. Without a data
    gap nothing is read. Otherwise the dependent indicators are read first, and the others only for the entities that remain. If the
    indicators of a day are not stored, the result is empty.
    """
    scored = [indicator for indicator in catalogue() if indicator.scored]
    dependent = [indicator for indicator in scored if with_gap & {*indicator.sources}]
    others = [indicator for indicator in scored if indicator not in dependent]
    left = pa.array(entities, pa.string())
    left = left.filter(pa.array(_has_changed(run, before, left, dependent)))
    left = left.filter(pa.array(~_has_changed(run, before, left, others))) if len(left) else left
    return [str(name) for name in left.to_pylist()]


def _has_changed(run: FinishedRun, before: date, entities: pa.Array, indicators: Sequence[Indicator]) -> np.ndarray:
    """Whether one of the indicators changed, shape (len(entities),); False for an entity that either day lacks."""
    found = np.zeros(len(entities), dtype=bool)
    passed = (run.as_of - before).days
    for at in range(0, len(indicators), AT_ONCE):
        part = indicators[at : at + AT_ONCE]
        then, was_there = _values(run, before, entities, part)
        now, is_there = _values(run, run.as_of, entities, part)
        is_age = np.array([indicator.unit == "days" for indicator in part]) & (now - then == passed)
        is_other = (then != now) & ~(np.isnan(then) & np.isnan(now)) & ~is_age
        found |= was_there & is_there & is_other.any(axis=1)
    return found


def _values(run: FinishedRun, day: date, entities: pa.Array, indicators: Sequence[Indicator]) -> tuple[np.ndarray, np.ndarray]:
    """Values, shape (entities, indicators), NaN if unknown; and whether the day has the entity, shape (entities,)."""
    columns = [indicator.column for indicator in indicators]
    rows = run.rows(features_contract(), [ENTITY_ID, *columns], where=ds.field(str(AS_OF)) == day)
    if rows.num_rows == 0:
        return np.full((len(entities), len(columns)), np.nan), np.zeros(len(entities), dtype=bool)
    at = pc.index_in(entities, value_set=rows[str(ENTITY_ID)].combine_chunks())
    places = pc.fill_null(at, 0).to_numpy(zero_copy_only=False)
    values = np.column_stack([rows[name].to_numpy()[places] for name in columns]).astype(float)
    return values, at.is_valid().to_numpy(zero_copy_only=False)
