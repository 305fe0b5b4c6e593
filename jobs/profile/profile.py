"""A profile: what a jurisdiction decides. A setting is a field with its type and range; see docs/reference/profile.md."""

from __future__ import annotations

import hashlib
from dataclasses import field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, get_type_hints
from zoneinfo import ZoneInfo, available_timezones

from pydantic import InstanceOf, PlainValidator, Strict
from pydantic.dataclasses import dataclass

from expectations.contracts import registration
from jobs.profile.calendar import Calendar
from jobs.profile.code_names import CodeNames
from jobs.profile.validation import SETTINGS, Count, Number, Whole, between, holds, near, one_of, refusal

CONFIG_ROOT = Path(__file__).resolve().parents[2] / "config"
CLASSES = "ABCD"


def _time_zone(value: Any) -> ZoneInfo:
    try:
        return value if isinstance(value, ZoneInfo) else ZoneInfo(value)
    except (KeyError, ValueError, OSError, TypeError, AttributeError) as error:  # no such name; no name; a folder of names
        guess = near(str(value), available_timezones())
        then = guess if guess.startswith("did you mean") else "use a name of the IANA list, such as Asia/Shanghai"
        raise refusal(f"{value!r} is no time zone", then) from error


def _is_rising(bounds: tuple[float, ...]) -> bool:
    return list(bounds) == sorted(set(bounds))


T = TypeVar("T")
Visits = Annotated[int, Strict(), holds(lambda visits: visits >= 0, "a region's visits a day are 0 or more")]
Bound = Annotated[Number, holds(lambda bound: bound > 0, "give a number above 0")]
Bands = Annotated[tuple[T, ...], holds(_is_rising, "put the bounds in rising order, each once")]


@dataclass(frozen=True, config=SETTINGS)
class Peers:
    """How peer groups are cut."""

    minimum: Whole
    size_bands_minor: Bands[Whole]
    age_bands_years: Bands[Number]


@dataclass(frozen=True, config=SETTINGS)
class Capacity:
    """How many visits a day each region can make."""

    region_level: Annotated[str, one_of("own", "middle", "top")]
    default: Visits
    by_region: dict[str, Visits] = field(default_factory=dict)

    def of(self, region: str) -> int:
        """Visits a day in that region."""
        return self.by_region.get(region, self.default)


@dataclass(frozen=True, config=SETTINGS)
class Objective:
    """What the list is ranked by, and which entities may be on it."""

    kind: Annotated[str, one_of("margin", "probability", "anomaly")]
    statuses: Annotated[tuple[str, ...], one_of(*registration.VALUES[registration.STATUS])]


@dataclass(frozen=True, config=SETTINGS)
class Training:
    """How past visits become labels."""

    cohort_months: Count
    cohorts: Count
    label_days: Count
    minimum_labels: Count
    minimum_positives: Count
    seed: Annotated[int, Strict(), holds(lambda seed: seed >= 0, "give a whole number, 0 or more")]
    weight_cap: Annotated[Number, holds(lambda cap: cap >= 1, "give 1 or more")] = 10.0
    most_labels: Count = 100_000


@dataclass(frozen=True, config=SETTINGS)
class Classes:
    """Where the classes begin: A is low risk, B ordinary, C higher and D high.

    Attributes:
        by: ``shares``: the riskiest ``D`` of the population is in class D, the next ``C`` in C, the next ``B`` in B, the rest in A;
            or ``multiples``: D, C and B begin at so many times the base rate.
        leave_points: a class is left for a better one only by so many credit points more than its bound.
    """

    by: Annotated[str, one_of("shares", "multiples")]
    D: Bound
    C: Bound
    B: Bound
    leave_points: Annotated[int, Strict(), between(0, 200, "credit points")] = 20


@dataclass(frozen=True, config=SETTINGS)
class Certainty:
    """How sure a probability is, and what a class needs.

    Attributes:
        level: the share of margins whose rate of violations lies in the interval.
        fresh_days: an entity's newest record of at most this age is fresh.
        half_life_days: each further such age halves the evidence of a record.
        ordinary: the class to prefer in doubt.
    """

    level: Annotated[Number, holds(lambda share: 0 < share < 1, "give a share above 0 and below 1, such as 0.9")]
    fresh_days: Annotated[Number, holds(lambda days: days >= 0, "give 0 days or more")]
    half_life_days: Annotated[Number, holds(lambda days: days > 0, "give more than 0 days")]
    ordinary: Annotated[str, one_of(*CLASSES)]


@dataclass(frozen=True, config=SETTINGS)
class Scoring:
    """What a margin consists of."""

    anomaly_weight: Annotated[Number, holds(lambda weight: weight >= 0, "give 0 or more")]


@dataclass(frozen=True, config=SETTINGS)
class Retention:
    """For how many days, the day itself included, a home keeps what can be computed again."""

    feature_days: Count
    time_travel_days: Count


@dataclass(frozen=True, config=SETTINGS)
class CoveragePolicy:
    """For how many days after a delivery was due the last values of its source are used; after them they count as unknown."""

    carry_days: Count = 90


@dataclass(frozen=True, config=SETTINGS)
class Evaluation:
    """How later visits evaluate the scores, and which result is too good to be true."""

    capacity_share: Annotated[Number, holds(lambda share: 0 < share <= 1, "give a share above 0 and at most 1, such as 0.2")] = 0.2
    draws: Count = 500
    auc_bound: Annotated[Number, holds(lambda bound: 0.5 < bound <= 1, "give more than 0.5 and at most 1, such as 0.9")] = 0.9


@dataclass(frozen=True, config=SETTINGS)
class Reading:
    """The limits of one delivered file: a source stops at a file beyond them."""

    most_rows: Count = 100_000_000
    most_bytes: Count = 20_000_000_000


@dataclass(frozen=True, config=SETTINGS)
class Sample(Reading):
    """The limits of a sample: the newest deliveries of a source, so many bytes but at least one, and so many records of a file."""

    newest_bytes: Count = 20_000_000
    first_rows: Count = 100_000


class ReadBy(NamedTuple):
    """Marks a setting that a step of :data:`~jobs.foundation.code_version.STEP_ROOTS` reads: a change makes its tables stale."""

    step: str


Places = Annotated[int, Strict(), between(0, 4, "the decimal places of the currency")]


@dataclass(frozen=True, config=SETTINGS)
class Profile:
    """One jurisdiction's decisions. Checks that compare settings are in :mod:`jobs.profile.load_profile`."""

    name: str
    folder: InstanceOf[Path]
    time_zone: Annotated[ZoneInfo, PlainValidator(_time_zone), ReadBy("ingest"), ReadBy("features")]
    currency: str
    minor_units: Annotated[Places, ReadBy("features")]
    id_scheme: Annotated[str, ReadBy("conform")]
    industry_scheme: Annotated[str, ReadBy("conform")]
    region_scheme: Annotated[str, ReadBy("conform")]
    title: dict[str, str]
    calendar: Calendar
    peers: Annotated[Peers, ReadBy("features")]
    capacity: Capacity
    objective: Objective
    classes: Annotated[Classes, ReadBy("score")]
    certainty: Annotated[Certainty, ReadBy("score")]
    training: Training
    scoring: Scoring
    retention: Retention
    evaluation: Evaluation = field(default_factory=Evaluation)
    coverage: Annotated[CoveragePolicy, ReadBy("features")] = field(default_factory=CoveragePolicy)
    reading: Annotated[Reading, ReadBy("ingest")] = field(default_factory=Reading)
    legal_bases: dict[str, dict[str, str]] = field(default_factory=dict)
    code_names: CodeNames = field(default_factory=dict)

    def end_of(self, as_of: date) -> datetime:
        """The first instant (UTC, naive) after ``as_of`` in the profile's time zone."""
        local = datetime.combine(as_of + timedelta(days=1), time.min, tzinfo=self.time_zone)
        return local.astimezone(UTC).replace(tzinfo=None)

    def start_of(self, as_of: date) -> datetime:
        """The first instant (UTC, naive) of ``as_of`` in the profile's time zone."""
        return self.end_of(as_of - timedelta(days=1))

    def settings_of(self, step: str) -> dict[str, Any]:
        """The settings that a step reads, by name."""
        hints = get_type_hints(type(self), include_extras=True)
        return {name: getattr(self, name) for name, hint in hints.items() if ReadBy(step) in getattr(hint, "__metadata__", ())}

    def fingerprint(self) -> str:
        """A hash of every TOML file of the profile."""
        digest = hashlib.sha256()
        for path in sorted(self.folder.rglob("*.toml")):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0" + _content(path) + b"\0")
        return digest.hexdigest()


def _content(path: Path) -> bytes:
    """A file's bytes; a fixed text for a mapping that cannot be read, since its source is stopped."""
    try:
        return path.read_bytes()
    except OSError:
        return b"\0cannot be read"
