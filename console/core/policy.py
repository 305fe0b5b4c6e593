"""A jurisdiction's settings as the console uses them: the profile's calendar and names, and the console's own limits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

from console.core.spreadsheets import XLSX_ROWS
from expectations.contracts.indicators import Indicator
from jobs.profile.calendar import Calendar
from jobs.profile.profile import CONFIG_ROOT
from jobs.texts.languages import in_language

LIMITS_FOLDER = CONFIG_ROOT / "console"

MOST_IN_BULK = 500
"""The most entities that one form can name, whatever a policy says: settings.py bounds a form's fields by it."""


@dataclass(frozen=True)
class Policy:
    """The limits that apply. Deadlines are in working days, except ``result_within``, which is in calendar days."""

    profile: Mapping[str, Any]
    ranking_days: int
    visit_days: int
    second_person_days: int
    result_within: int
    no_visit_days: int
    longest_deferral: int
    appeal_days: int
    two_people: frozenset[str]
    undo_minutes: int
    again_after_days: int
    most_in_bulk: int
    xlsx_rows: int

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
        return Calendar.of(self.profile.get("calendar", {}))

    def legal_basis(self, indicator: Indicator, language: str) -> str:
        """The law that allows an inspection for an indicator, or for its dimension; empty if the profile names none."""
        bases = self.profile.get("legal_bases", {})
        words = bases.get(indicator.column) or bases.get(indicator.dimension) or {}
        return in_language(words, language)


def policy_of(profile: Mapping[str, Any]) -> Policy:
    """The policy of a profile."""
    limits = _limits(str(profile.get("name", "")))
    return Policy(
        profile=profile,
        ranking_days=limits["keep"]["ranking_days"],
        visit_days=limits["deadlines"]["visit"],
        second_person_days=limits["deadlines"]["second_person"],
        result_within=limits["deadlines"]["result_within"],
        no_visit_days=limits["deadlines"]["no_visit"],
        longest_deferral=limits["deadlines"]["longest_deferral"],
        appeal_days=limits["deadlines"]["appeal"],
        two_people=frozenset(limits["decisions"]["two_people"]),
        undo_minutes=limits["decisions"]["undo_minutes"],
        again_after_days=limits["decisions"]["again_after_days"],
        most_in_bulk=min(limits["decisions"]["most_in_bulk"], MOST_IN_BULK),
        xlsx_rows=min(limits["exports"]["xlsx_rows"], XLSX_ROWS),
    )


@cache
def _limits(profile: str) -> dict[str, Any]:
    """The default limits, overridden by the file that has the profile's name."""
    limits = _read("default")
    if profile and "/" not in profile and (LIMITS_FOLDER / f"{profile}.toml").is_file():
        limits = {section: {**default, **_read(profile).get(section, {})} for section, default in limits.items()}
    return limits


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((LIMITS_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
