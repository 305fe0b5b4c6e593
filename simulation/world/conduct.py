"""Who violates when: violations begin, are found, corrected or not, and return."""

from __future__ import annotations

import numpy as np

from simulation.world.behaviour import Behaviour
from simulation.world.clock import Clock
from simulation.world.entities import NEVER, Entities
from simulation.world.population import Roles

MONTH = 30.4


class Conduct:
    """The state of a chunk's entities as the months pass; arrays over the entities, days are day numbers.

    Attributes:
        began, ended: the days of the current or newest violation; ``began`` may be still to come, ``ended`` is NEVER while open.
        first_began: the day on which the first violation or the mimic's sign begins.
        deterred: share by which past visits lower the chance to violate now.
        unreachable: the day from which the entity cannot be met at its address.
        visited: the day of its last visit that took place.
        follow_up: the day of its next follow-up, else NEVER.
        is_minor: whether its last finding was a minor breach.
        left: the day on which a found business was revoked or suspended, else NEVER.
        is_revoked: whether its licence was revoked.
        spells, ends: entities and days of each beginning, and of each end.
    """

    def __init__(self, rng: np.random.Generator, clock: Clock, entities: Entities, roles: Roles, behaviour: Behaviour) -> None:
        n = len(entities)
        self.clock, self.roles, self.behaviour = clock, roles, behaviour
        self.began, self.first_began = roles.began.astype(np.int64), roles.began.astype(np.int64)
        self.deterred, self.visited = np.zeros(n), np.full(n, -NEVER, dtype=np.int64)
        self.unreachable = _unreachable_days(rng, entities, roles, behaviour)
        self.ended, self.follow_up, self.left = np.full((3, n), NEVER, dtype=np.int64)
        self.is_revoked, self.is_minor, self._relapses = np.zeros((3, n), dtype=bool)
        self.spells: list[tuple[np.ndarray, np.ndarray]] = []
        self.ends: list[tuple[np.ndarray, np.ndarray]] = []

    def begin_month(self, rng: np.random.Generator, month: int) -> None:
        """Let violations of the month begin or return. A deterred one begins later, or never within the window."""
        start, length = int(self.clock.starts[month]), self.clock.length(month)
        self.deterred *= 0.5 ** (1 / self.behaviour.deterrence_half_life)
        due = np.flatnonzero(self.roles.is_violator & (self.began >= start) & (self.began < start + length))
        is_deferred = rng.random(len(due)) < self.deterred[due]
        self.began[due] += np.where(is_deferred, round(self.behaviour.deterrence_half_life * MONTH), 0)
        self.first_began[due] = self.began[due]
        self.spells.append((due[~is_deferred], self.began[due[~is_deferred]]))
        able = np.flatnonzero(self._relapses & (self.ended < start) & (self.left == NEVER))
        chance = self.behaviour.relapse_monthly * length / MONTH * (1 - self.deterred[able])
        again = able[rng.random(len(able)) < chance]
        self.began[again] = start + rng.integers(0, length, len(again))
        self.ended[again], self._relapses[again] = NEVER, False
        self.spells.append((again, self.began[again]))

    def is_violating(self, who: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Whether each entity of ``who`` violates on its day."""
        return self.roles.is_violator[who] & (self.began[who] <= day) & (day < self.ended[who])

    def learn(self, rng: np.random.Generator, who: np.ndarray, day: np.ndarray, is_finding: np.ndarray) -> None:
        """Change the state after visits that took place, at most one for each entity."""
        behaviour = self.behaviour
        self.visited[who] = day
        effect = np.where(is_finding, behaviour.deterred_found, behaviour.deterred_clean)
        self.deterred[who] = np.maximum(self.deterred[who], effect)
        found, on = who[is_finding], day[is_finding]
        self.is_minor[found] = ~self.is_violating(found, on)
        self._decide(rng, found, on)
        lead = rng.integers(behaviour.follow_up_days[0], behaviour.follow_up_days[1] + 1, len(found))
        is_followed = (rng.random(len(found)) < behaviour.followed_up) & (self.left[found] == NEVER)
        self.follow_up[found[is_followed]] = (on + lead)[is_followed]

    def _decide(self, rng: np.random.Generator, found: np.ndarray, on: np.ndarray) -> None:
        """Of the violators found: some leave the market, some go on, others correct the violation and may relapse."""
        is_open = ~self.is_minor[found] & (self.ended[found] == NEVER)
        found, on = found[is_open], on[is_open]
        draw, size = rng.random((3, len(found))), len(found)
        is_revoked = draw[0] < self.behaviour.revoked
        leaves = draw[0] < self.behaviour.revoked + self.behaviour.suspended
        days = np.where(is_revoked, rng.integers(15, 75, size), rng.integers(5, 40, size))
        self.left[found[leaves]] = (on + days)[leaves]
        self.is_revoked[found] = is_revoked
        corrects = ~leaves & (draw[1] >= self.behaviour.uncorrected)
        until = np.where(leaves, days, rng.integers(1, self.behaviour.correction_days + 1, size))
        is_over = leaves | corrects
        self.ended[found[is_over]] = (on + until)[is_over]
        self.ends.append((found[is_over], self.ended[found[is_over]]))
        self._relapses[found] = corrects & (draw[2] < self.behaviour.relapsing)


def _unreachable_days(rng: np.random.Generator, entities: Entities, roles: Roles, behaviour: Behaviour) -> np.ndarray:
    """The day from which each entity cannot be met: the older the entry in the register, the more often it has passed."""
    rate = behaviour.unreachable_yearly * np.array(behaviour.unreachable_by_kind)[entities.kind]
    rate = rate * behaviour.unreachable_by_size**entities.size * np.where(roles.is_violator, behaviour.unreachable_violators, 1)
    years = rng.exponential(1, len(entities)) / np.maximum(rate, 1e-9)
    day = entities.established + np.minimum(years * 365, 10**6).astype(np.int64)
    eludes = rng.random(len(entities)) < behaviour.eluding * np.minimum(roles.signs["unreachable"], 1.5) * roles.is_violator
    return np.where(eludes, np.minimum(day, roles.began), day)
