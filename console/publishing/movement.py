"""Where everybody stood on the published day before, and what moved those who stand elsewhere.

Which entities are reckoned otherwise than the day before by what came, or did not come, of some sources alone.

Whose data of a day and of the published day before cannot be held against each other as if both had come as they should.
"""

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
from console.core.finished_run import FinishedRun
from expectations.contracts.indicators import Indicator, catalogue, features_contract
from expectations.contracts.lineage import AS_OF, ENTITY_ID

AT_ONCE = 8
"""Indicators that are read together: so many columns of two days of a country's entities fit into memory."""


def changed_by_data(run: FinishedRun, before: date, entities: Sequence[str], disturbed: AbstractSet[str]) -> list[str]:
    """Of some entities those of which an indicator is another than on the day before, and every one that is rests on a disturbed
    contract.

    An indicator that models do not read is not asked, and one that grew by just the days that passed did not change. Where nothing
    is disturbed nothing is read; else first what rests on it, and the other indicators for the entities alone that this leaves.

    Args:
        run: the run; its day's indicators and those of the day before are read, and where either are not kept nobody is told.
        before: the day before.
        entities: whose indicators are asked.
        disturbed: contracts, as :attr:`Indicator.sources` names them.
    """
    scored = [indicator for indicator in catalogue() if indicator.scored]
    resting = [indicator for indicator in scored if disturbed & {*indicator.sources}]
    others = [indicator for indicator in scored if indicator not in resting]
    left = pa.array(entities, pa.string())
    left = left.filter(pa.array(_has_changed(run, before, left, resting)))
    left = left.filter(pa.array(~_has_changed(run, before, left, others))) if len(left) else left
    return [str(name) for name in left.to_pylist()]


def _has_changed(run: FinishedRun, before: date, entities: pa.Array, indicators: Sequence[Indicator]) -> np.ndarray:
    """Of each entity whether one of the indicators is another; not of one that either day does not have: it cannot be told."""
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
    """A row an entity, a column an indicator, NaN where it is not known; and whether the day has the entity."""
    columns = [indicator.column for indicator in indicators]
    rows = run.rows(features_contract(), [ENTITY_ID, *columns], where=ds.field(str(AS_OF)) == day)
    if rows.num_rows == 0:
        return np.full((len(entities), len(columns)), np.nan), np.zeros(len(entities), dtype=bool)
    at = pc.index_in(entities, value_set=rows[str(ENTITY_ID)].combine_chunks())
    places = pc.fill_null(at, 0).to_numpy(zero_copy_only=False)
    values = np.column_stack([rows[name].to_numpy()[places] for name in columns]).astype(float)
    return values, at.is_valid().to_numpy(zero_copy_only=False)


CAME = ("passed", "unchanged")
"""The verdicts of a source that was there on a day, with news or with none that was due."""


def source_changes(run: FinishedRun, before: PublishedRun | None) -> list[dict[str, Any]]:
    """What the day settled of each source, as :meth:`FinishedRun.source_manifests` gives it, with ``is_disturbed``.

    A source that the published day before does not name, since it was not mapped then, is not disturbed: what was recorded with
    its first delivery is no less the entities' own.
    """
    told = run.source_manifests()
    then = {source["source"]: source for source in before.sources} if before else {}
    chains = run.chains_until(before.as_of) if before else {}
    for source in told:
        name = source["source"]
        source["is_disturbed"] = name in then and has_data_gap(then[name], source, chains.get(name))
    return told


def has_data_gap(then: Mapping[str, Any], now: Mapping[str, Any], chain: str | None) -> bool:
    """Whether a source was missing, stopped or not settled on either day, or what it delivered by the first was corrected since.

    Args:
        then: what the earlier day settled of it.
        now: what the later day settled.
        chain: the chain of its deliveries up to the earlier day, as the later day knows them: another one than ``then`` has where
            a delivery was mended, came late or was withdrawn, or the mapping was changed. Where either does not say, as of a day
            that was published before chains were kept, no correction is told.
    """
    is_corrected = chain is not None and then.get("chain") not in (None, chain)
    return is_corrected or not {then["verdict"], now["verdict"]} <= {*CAME}


def contracts_with_data_gap(told: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """The contracts of the sources of :func:`source_changes` that are disturbed."""
    return frozenset(str(source["contract"]) for source in told if source["is_disturbed"] and source["contract"])


_STANDING = ("entity_id", "position", "risk_class", "margin", "credit_points")
_WAS = {"position": "previous_position", "risk_class": "previous_class", "margin": "previous_margin"}


@dataclass(frozen=True)
class PreviousRun:
    """The published day before, and the columns of :data:`_STANDING` of everybody it ranked."""

    run: PublishedRun
    standing: pd.DataFrame

    def credit(self) -> dict[str, tuple[int, str]]:
        """Credit points and class, by entity."""
        names, points, letters = (self.standing[name].tolist() for name in ("entity_id", "credit_points", "risk_class"))
        return dict(zip(names, zip(points, letters, strict=True), strict=True))


def previous_positions(run: FinishedRun) -> PreviousRun | None:
    """Where everybody stood on the newest published day before the run's; None where there is none. A million rows: read once."""
    before = PublishedRun.objects.filter(is_current=True, as_of__lt=run.as_of).order_by("-as_of").first()
    if before is None:
        return None
    rows = Ranked.objects.using(alias_of(before.run_id)).order_by().values_list(*_STANDING)
    return PreviousRun(before, pd.DataFrame.from_records(list(rows.iterator(chunk_size=20_000)), columns=_STANDING))


def add_movement(
    ranking: pd.DataFrame, run: FinishedRun, before: PreviousRun | None, disturbed: AbstractSet[str] = frozenset()
) -> pd.DataFrame:
    """Add ``previous_position``, ``previous_class`` and ``moved_by`` to a ranking with ``entity_id``, ``position`` and ``margin``.

    Of those who stand elsewhere than the day before, ``moved_by`` is the first of these that is so: ``model``, another model ranked
    them; ``others``, their own margin is what it was; ``data``, their margin is another by what came, or did not come, of a source
    alone (:func:`console.publishing.movement.changed_by_data`); ``own``, by anything else. ``new`` are those who were not ranked.

    Args:
        ranking: everybody's.
        run: the run that it is of.
        before: where everybody stood.
        disturbed: the contracts whose sources were disturbed (:mod:`console.publishing.movement`).
    """
    if before is None:
        return ranking.assign(previous_position=np.nan, previous_class="", moved_by="")
    was = before.standing.drop(columns="credit_points").rename(columns=lambda name: name if name == "entity_id" else _WAS[name])
    ranking = ranking.merge(was, on="entity_id", how="left")
    has_moved = ranking["previous_position"].notna() & (ranking["previous_position"] != ranking["position"])
    is_own = ranking["previous_margin"] != ranking["margin"]
    if before.run.model_id != str(run.manifest.get("model_id") or ""):
        cause = np.full(len(ranking), "model")
    else:
        moved = ranking.loc[has_moved & is_own, "entity_id"].tolist()
        is_data = ranking["entity_id"].isin(changed_by_data(run, before.run.as_of, moved, disturbed))
        cause = np.where(is_own, np.where(is_data, "data", "own"), "others")
    # A thinned-out day no longer holds who was not listed: whether somebody is new cannot be told by it.
    is_new = ranking["previous_position"].isna() & before.run.is_whole
    ranking["moved_by"] = np.where(is_new, "new", np.where(has_moved, cause, ""))
    return ranking
