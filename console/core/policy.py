"""What a jurisdiction decides, as far as the console asks: its profile's calendar and names, and the console's own limits."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from console.core.spreadsheets import XLSX_ROWS
from console.core.texts import to_traditional
from expectations.contracts.indicators import Indicator

CONFIG = Path(__file__).resolve().parents[2] / "config"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MOST_IN_BULK = 500
"""Entities that one form can name, whatever a policy says: the settings bound a form's fields."""


@dataclass(frozen=True)
class Policy:
    """The limits that hold. Days of deadlines are working days, but for ``result_within``, which counts all."""

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

    @property
    def time_zone(self) -> str:
        """The profile's."""
        return str(self.profile.get("time_zone", "UTC"))

    @property
    def weekend(self) -> frozenset[int]:
        """Days of the week, Monday 0, on which nobody works."""
        named = self.profile.get("calendar", {}).get("weekend", ["saturday", "sunday"])
        return frozenset(WEEKDAYS.index(name) for name in named)

    @property
    def holidays(self) -> frozenset[str]:
        """Further days on which nobody works, as YYYY-MM-DD."""
        return frozenset(map(str, self.profile.get("calendar", {}).get("holidays", [])))

    @property
    def workdays(self) -> frozenset[str]:
        """Days of a weekend that are worked all the same, as YYYY-MM-DD: China makes up for its long holidays so."""
        return frozenset(map(str, self.profile.get("calendar", {}).get("workdays", [])))

    def legal_basis(self, indicator: Indicator, language: str) -> str:
        """The law by which an indicator may be looked into: its own, else its dimension's; empty where the profile names none."""
        bases = self.profile.get("legal_bases", {})
        words = bases.get(indicator.column) or bases.get(indicator.dimension) or {}
        if language == "en":
            return str(words.get("en", ""))
        text = str(words.get("zh-Hans", ""))
        return to_traditional(text) if language == "zh-Hant" else text


def policy_of(profile: Mapping[str, Any]) -> Policy:
    """The policy of a profile, by its name."""
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


def policy() -> Policy:
    """The policy of the profile that was published last."""
    from console.apps.ranking.runs import current_run

    run = current_run()
    return policy_of(run.profile if run else {})


@cache
def _limits(profile: str) -> dict[str, Any]:
    """The default's limits, and over them what a file of the profile's own name says."""
    limits = _read("default")
    if profile and "/" not in profile and (CONFIG / "console" / f"{profile}.toml").is_file():
        limits = {section: {**held, **_read(profile).get(section, {})} for section, held in limits.items()}
    return limits


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((CONFIG / "console" / f"{name}.toml").read_text(encoding="utf-8"))
