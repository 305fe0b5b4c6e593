"""Which entities are reckoned otherwise than the day before by what came, or did not come, of some sources alone."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

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
