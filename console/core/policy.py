"""A jurisdiction's settings as the console uses them: the profile's calendar and names, and the console's own limits.

A setting is a field of its section here, and its value and meaning in ``config/console/default.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass

from console.core.spreadsheets import XLSX_ROWS
from expectations.contracts.indicators import Indicator
from jobs.foundation.files import read_toml
from jobs.profile.calendar import Calendar
from jobs.profile.profile import CLASSES, CONFIG_ROOT
from jobs.profile.validation import SETTINGS, Problem, Whole, between, file_problems, one_of, refuse, setting_problems
from jobs.texts.languages import in_language

LIMITS_FOLDER = CONFIG_ROOT / "console"
DEFAULT = "default.toml"
MOST_IN_BULK = 500
"""The most entities that one form can name: settings.py bounds a form's fields by it."""
Amount = Annotated[Whole, between(0, 36_500)]
"""Days or minutes."""


@dataclass(frozen=True, config=SETTINGS)
class Keep:
    """What is kept of published runs."""

    ranking_days: Amount


@dataclass(frozen=True, config=SETTINGS)
class Deadlines:
    """Working days, except ``result_within``, which is in calendar days."""

    visit: Amount
    second_person: Amount
    result_within: Amount
    appeal: Amount
    no_visit: Amount
    longest_deferral: Amount


@dataclass(frozen=True, config=SETTINGS)
class Decisions:
    """Who may decide, about how many entities, and for how long a decision counts."""

    two_people: Annotated[tuple[str, ...], one_of(*CLASSES)]
    undo_minutes: Amount
    again_after_days: Amount
    most_in_bulk: Annotated[Whole, between(0, MOST_IN_BULK)]


@dataclass(frozen=True, config=SETTINGS)
class Exports:
    """The size of files."""

    xlsx_rows: Annotated[Whole, between(0, XLSX_ROWS)]


@dataclass(frozen=True, config=SETTINGS)
class SignIn:
    """Protection against guessed passwords and unattended screens. Attempts are deleted after a day, so no lock is longer."""

    lock_minutes: Annotated[Whole, between(1, 1440)]
    idle_minutes: Annotated[Whole, between(5, 600)]


@dataclass(frozen=True, config=SETTINGS, kw_only=True)
class Limits:
    """The console's own settings, as the files of ``config/console`` give them."""

    keep: Keep
    deadlines: Deadlines
    decisions: Decisions
    exports: Exports
    sign_in: SignIn


@dataclass(frozen=True, config=SETTINGS, kw_only=True)
class Policy(Limits):
    """The limits that apply to a profile, and the stored profile."""

    profile: Mapping[str, Any]

    @cached_property
    def zone(self) -> ZoneInfo:
        """The profile's time zone."""
        return ZoneInfo(str(self.profile.get("time_zone", "UTC")))

    def start_of(self, day: date) -> datetime:
        """The beginning of a day in the profile's time zone."""
        return datetime.combine(day, time.min, tzinfo=self.zone)

    def date_of(self, at: datetime) -> date:
        """The date of an instant in the profile's time zone."""
        return at.astimezone(self.zone).date()

    @cached_property
    def calendar(self) -> Calendar:
        """The profile's calendar."""
        return Calendar(**self.profile.get("calendar", {}))

    def legal_basis(self, indicator: Indicator, language: str) -> str:
        """The law that allows an inspection for an indicator, or for its dimension; empty if the profile names none."""
        bases = self.profile.get("legal_bases", {})
        words = bases.get(indicator.column) or bases.get(indicator.dimension) or {}
        return in_language(words, language)


def policy_of(profile: Mapping[str, Any]) -> Policy:
    """The policy of a profile.

    Raises:
        ConfigError: when a file of the policy, also of another profile, cannot be used.
    """
    return Policy(profile=profile, **vars(_limits(str(profile.get("name", "")))))


def policy_problems() -> dict[Path, list[Problem]]:
    """The problems with each file of the policy. Only the default file must have every setting."""
    check = partial(setting_problems, Limits, "docs/reference/console.md#policy")
    return {
        path: file_problems(path, "policy", partial(check, is_partial=path.name != DEFAULT))
        for path in sorted(LIMITS_FOLDER.glob("*.toml"))
    }


@cache
def _limits(profile: str) -> Limits:
    """The default limits, overridden by the file that has the profile's name."""
    files = policy_problems()
    for path, problems in files.items():
        refuse(problems, path)
    own = LIMITS_FOLDER / f"{profile}.toml"
    overrides = read_toml(own, "policy") if own in files else {}
    defaults = read_toml(LIMITS_FOLDER / DEFAULT, "policy")
    return TypeAdapter(Limits).validate_python({name: {**part, **overrides.get(name, {})} for name, part in defaults.items()})
