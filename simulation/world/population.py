"""Assign roles: violators and mimics, when they begin, and which signs they show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.world.clock import Clock
from simulation.world.industries import trait
from simulation.world.typologies import SIGNS, TYPOLOGIES

SIGN_RATE = 0.86
"""The chance that a violator shows each sign of its typology."""
LEAD_DAYS = 60
"""No violation begins in these last days of the world, since no returns for them are delivered yet."""

_WHOLESALE_AND_BUSINESS = ("51", "54", "59", "65", "72", "74", "75", "50", "49")


@dataclass(frozen=True)
class Roles:
    """Arrays over a chunk's entities.

    Attributes:
        typology, mimic: index into TYPOLOGIES of a violator and of a mimic, else −1.
        began: day number on which the first violation or the mimic's sign begins, else the largest int32.
        signs: strength by sign, each an array over the entities; 0 without the sign.
    """

    typology: np.ndarray
    mimic: np.ndarray
    began: np.ndarray
    signs: dict[str, np.ndarray]

    @property
    def is_violator(self) -> np.ndarray:
        """Whether the entity violates at some time."""
        return self.typology >= 0


def eligible(who: str, trade: np.ndarray, is_company: np.ndarray) -> np.ndarray:
    """A mask of the entities that can have a typology; ``who`` as in :class:`Typology`."""
    if who == "company":
        return is_company
    if who == "consumer":
        return trait("consumer")[trade]
    if who == "prepaid":
        return trait("prepaid")[trade]
    if who == "trade":
        divisions = np.array([code[:2] for code in trait("code")])
        return np.isin(divisions, _WHOLESALE_AND_BUSINESS)[trade] & is_company
    return np.ones(len(trade), dtype=bool)


def assign_roles(rng: np.random.Generator, clock: Clock, trade: np.ndarray, is_company: np.ndarray, violators: float) -> Roles:
    """Assign roles to a share ``violators`` of the entities, and to as many mimics.

    Each typology and mimic gets at least one entity if any is eligible.
    """
    n = len(trade)
    typology, mimic = np.full(n, -1, dtype=np.int8), np.full(n, -1, dtype=np.int8)
    for number, kind in enumerate(TYPOLOGIES):
        wanted = max(1, round(n * violators * kind.share))
        for role, who in ((typology, kind.who), (mimic, kind.mimic_who)):
            free = np.flatnonzero(eligible(who, trade, is_company) & (typology < 0) & (mimic < 0))
            role[rng.permutation(free)[:wanted]] = number
    return Roles(typology, mimic, _start_days(rng, clock, typology, mimic), _signs(rng, typology, mimic))


def _start_days(rng: np.random.Generator, clock: Clock, typology: np.ndarray, mimic: np.ndarray) -> np.ndarray:
    """Days spread over the window, slightly denser at the end: some violators are found by then, late ones are not."""
    span = max(clock.last - LEAD_DAYS - clock.first, 1)
    days = clock.first + np.floor(span * rng.random(len(typology)) ** 0.85).astype(np.int64)
    return np.where((typology >= 0) | (mimic >= 0), days, np.iinfo(np.int32).max)


def _signs(rng: np.random.Generator, typology: np.ndarray, mimic: np.ndarray) -> dict[str, np.ndarray]:
    signs = {}
    for name in SIGNS:
        usual = np.array([kind.signs.get(name, 0.0) for kind in TYPOLOGIES] + [0.0])[typology]
        lawful = np.array([kind.mimic_signs.get(name, 0.0) for kind in TYPOLOGIES] + [0.0])[mimic]
        shown = rng.random(len(typology)) < SIGN_RATE
        strength = np.exp(rng.normal(0, 0.35, len(typology)))
        signs[name] = np.where(mimic >= 0, lawful, usual * shown) * strength
    return signs
