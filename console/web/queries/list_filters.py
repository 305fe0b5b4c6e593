"""What a risk list is filtered by: read from the URL, which holds all of it, and put back into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from console.apps.decisions.states import State
from console.apps.desk.looks import CHANGED, UNSEEN
from console.apps.ranking.models import CLASSES
from console.apps.ranking.search_terms import LONGEST_SEARCH
from expectations.contracts.indicators import catalogue

SEEN = (UNSEEN, CHANGED)
ME, NOBODY = "me", "nobody"
MOVED = ("new", "up", "model", "own", "data", "others")
_LONGEST = 120


@dataclass(frozen=True)
class Filters:
    """The state of the list's page; an empty text filters nothing."""

    q: str = ""
    region: str = ""
    industry: str = ""
    risk_class: str = ""
    state: str = ""
    overdue: str = ""
    reason: str = ""
    moved: str = ""
    listed: str = ""
    seen: str = ""
    assigned: str = ""
    campaign: str = ""
    day: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From a query; what cannot be meant is dropped, so that a link that somebody cut short still opens."""
        given = {field.name: str(values.get(field.name, "")).replace("\x00", "").strip()[:_LONGEST] for field in fields(cls)}
        given["q"] = given["q"][:LONGEST_SEARCH]
        known = {
            "risk_class": CLASSES,
            "state": [*State],
            "overdue": ("yes",),
            "moved": MOVED,
            "listed": ("yes",),
            "seen": SEEN,
            "reason": [indicator.column for indicator in catalogue()],
        }
        for name, allowed in known.items():
            if given[name] not in allowed:
                given[name] = ""
        if given["assigned"] not in (ME, NOBODY) and not _is_number(given["assigned"]):
            given["assigned"] = ""
        if not _is_number(given["campaign"]):
            given["campaign"] = ""
        try:
            date.fromisoformat(given["day"])
        except ValueError:
            given["day"] = ""
        return cls(**given)

    def given(self) -> dict[str, str]:
        """Those that are set."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def query(self, **more: object) -> str:
        """As the query of a URL."""
        return urlencode({**self.given(), **{name: str(value) for name, value in more.items()}})

    def without(self, name: str) -> str:
        """The query with one of them taken away."""
        return replace(self, **{name: ""}).query()

    def tags(self) -> list[tuple[str, str, str]]:
        """Name, value and the query without it, for each that is set and can be taken away."""
        return [(name, value, self.without(name)) for name, value in self.given().items()]


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 10
