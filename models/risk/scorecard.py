"""An additive scorecard: each indicator cut into bins, each bin a whole number of credit points, monotone, without interactions.

Boosted trees with a single split over the bins add up to one step function a column, which is rounded to whole points (Lou, Caruana
and Gehrke 2012, "Intelligible models for classification and regression"; Siddiqi 2006, "Credit Risk Scorecards", for points that
double the odds). Rounding keeps the order of the bins, so monotone columns stay monotone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.foundation.inputs import Floats, Ints
from models.risk.boosting import STUMPS, Booster, fit_booster
from models.risk.credit import EVEN_ODDS_POINTS, POINTS_TO_DOUBLE_ODDS

MOST_BINS = 10
ROWS_A_BIN = 50
LOG_ODDS_A_POINT = float(np.log(2.0)) / POINTS_TO_DOUBLE_ODDS


@dataclass(frozen=True)
class Bins:
    """Each column's bins: bin 0 is below the first bound, bin b starts at bound b - 1; unknown values have no bin.

    Attributes:
        bounds: one ascending array a column; empty where the column is not cut.
    """

    bounds: tuple[Floats, ...]

    def codes(self, rows: Floats) -> Floats:
        """The bin of every value of ``rows`` (n, k), as float64; NaN stays NaN."""
        codes = np.empty(rows.shape, dtype=np.float64)
        for at, bounds in enumerate(self.bounds):
            column = rows[:, at]
            codes[:, at] = np.where(np.isnan(column), np.nan, np.searchsorted(bounds, column, side="right"))
        return codes


def cut_bins(rows: Floats) -> Bins:
    """Cut the known values of ``rows`` (n, k) into bins of about equal size, independent of the order of rows.

    From the least value up, a bin is closed once it holds its share of the remaining rows and at least :data:`ROWS_A_BIN`. So a
    value that half of the rows have is one bin, and the rare values above it still get bins of their own.
    """
    return Bins(tuple(_bounds(rows[:, at]) for at in range(rows.shape[1])))


def _bounds(column: Floats) -> Floats:
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    up_to = np.cumsum(counts)
    total = int(up_to[-1]) if len(up_to) else 0
    bounds, done = [], 0
    for left in range(MOST_BINS, 1, -1):
        share = max((total - done) / left, ROWS_A_BIN)
        last = int(np.searchsorted(up_to, done + share, side="left"))
        if last >= len(values) - 1 or total - int(up_to[last]) < ROWS_A_BIN:
            break
        bounds.append(values[last + 1])
        done = int(up_to[last])
    return np.array(bounds, dtype=np.float64)


@dataclass(frozen=True)
class Scorecard:
    """Points by column and bin on the scale of credit points: more is better, 100 double the odds of a clean visit.

    Attributes:
        bins: the bins of each column.
        points: whole points of each bin, one array a column.
        unknown: whole points of an unknown value, shape (k,).
        base: the points of an entity that is average in every column.
        library: the library that fitted it.
    """

    bins: Bins
    points: tuple[Ints, ...]
    unknown: Ints
    base: int
    library: str

    @property
    def name(self) -> str:
        """The kind of candidate and the library that fitted it."""
        return f"scorecard ({self.library})"

    def total(self, rows: Floats) -> Ints:
        """The base plus the points of every column, shape (n,), without limits."""
        total: Ints = self.base + self._points(rows).sum(axis=1)
        return total

    def margin(self, rows: Floats) -> Floats:
        """Log-odds of a violation, shape (n,)."""
        return self._log_odds(self.total(rows))

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """The same margins bit for bit, and each column's points as log-odds: shape (n, k + 1), the last the base."""
        points = self._points(rows)
        base = np.full((len(rows), 1), (EVEN_ODDS_POINTS - self.base) * LOG_ODDS_A_POINT)
        return self._log_odds(self.base + points.sum(axis=1)), np.concatenate([points * -LOG_ODDS_A_POINT, base], axis=1)

    @staticmethod
    def _log_odds(total: Ints) -> Floats:
        return np.asarray(EVEN_ODDS_POINTS - total, dtype=np.float64) * LOG_ODDS_A_POINT

    def _points(self, rows: Floats) -> Ints:
        codes = self.bins.codes(rows)
        found = np.empty(codes.shape, dtype=np.int64)
        for at, points in enumerate(self.points):
            column = codes[:, at]
            is_unknown = np.isnan(column)
            found[:, at] = np.where(is_unknown, self.unknown[at], points[np.where(is_unknown, 0, column).astype(np.int64)])
        return found

    def table(self, columns: tuple[str, ...]) -> pd.DataFrame:
        """The card as rows ``column, at_least, below`` (NaN where open), ``points``; both NaN for the unknown value.

        Neighbouring bins with equal points become one row; a column with only zero points is left out.
        """
        rows: list[tuple[str, float, float, int]] = []
        for name, bounds, points, unknown in zip(columns, self.bins.bounds, self.points, self.unknown, strict=True):
            if not points.any() and not unknown:
                continue
            starts = np.concatenate([[0], np.flatnonzero(np.diff(points)) + 1])
            at_least = np.concatenate([[np.nan], bounds])[starts]
            rows += zip([name] * len(starts), at_least, [*at_least[1:], np.nan], points[starts].tolist(), strict=True)
            rows.append((name, np.nan, np.nan, int(unknown)))
        return pd.DataFrame(rows, columns=["column", "at_least", "below", "points"])


class Stumps:
    """Boosted single splits over the bins of labelled rows, from which a scorecard of any number of rounds can be read."""

    def __init__(
        self,
        rows: Floats,
        y: Floats,
        weight: Floats,
        directions: tuple[int, ...],
        offset: Floats | None,
        *,
        rounds: int,
        seed: int,
        threads: int,
    ) -> None:
        """Fit on ``rows`` (n, k), ``y``, ``weight`` and ``offset`` (n,); see :func:`models.risk.boosting.fit_booster`."""
        self._bins = cut_bins(rows)
        self._codes = self._bins.codes(rows)
        self._weight = weight
        self._booster: Booster = fit_booster(
            self._codes, y, weight, directions, offset=offset, growth=STUMPS, rounds=rounds, seed=seed, threads=threads
        )

    def scorecard(self, rounds: int) -> Scorecard:
        """The scorecard after so many rounds."""
        steps, unknown, base = self._steps(rounds)
        points, unknown_points = [], np.zeros(len(steps), dtype=np.int64)
        for at, step in enumerate(steps):
            codes = self._codes[:, at]
            known = ~np.isnan(codes)
            share = np.bincount(codes[known].astype(np.int64), self._weight[known], minlength=len(step))
            # A column without unknown values in training: an unknown value counts as average later.
            ordinary = float(share @ step) / share.sum() if share.sum() > 0 else 0.0
            missing = float(unknown[at]) if not known.all() else ordinary
            missing_weight = float(self._weight[~known].sum())
            mean = (ordinary * share.sum() + missing * missing_weight) / (share.sum() + missing_weight)
            points.append(_as_points(step - mean))
            unknown_points[at] = _as_points(np.array([missing - mean]))[0]
            base += mean
        whole = EVEN_ODDS_POINTS + int(_as_points(np.array([base]))[0])
        return Scorecard(self._bins, tuple(points), unknown_points, whole, self._booster.name)

    def _steps(self, rounds: int) -> tuple[list[Floats], Floats, float]:
        """Each bin's and the unknown value's difference from bin 0, and the margin with all columns in bin 0."""
        sizes = [len(bounds) + 1 for bounds in self._bins.bounds]
        starts = np.cumsum([0, *(size + 1 for size in sizes)])
        probe = np.zeros((1 + starts[-1], len(sizes)))
        for at, size in enumerate(sizes):
            probe[1 + starts[at] : 1 + starts[at + 1], at] = [*range(size), np.nan]
        margin = self._booster.margin(probe, rounds)
        parts = np.split(margin[1:] - margin[0], starts[1:-1])
        return [part[:-1] for part in parts], np.array([part[-1] for part in parts]), float(margin[0])


def _as_points(log_odds: Floats) -> Ints:
    """Log-odds of a violation as whole points; rounding is monotone, so the order of bins is kept."""
    points: Ints = np.rint(-log_odds / LOG_ODDS_A_POINT).astype(np.int64)
    return points


def scorecard_facts(card: Scorecard) -> dict[str, Any]:
    """The whole scorecard, for JSON."""
    return {
        "bounds": [bounds.tolist() for bounds in card.bins.bounds],
        "points": [points.tolist() for points in card.points],
        "unknown": card.unknown.tolist(),
        "base": card.base,
        "library": card.library,
    }


def restore_scorecard(facts: Mapping[str, Any], columns: int, name: str) -> Scorecard:
    """The scorecard of :func:`scorecard_facts`.

    Raises:
        ValueError: when it lacks a row for each of the model's ``columns``, ascending bounds, or whole points for each bin;
            ``name`` is its file.
        KeyError: when a part is missing.
    """
    bounds = tuple(np.array(values, dtype=np.float64) for values in facts["bounds"])
    given = [*facts["points"], facts["unknown"], [facts["base"]]]
    is_whole = all(isinstance(point, int) for points in given for point in points)
    fits = len(bounds) == len(facts["points"]) == len(facts["unknown"]) == columns and all(
        len(points) == len(cuts) + 1 and bool((np.diff(cuts) > 0).all())
        for points, cuts in zip(facts["points"], bounds, strict=False)
    )
    if not (is_whole and fits):
        raise ValueError(f"the scorecard in {name} does not fit its model; restore the file or retrain the model")
    points = tuple(np.array(values, dtype=np.int64) for values in facts["points"])
    return Scorecard(Bins(bounds), points, np.array(facts["unknown"], dtype=np.int64), facts["base"], facts["library"])
