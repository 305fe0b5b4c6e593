"""The probability that a visit finds a violation, learnt from past visits.

Forward chaining over windows of cohorts (fit on what was known then, evaluate on what followed) chooses the candidates' settings,
the champion and the calibration; the champion is then fitted on all labels. The choices are nested: in the contest, a candidate has
in each window the settings that were best in the windows before. With enough randomly drawn visits the calibration is cross-fitted
over businesses instead, so that it can use all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.foundation.inputs import Floats, Ints, matrix
from models.foundation.threads import parallel_map
from models.risk.calibration import Calibration, fit_calibration, log_loss
from models.risk.candidates import (
    BLEND,
    CANDIDATES,
    FEW_ROUNDS,
    ROUNDS,
    SCORECARD,
    TREE,
    CandidateFitter,
    Labels,
    Learner,
    blended,
    kinds_to_fit,
    options_of,
)
from models.risk.champion import LEAST_GAIN, ONE_ERROR, Choice, choose, misses
from models.risk.inspector_effects import NOBODY, InspectorEffects
from models.risk.selection_bias import RANDOM, SelectionBiasCalibration, Texts, calibrate_selection_bias, is_representative
from models.statistics.time_splits import entity_folds, time_folds

CROSS_FOLDS = 5
"""With enough random visits, each fifth of the businesses is held out in turn."""
FIRST_PLACES = 0.2
"""The candidates are compared by the findings in this share of the visits of a window."""


@dataclass(frozen=True)
class HeldOutMargins:
    """Margins of labelled rows by models that were not fitted on them.

    Attributes:
        rows: positions in the given labelled rows, shape (m,).
        margin: shape (m,).
        split: ``time``; ``entity`` where all labels are of one cohort or random visits calibrate; ``none`` where no row could be
            held out.
        offset: inspector effects in log-odds, estimated without these rows, shape (m,).
    """

    rows: Ints
    margin: Floats
    split: str
    offset: Floats


@dataclass(frozen=True)
class ProbabilityModel:
    """A fitted probability; ``held_out``, ``effects`` and ``choice`` are not stored.

    Attributes:
        columns: the input columns.
        learner: the champion.
        calibration: from its margin to the probability.
        rounds: the best number of boosting rounds by kind.
        effects: inspector effects; averaged out in the calibration, not part of a score.
        choice: how the champion was chosen; None where no row could be held out.
    """

    columns: tuple[str, ...]
    learner: Learner
    calibration: Calibration
    rounds: Mapping[str, int]
    held_out: HeldOutMargins | None = field(default=None, compare=False)
    effects: InspectorEffects | None = field(default=None, compare=False)
    choice: Choice | None = field(default=None, compare=False)

    def margin(self, X: pd.DataFrame) -> Floats:
        """Log-odds before calibration, shape (n,)."""
        return self.learner.margin(matrix(X, self.columns))

    def probability(self, X: pd.DataFrame) -> Floats:
        """Calibrated probabilities, shape (n,), strictly increasing in the margin."""
        return self.calibration(self.margin(X))

    def contributions(self, X: pd.DataFrame) -> Floats:
        """Each column's contribution to the margin: shape (n, k + 1), the last the base; rows sum to the margin."""
        return self.explain(X)[1]

    def explain(self, X: pd.DataFrame) -> tuple[Floats, Floats]:
        """:meth:`margin`, bit for bit, and :meth:`contributions` in one pass."""
        return self.learner.explain(matrix(X, self.columns))


def fit_probability(
    X: pd.DataFrame,
    y: npt.ArrayLike,
    time: npt.ArrayLike,
    entity: npt.ArrayLike,
    directions: tuple[int, ...],
    *,
    known_on: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    inspector: npt.ArrayLike | None = None,
    reason: npt.ArrayLike | None = None,
    candidates: tuple[str, ...] = CANDIDATES,
    added: npt.ArrayLike | None = None,
    share: float = FIRST_PLACES,
    seed: int,
    threads: int = 1,
) -> ProbabilityModel:
    """Fit on labelled rows; their order does not matter.

    Args:
        X: shape (n, k); NaN is unknown.
        y: 0 or 1, shape (n,).
        time: each row's cohort date.
        entity: each row's entity; at most one row an entity and cohort.
        directions: 1, -1 or 0 for each column of ``X``.
        known_on: the day by whose end each label was known: a fold is not fitted on labels that became known after its cohort's
            day. None where each was known before the next cohort.
        weight: label weights (:mod:`models.labels.propensity`), positive, up to a common factor.
        inspector: of each visit, None or NaN where unknown; adjusted for, not an input.
        reason: why each was visited; ``random`` for a draw with a known probability (:mod:`models.risk.selection_bias`).
        candidates: of :data:`models.risk.candidates.CANDIDATES`, the most readable first.
        added: what the final order adds to the margin, such as the anomaly; the contest judges by that order.
        share: the share of a window's visits that the contest counts the findings in.

    Raises:
        ValueError: when y is not 0/1 with both present, lengths differ, a weight is not positive, or an entity has two
            rows in one cohort.
    """
    columns = tuple(str(column) for column in X.columns)
    rows, outcome = matrix(X, columns), np.asarray(y, dtype=np.float64)
    dates = np.asarray(time, dtype="datetime64[D]")
    known = dates if known_on is None else np.asarray(known_on, dtype="datetime64[D]")
    names = np.asarray(entity, dtype=object).astype(str)
    weights = np.ones(len(rows)) if weight is None else np.asarray(weight, dtype=np.float64)
    who, why = optional_texts(inspector, len(rows)), optional_texts(reason, len(rows))
    _check(rows, outcome, dates, known, names, weights, directions)
    order = np.lexsort((names, dates))
    labels = Labels(rows[order], outcome[order], weights[order] / weights.mean(), who[order])
    names, why = names[order], why[order]
    fitter = CandidateFitter(directions, seed, threads)
    split, folds = "time", time_folds(dates[order], labels.y, known[order])
    if not folds:
        split, folds = "entity", entity_folds(names, labels.y)
    effects = fitter.effects(labels)
    if not folds:
        learner = fitter.learner(labels, effects, candidates[0], FEW_ROUNDS)
        held_out = HeldOutMargins(order[:0], np.zeros(0), "none", np.zeros(0))
        return ProbabilityModel(columns, learner, Calibration(1.0, 0.0), FEW_ROUNDS, held_out, effects)
    held, staged, offset = _hold_out(fitter, labels, folds, kinds_to_fit(candidates))
    test, window = labels.part(held), np.repeat(np.arange(len(folds)), [len(rows) for _, rows in folds])
    losses = {kind: log_loss(margins + offset[:, None], test.y[:, None]) for kind, margins in staged.items()}
    single = tuple(kind for kind in (SCORECARD, TREE) if kind in candidates or BLEND in candidates)

    def tuned(rows: npt.NDArray[np.bool_]) -> dict[str, tuple[str, int]]:
        """What is best on these held-out rows, for a scorecard and for trees: the option, and the position of its rounds."""
        means = {kind: np.average(of_rows[rows], axis=0, weights=test.weight[rows]) for kind, of_rows in losses.items()}
        tried = {kind: [(option, at) for option in options_of(kind) for at in range(len(means[option]))] for kind in single}
        return {kind: min(settings, key=lambda setting: means[setting[0]][setting[1]]) for kind, settings in tried.items()}

    def margins_by(settings: Mapping[str, tuple[str, int]], rows: npt.NDArray[np.bool_]) -> dict[str, Floats]:
        found = {kind: staged[option][rows, at] for kind, (option, at) in settings.items()}
        return {kind: found[kind] if kind in found else blended(found[SCORECARD], found[TREE]) for kind in candidates}

    settings = tuned(np.ones(len(held), dtype=bool))
    rounds = {option: ROUNDS[option][at] for option, at in settings.values()}
    # Windows of one cohort have no order: each is judged with the settings that are best in the others.
    judged = range(1 if split == "time" and len(folds) > 1 else 0, len(folds))
    earlier = [window < at if split == "time" and len(folds) > 1 else (window != at) | (len(folds) == 1) for at in judged]
    parts = [margins_by(tuned(before), window == at) for at, before in zip(judged, earlier, strict=True)]
    is_judged = window >= judged[0]
    more = np.zeros(len(held)) if added is None else np.asarray(added, dtype=np.float64)[order][held]
    nested = {kind: np.concatenate([part[kind] for part in parts]) + more[is_judged] for kind in candidates}
    of_judged = test.part(np.flatnonzero(is_judged))
    missed = {kind: misses(z, of_judged.y, of_judged.weight, window[is_judged], share) for kind, z in nested.items()}
    choice = choose(missed, of_judged.weight, names[held][is_judged], seed=seed, level=ONE_ERROR, least=LEAST_GAIN)
    margin = margins_by(settings, np.ones(len(held), dtype=bool))[choice.champion]
    crossed = entity_folds(names, labels.y, CROSS_FOLDS) if is_representative(labels.y, why) else []
    if crossed:
        split = "entity"
        held, margin, offset = _cross_fit(fitter, labels, crossed, choice.champion, rounds)
    fitted = calibrate(margin, labels.y[held], labels.weight[held], why[held], offset, effects)
    learner = fitter.learner(labels, effects, choice.champion, rounds)
    held_out = HeldOutMargins(order[held], margin, split, offset)
    return ProbabilityModel(columns, learner, fitted.calibration, rounds, held_out, effects, choice)


def calibrate(
    margin: Floats, y: Floats, weight: Floats, reason: Texts, offset: Floats, effects: InspectorEffects | None
) -> SelectionBiasCalibration:
    """Calibrate held-out margins to the outcome of a visit by an average inspector.

    With enough random visits, corrects for selection bias (:func:`models.risk.selection_bias.calibrate_selection_bias`). Otherwise
    all visits count by their weights, and the probability is that of a visit selected like them.

    Args:
        margin, y, weight: shape (m,).
        reason: why each was visited, shape (m,).
        offset: inspector effects of the visits in log-odds, shape (m,).
        effects: the inspectors to average over; None for none.
    """
    if is_representative(y, reason):
        fitted = calibrate_selection_bias(margin, y, weight, reason, offset)
    else:
        fitted = SelectionBiasCalibration(fit_calibration(margin, y, weight, offset), weight)
    if effects is None or not effects.effect.any():
        return fitted
    averaged = effects.averaged(fitted.calibration.log_odds(margin))
    if fitted.tilt is None:
        return replace(fitted, calibration=fit_calibration(margin, averaged, weight))
    everybody, nothing = np.full(len(margin), RANDOM), np.zeros(len(margin))
    return replace(fitted, calibration=calibrate_selection_bias(margin, averaged, weight, everybody, nothing).calibration)


def optional_texts(values: npt.ArrayLike | None, rows: int) -> Texts:
    """Values as texts, shape (rows,); the empty text where unknown or None is given."""
    if values is None:
        return np.full(rows, NOBODY)
    given = pd.Series(np.asarray(values, dtype=object))
    return given.where(given.notna(), NOBODY).astype(str).to_numpy(dtype=str)


def _hold_out(
    fitter: CandidateFitter, labels: Labels, folds: list[tuple[Ints, Ints]], kinds: tuple[str, ...]
) -> tuple[Ints, dict[str, Floats], Floats]:
    """The held-out rows of all folds, their margins by kind after each number of rounds, and their inspector effects."""
    parts = [labels.part(fitted_on) for fitted_on, _ in folds]
    effects = list(parallel_map(fitter.effects, parts))

    def staged(task: tuple[int, str]) -> Floats:
        fold, kind = task
        return fitter.staged(parts[fold], effects[fold], kind, labels.rows[folds[fold][1]])

    # The longest task first: trees take more rounds than a scorecard, and a later fold has more labels.
    every = ((fold, kind) for fold in range(len(folds)) for kind in kinds)
    tasks = sorted(every, key=lambda task: (task[1] == SCORECARD, -task[0]))
    margins = dict(zip(tasks, parallel_map(staged, tasks), strict=True))
    held = np.concatenate([held_on for _, held_on in folds])
    offset = np.concatenate([one.offset(labels.inspector[at]) for one, (_, at) in zip(effects, folds, strict=True)])
    return held, {kind: np.concatenate([margins[fold, kind] for fold in range(len(folds))]) for kind in kinds}, offset


def _cross_fit(
    fitter: CandidateFitter, labels: Labels, folds: list[tuple[Ints, Ints]], champion: str, rounds: Mapping[str, int]
) -> tuple[Ints, Floats, Floats]:
    """The held-out rows of all folds, their margins by the champion fitted on the rest, and their inspector effects."""

    def held_out(fold: tuple[Ints, Ints]) -> tuple[Floats, Floats]:
        fitted_on, held = fold
        part = labels.part(fitted_on)
        effects = fitter.effects(part)
        margin = fitter.learner(part, effects, champion, rounds).margin(labels.rows[held])
        return margin, effects.offset(labels.inspector[held])

    margins, offsets = zip(*parallel_map(held_out, folds), strict=True)
    return np.concatenate([held for _, held in folds]), np.concatenate(margins), np.concatenate(offsets)


def _check(
    rows: Floats,
    y: Floats,
    time: npt.NDArray[np.datetime64],
    known: npt.NDArray[np.datetime64],
    entity: npt.NDArray[np.str_],
    weight: Floats,
    directions: tuple[int, ...],
) -> None:
    if not len(rows) == len(y) == len(time) == len(known) == len(entity) == len(weight):
        raise ValueError("X, y, time, known_on, entity and weight differ in length")
    if len(directions) != rows.shape[1]:
        raise ValueError(f"{len(directions)} directions were given for {rows.shape[1]} columns")
    if set(np.unique(y)) != {0.0, 1.0}:
        raise ValueError("y must hold 0 and 1, both of them")
    if not (np.isfinite(weight).all() and (weight > 0).all()):
        raise ValueError("weights must be positive")
    keys = pd.DataFrame({"entity": entity, "time": time})
    if keys.duplicated().any():
        twice = keys[keys.duplicated()].iloc[0]
        raise ValueError(f"entity {twice['entity']} has two rows in the cohort of {twice['time']:%Y-%m-%d}")
