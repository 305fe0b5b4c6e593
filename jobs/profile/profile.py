"""Profiles: what a jurisdiction decides, read from a folder of TOML; :mod:`jobs.profile.profile_check` says what each may be."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

CONFIG_ROOT = Path(__file__).resolve().parents[2] / "config"


@dataclass(frozen=True)
class Peers:
    """How peer groups are cut."""

    minimum: int
    size_bands_minor: tuple[int, ...]
    age_bands_years: tuple[float, ...]


@dataclass(frozen=True)
class Capacity:
    """How many visits a day each region can make."""

    region_level: str
    default: int
    by_region: dict[str, int] = field(default_factory=dict)

    def of(self, region: str) -> int:
        """Visits a day in that region."""
        return self.by_region.get(region, self.default)


@dataclass(frozen=True)
class Objective:
    """What the list is ranked by and who may be on it."""

    kind: str
    statuses: tuple[str, ...]


@dataclass(frozen=True)
class Training:
    """How past visits become labels."""

    cohort_months: int
    cohorts: int
    label_days: int
    minimum_labels: int
    minimum_positives: int
    seed: int
    weight_cap: float = 10.0
    most_labels: int = 100_000


@dataclass(frozen=True)
class Certainty:
    """How sure a probability is, and what a class needs.

    Attributes:
        level: the share of margins whose rate of violations an interval is to hold.
        fresh_days: an entity's newest record of at most this age is fresh.
        half_life_days: what is older counts half after so many days more.
        ordinary: the class that doubt speaks for.
    """

    level: float
    fresh_days: float
    half_life_days: float
    ordinary: str


@dataclass(frozen=True)
class Retention:
    """For how many days, the day itself counted, a home keeps what it could do without."""

    feature_days: int
    time_travel_days: int


@dataclass(frozen=True)
class Evaluation:
    """How scores are judged by the visits that followed, and what is too good to be believed."""

    capacity_share: float = 0.2
    draws: int = 500
    auc_bound: float = 0.9


@dataclass(frozen=True)
class Profile:
    """One jurisdiction's decisions."""

    name: str
    folder: Path
    time_zone: ZoneInfo
    currency: str
    minor_units: int
    id_scheme: str
    industry_scheme: str
    region_scheme: str
    title: dict[str, str]
    calendar: dict[str, Any]
    peers: Peers
    capacity: Capacity
    objective: Objective
    classes: dict[str, int]
    certainty: Certainty
    training: Training
    scoring: dict[str, float]
    retention: Retention
    evaluation: Evaluation = field(default_factory=Evaluation)
    legal_bases: dict[str, dict[str, str]] = field(default_factory=dict)

    def end_of(self, as_of: date) -> datetime:
        """The first instant (UTC, naive) after ``as_of`` in the profile's time zone."""
        local = datetime.combine(as_of + timedelta(days=1), time.min, tzinfo=self.time_zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    def start_of(self, as_of: date) -> datetime:
        """The first instant (UTC, naive) of ``as_of`` in the profile's time zone."""
        return self.end_of(as_of - timedelta(days=1))

    def fingerprint(self) -> str:
        """A hash of every TOML file of the profile."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*.toml")):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + _content(path) + b"\0")
        return digest.hexdigest()


def _content(path: Path) -> bytes:
    """A file's bytes; of a mapping that cannot be read, whose source is stopped for it, that it cannot."""
    try:
        return path.read_bytes()
    except OSError:
        return b"\0cannot be read"
