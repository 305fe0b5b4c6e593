"""Counterfactuals: the fewest changes of an entity's own indicators that bring it into a better class.

A counterfactual explanation (Wachter, Mittelstadt & Russell 2017) of at most three changes that the entity can make, each towards
the usual value (its peers' median, or a neutral value). Since directions are monotone, a greedy search suffices: add indicators,
the largest contribution first, until the class is better; drop those not needed; then move each back as far as the class allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.indicators import Indicator
from expectations.contracts.scoring import INDICATOR, VALUE
from models.explanation.reasons import ROW
from models.foundation.inputs import Floats, Ints, Texts
from models.risk.credit import CLASSES, ranks

MOST = 3
HALVINGS = 8
WANTED = "wanted"
WHOLE = frozenset({"count", "periods", "flag", "grade"})
"""Units with whole values only."""

Classify = Callable[[pd.DataFrame], npt.ArrayLike]


@dataclass(frozen=True)
class Counterfactuals:
    """The changes found for each row.

    Attributes:
        better: the class after the changes, None where there are none.
        changes: ``row`` (position, from 0), ``indicator``, ``value`` and ``wanted`` (in the indicator's unit), by row and
            descending contribution.
    """

    better: Texts
    changes: pd.DataFrame


@dataclass(frozen=True)
class _Path:
    """One step of each row: the indicator and its current and usual value; NaN and -1 where a row has fewer steps."""

    at: Ints
    value: Floats
    goal: Floats


def counterfactuals(
    X: pd.DataFrame,
    contributions: pd.DataFrame,
    classes: npt.ArrayLike,
    goals: pd.DataFrame,
    classify: Classify,
    *,
    indicators: Mapping[str, Indicator],
    clip: float,
) -> Counterfactuals:
    """Search for every row independently.

    Args:
        X: features, shape (n, …).
        contributions: each indicator's contribution, of the same rows.
        classes: each row's class.
        goals: the usual values, a column an indicator, NaN where unknown.
        classify: the class of each row of changed features; the index is the row's position in ``X``.
        clip: the size at which peer forms are cut off; beyond it the peers' spread is unknown.
    """
    X = X.reset_index(drop=True)
    wanted = ranks(classes) + 1
    names = sorted(
        name for name in contributions.columns if name in indicators and indicators[name].changeable and indicators[name].direction
    )
    steps = _steps(X, contributions, goals, [indicators[name] for name in names])
    is_whole = np.array([indicators[name].unit in WHOLE for name in names] or [False])

    def reached(moved: Floats, rows: Ints) -> npt.NDArray[np.bool_]:
        if not len(rows):
            return np.zeros(0, dtype=bool)
        changed = _changed(X.iloc[rows], [_of(step, rows) for step in steps], moved, names, is_whole, clip)
        better: npt.NDArray[np.bool_] = ranks(classify(changed)) >= wanted[rows]
        return better

    moved, found = _search(reached, len(X), steps, wanted < len(CLASSES))
    changes = _listed(steps, moved, found, names, is_whole)
    better = np.full(len(X), None, dtype=object)
    rows = np.flatnonzero(found)
    if len(rows):
        changed = _changed(X.iloc[rows], [_of(step, rows) for step in steps], moved[rows], names, is_whole, clip)
        better[rows] = np.asarray(classify(changed), dtype=object)
    return Counterfactuals(better, changes)


def _search(
    reached: Callable[[Floats, Ints], npt.NDArray[np.bool_]], n: int, steps: list[_Path], may_rise: npt.NDArray[np.bool_]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """How far each step goes, 0 to 1, shape (n, steps), and for which rows that reaches the wanted class."""
    moved, found = np.zeros((n, len(steps))), np.zeros(n, dtype=bool)
    taken = np.zeros(n, dtype=np.int64)
    for number, step in enumerate(steps):
        open_ = np.flatnonzero(may_rise & ~found & (step.at >= 0))
        moved[open_, number] = 1.0
        found[open_] = reached(moved[open_], open_)
        taken[open_] = number
    moved[~found] = 0.0
    for number in reversed(range(len(steps))):
        rows = np.flatnonzero(found & (number < taken))
        without = moved[rows].copy()
        without[:, number] = 0.0
        unneeded = rows[reached(without, rows)]
        moved[unneeded, number] = 0.0
    for number in reversed(range(len(steps))):
        rows = np.flatnonzero(found & (moved[:, number] > 0))
        short, enough = np.zeros(len(rows)), np.ones(len(rows))
        for _ in range(HALVINGS):
            tried = moved[rows].copy()
            tried[:, number] = (short + enough) / 2
            holds = reached(tried, rows)
            enough, short = np.where(holds, tried[:, number], enough), np.where(holds, short, tried[:, number])
        moved[rows, number] = enough
    return moved, found


def _steps(X: pd.DataFrame, contributions: pd.DataFrame, goals: pd.DataFrame, indicators: list[Indicator]) -> list[_Path]:
    """Each row's usable indicators, the largest contribution first, names breaking ties."""
    if not indicators or not len(X):
        return []
    names = [indicator.column for indicator in indicators]
    added = contributions[names].to_numpy(dtype=np.float64)
    value = X.reindex(columns=names).to_numpy(dtype=np.float64, na_value=np.nan)
    goal = goals.reindex(columns=names).to_numpy(dtype=np.float64, na_value=np.nan)
    direction = np.array([indicator.direction for indicator in indicators])
    usable = (added > 0) & (direction * (value - goal) > 0)
    order = np.argsort(np.where(usable, -added, np.inf), axis=1, kind="stable")[:, :MOST]
    rows = np.arange(len(X))
    return [_Path(np.where(usable[rows, at], at, -1), value[rows, at], goal[rows, at]) for at in order.T]


def _of(step: _Path, rows: Ints) -> _Path:
    return _Path(step.at[rows], step.value[rows], step.goal[rows])


def _moved_to(step: _Path, share: Floats, is_whole: npt.NDArray[np.bool_]) -> Floats:
    """The value after that share of the way; for whole units rounded towards the goal, so that it is enough."""
    target = np.where(share >= 1.0, step.goal, step.value + share * (step.goal - step.value))
    onwards = np.where(step.goal < step.value, np.floor(target), np.ceil(target))
    whole: Floats = np.where(is_whole[np.maximum(step.at, 0)], onwards, target)
    return whole


def _changed(
    X: pd.DataFrame, steps: list[_Path], moved: Floats, names: list[str], is_whole: npt.NDArray[np.bool_], clip: float
) -> pd.DataFrame:
    """The features with each step moved by ``moved``, and the peer forms adjusted to the values."""
    changed = X.copy()
    for number, step in enumerate(steps):
        target = _moved_to(step, moved[:, number], is_whole)
        for at in np.unique(step.at[(step.at >= 0) & (moved[:, number] > 0)]):
            rows = np.flatnonzero((step.at == at) & (moved[:, number] > 0))
            name = names[at]
            changed[name] = _put(changed[name], rows, target[rows])
            peer = f"{name}_vs_peers"
            if peer in changed:
                z = changed[peer].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
                changed[peer] = _put(changed[peer], rows, _peer_form(z, step.value[rows], step.goal[rows], target[rows], clip))
    return changed


def _peer_form(z: Floats, value: Floats, median: Floats, target: Floats, clip: float) -> Floats:
    """The target's robust z, with the spread implied by value and z; a z that was cut off stays until the median is reached."""
    is_cut = np.abs(z) >= clip
    away = value - median
    spread = np.divide(away, z, out=np.full_like(away, np.inf), where=(z != 0) & ~is_cut & ~np.isnan(z))
    moved = np.divide(target - median, spread, out=np.zeros_like(away), where=np.isfinite(spread))
    at_median = np.abs(target - median) <= np.maximum(np.abs(median), 1.0) * 1e-12
    passed = (target - median) * away <= 0
    unchanged = np.where(at_median | passed, 0.0, z)
    form: Floats = np.where(np.isnan(z), np.nan, np.where(np.isfinite(spread), np.clip(moved, -clip, clip), unchanged))
    return form


def _put(column: pd.Series, rows: Ints, values: Floats) -> pd.Series:
    filled = column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    filled[rows] = values
    return pd.Series(filled, index=column.index)


def _listed(
    steps: list[_Path], moved: Floats, found: npt.NDArray[np.bool_], names: list[str], is_whole: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    columns = [ROW, "step", str(INDICATOR), str(VALUE), WANTED]
    parts = []
    for number, step in enumerate(steps):
        rows = np.flatnonzero(found & (moved[:, number] > 0))
        target = _moved_to(step, moved[:, number], is_whole)[rows]
        named = np.array(names, dtype=object)[step.at[rows]]
        parts.append(pd.DataFrame(dict(zip(columns, (rows, number, named, step.value[rows], target), strict=True))))
    if not parts:
        return pd.DataFrame(columns=[ROW, str(INDICATOR), str(VALUE), WANTED])
    listed = pd.concat(parts, ignore_index=True).sort_values([ROW, "step"], ignore_index=True)
    return listed.drop(columns="step")
