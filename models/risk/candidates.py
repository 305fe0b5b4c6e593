"""The candidates for the probability, in order of readability: a scorecard, monotone boosted trees, and a blend of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.foundation.inputs import Floats, Ints
from models.risk import boosting
from models.risk.boosting import LARGE_TREES, STUMPS, TREES, Booster, Growth, fit_booster
from models.risk.inspector_effects import NOBODY, InspectorEffects, fit_effects
from models.risk.scorecard import Scorecard, Stumps

SCORECARD, TREE, BLEND = "scorecard", "trees", "blend"
CANDIDATES = (SCORECARD, TREE, BLEND)
"""In order of readability: the first is preferred (:mod:`models.risk.champion`)."""
LARGE = "large_trees"
GROWTHS: Mapping[str, Growth] = {TREE: TREES, LARGE: LARGE_TREES}
"""How trees may grow; held-out rows choose, with the number of rounds."""
SHARE = 0.5
"""A blend's share of the scorecard; the rest is the trees'."""
ROUNDS = {SCORECARD: (10, 20, 40, 80, 160, 320), TREE: (25, 50, 100, 200, 400, 800), LARGE: (25, 50, 100, 200, 400)}
"""Numbers of boosting rounds to try; the trees take smaller steps (:data:`models.risk.boosting.TREES`)."""
FEW_ROUNDS = {kind: ROUNDS[kind][1] for kind in (SCORECARD, TREE)}
"""Rounds where no held-out rows can choose them."""
FIRST_ROUNDS = 40
"""Rounds of the margin that inspector effects are first estimated with."""


@dataclass(frozen=True)
class Blend:
    """The weighted mean of candidates' log-odds and contributions; ``shares`` add up to 1."""

    members: tuple[Learner, ...]
    shares: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.members) != len(self.shares) or not self.members:
            raise ValueError(f"a blend of {len(self.members)} candidates needs as many shares, not {len(self.shares)}")
        if min(self.shares) < 0 or abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"the shares of a blend must be zero or more and add up to 1, not {self.shares}")

    @property
    def name(self) -> str:
        """Shares and names of the members."""
        return " + ".join(f"{share:g} {member.name}" for share, member in zip(self.shares, self.members, strict=True))

    def margin(self, rows: Floats) -> Floats:
        """Log-odds, shape (n,)."""
        total = np.zeros(len(rows))
        for share, member in zip(self.shares, self.members, strict=True):
            total += share * member.margin(rows)
        return total

    def explain(self, rows: Floats) -> tuple[Floats, Floats]:
        """The same margins bit for bit, and each column's contribution: shape (n, k + 1), the last the base."""
        total, contributions = np.zeros(len(rows)), np.zeros((len(rows), rows.shape[1] + 1))
        for share, member in zip(self.shares, self.members, strict=True):
            margin, added = member.explain(rows)
            total += share * margin
            contributions += share * added
        return total, contributions


Learner = Scorecard | Booster | Blend
"""A fitted candidate; rows are of shape (n, k), NaN is unknown."""


@dataclass(frozen=True)
class Labels:
    """Labelled rows in a fixed order; parallel arrays of n rows."""

    rows: Floats
    y: Floats
    weight: Floats
    inspector: npt.NDArray[np.str_]

    def part(self, at: Ints) -> Labels:
        """The rows at these positions."""
        return Labels(self.rows[at], self.y[at], self.weight[at], self.inspector[at])


@dataclass(frozen=True)
class CandidateFitter:
    """Settings with which all candidates are fitted."""

    directions: tuple[int, ...]
    seed: int
    threads: int

    def effects(self, labels: Labels) -> InspectorEffects:
        """Inspector effects, estimated with a first margin that was fitted with effects estimated without any margin."""
        if (labels.inspector == NOBODY).all():
            return fit_effects(labels.y, labels.weight, labels.inspector, np.zeros(len(labels.y)))
        y, rate = labels.y, np.average(labels.y, weights=labels.weight)
        constant = np.full(len(y), np.log(rate / (1 - rate)))
        first = fit_effects(y, labels.weight, labels.inspector, constant).offset(labels.inspector)
        stumps = fit_booster(
            labels.rows, y, labels.weight, self.directions,
            offset=first, growth=STUMPS, rounds=FIRST_ROUNDS, seed=self.seed, threads=self.threads,
        )  # fmt: skip
        return fit_effects(y, labels.weight, labels.inspector, stumps.margin(labels.rows))

    def staged(self, labels: Labels, effects: InspectorEffects, kind: str, rows: Floats) -> Floats:
        """Margins of ``rows`` (m, k) by the scorecard or trees of a growth after each of its :data:`ROUNDS`, a column each."""
        if kind == SCORECARD:
            stumps = self._stumps(labels, effects, ROUNDS[kind][-1])
            return np.column_stack([stumps.scorecard(rounds).margin(rows) for rounds in ROUNDS[kind]])
        booster = self._trees(labels, effects, kind, ROUNDS[kind][-1])
        return np.column_stack([booster.margin(rows, rounds) for rounds in ROUNDS[kind]])

    def learner(self, labels: Labels, effects: InspectorEffects, kind: str, rounds: Mapping[str, int]) -> Learner:
        """One candidate fitted on labelled rows with the chosen numbers of rounds by kind; trees of the growth that has some."""
        if kind == SCORECARD:
            return self._stumps(labels, effects, rounds[SCORECARD]).scorecard(rounds[SCORECARD])
        if kind == TREE:
            (growth,) = GROWTHS.keys() & rounds.keys()
            return self._trees(labels, effects, growth, rounds[growth])
        return blend(self.learner(labels, effects, SCORECARD, rounds), self.learner(labels, effects, TREE, rounds))

    def _stumps(self, labels: Labels, effects: InspectorEffects, rounds: int) -> Stumps:
        return Stumps(
            labels.rows, labels.y, labels.weight, self.directions, _offset(labels, effects),
            rounds=rounds, seed=self.seed, threads=self.threads,
        )  # fmt: skip

    def _trees(self, labels: Labels, effects: InspectorEffects, growth: str, rounds: int) -> Booster:
        return fit_booster(
            labels.rows, labels.y, labels.weight, self.directions,
            offset=_offset(labels, effects), growth=GROWTHS[growth], rounds=rounds, seed=self.seed, threads=self.threads,
        )  # fmt: skip


def kinds_to_fit(candidates: tuple[str, ...]) -> tuple[str, ...]:
    """What to fit: trees of every growth, and both others for a blend."""
    wanted = (SCORECARD, TREE) if BLEND in candidates else candidates
    return tuple(kind for one in wanted for kind in options_of(one))


def options_of(kind: str) -> tuple[str, ...]:
    """What tuning chooses from for a scorecard or trees; without LightGBM no large trees, which have no exact contributions."""
    return (kind,) if kind == SCORECARD or boosting.load_lightgbm() is None else tuple(GROWTHS)


def blend(scorecard: Learner, trees: Learner) -> Blend:
    """The blend of two fitted candidates."""
    return Blend((scorecard, trees), (SHARE, 1 - SHARE))


def blended(scorecard: Floats, trees: Floats) -> Floats:
    """The blend's margins from its members' margins."""
    return SHARE * scorecard + (1 - SHARE) * trees


def kind_of(learner: Learner) -> str:
    """Which of :data:`CANDIDATES` a fitted candidate is."""
    return SCORECARD if isinstance(learner, Scorecard) else BLEND if isinstance(learner, Blend) else TREE


def _offset(labels: Labels, effects: InspectorEffects) -> Floats | None:
    """Inspector effects of the rows; None where no inspector is known, so that boosting starts from the labels' level."""
    return effects.offset(labels.inspector) if effects.effect.any() else None
