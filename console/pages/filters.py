"""What a risk list is filtered by: read from the URL, which holds all of it, and put back into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from console.code_names import codes_of
from console.decisions.models import Case
from console.decisions.states import State
from console.desk.looks import CHANGED, UNSEEN, looks_of, mark
from console.ranking.models import PublishedRun, Ranked
from console.ranking.runs import reasons_of
from console.ranking.search import MOST, search
from expectations.contracts.indicators import catalogue

CLASSES = ("D", "C", "B", "A")
SEEN = (UNSEEN, CHANGED)
ME, NOBODY = "me", "nobody"
MOVED = ("new", "up", "model", "own", "others")
MOST_CASES = 10_000
"""Cases that a filter by state looks at, the newest; more than that are no list to work through."""
_LONGEST = 120


@dataclass(frozen=True)
class Filters:
    """The state of the list's page; an empty text filters nothing."""

    q: str = ""
    region: str = ""
    industry: str = ""
    risk_class: str = ""
    state: str = ""
    reason: str = ""
    moved: str = ""
    listed: str = ""
    seen: str = ""
    assigned: str = ""
    day: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """From a query; what cannot be meant is dropped, so that a link that somebody cut short still opens."""
        given = {field.name: str(values.get(field.name, "")).replace("\x00", "").strip()[:_LONGEST] for field in fields(cls)}
        given["q"] = given["q"][:MOST]
        known = {
            "risk_class": CLASSES,
            "state": [*State],
            "moved": MOVED,
            "listed": ("yes",),
            "seen": SEEN,
            "reason": [indicator.column for indicator in catalogue()],
        }
        for name, allowed in known.items():
            if given[name] not in allowed:
                given[name] = ""
        if given["assigned"] not in (ME, NOBODY) and not (given["assigned"].isdecimal() and len(given["assigned"]) < 10):
            given["assigned"] = ""
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

    def apply(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any) -> QuerySet[Ranked]:
        """Those of ``ranked`` that they leave. ``ranked`` is bounded by jurisdiction already, and stays so."""
        if self.region:
            ranked = ranked.filter(**{column_of(self.region, run): self.region})
        if self.industry:
            ranked = ranked.filter(industry_section=self.industry)
        if self.risk_class:
            ranked = ranked.filter(risk_class=self.risk_class)
        if self.listed:
            ranked = ranked.filter(is_listed=True)
        if self.moved == "up":
            ranked = ranked.filter(is_listed=True, previous_class__in=CLASSES).exclude(previous_class=self.risk_class or "")
            ranked = ranked.filter(_is_worse())
        elif self.moved:
            ranked = ranked.filter(moved_by=self.moved)
        if self.reason:
            ranked = ranked.filter(position__in=reasons_of(run).filter(indicator=self.reason).values("position"))
        if self.q:
            ranked = search(ranked, self.q)
        if self.state:
            ranked = _of_state(ranked, self.state, user)
        if self.assigned:
            ranked = _assigned(ranked, self.assigned, user)
        if self.seen:
            ranked = _seen(ranked, self.seen, user)
        return ranked


def _is_worse() -> Q:
    """Whose class is worse than on the published day before."""
    worse = Q()
    for at, letter in enumerate(CLASSES):
        worse |= Q(risk_class=letter, previous_class__in=CLASSES[at + 1 :])
    return worse


def _of_state(ranked: QuerySet[Ranked], state: str, user: Any) -> QuerySet[Ranked]:
    """Decisions are in another database, so the newest cases' identifiers are carried over."""
    cases = Case.objects.visible_to(user).order_by("-changed_at")
    if state == State.TO_REVIEW:
        away = list(cases.exclude(state=state).values_list("entity_id", flat=True)[:MOST_CASES])
        return ranked.filter(is_listed=True).exclude(entity_id__in=away)
    return ranked.filter(entity_id__in=list(cases.filter(state=state).values_list("entity_id", flat=True)[:MOST_CASES]))


def _assigned(ranked: QuerySet[Ranked], whose: str, user: Any) -> QuerySet[Ranked]:
    """Those that are given to the user, to somebody else by number, or to nobody."""
    cases = Case.objects.visible_to(user).exclude(assigned_to=None).order_by("-changed_at")
    if whose == NOBODY:
        return ranked.filter(is_listed=True).exclude(entity_id__in=list(cases.values_list("entity_id", flat=True)[:MOST_CASES]))
    given = cases.filter(assigned_to=user.pk if whose == ME else int(whose))
    return ranked.filter(entity_id__in=list(given.values_list("entity_id", flat=True)[:MOST_CASES]))


def _seen(ranked: QuerySet[Ranked], which: str, user: Any) -> QuerySet[Ranked]:
    """Of the listed those that the user has not looked at, or that stand otherwise since."""
    looks, ranked = looks_of(user), ranked.filter(is_listed=True)
    if which == UNSEEN:
        return ranked.exclude(entity_id__in=list(looks))
    looked_at = ranked.filter(entity_id__in=list(looks)).only("entity_id", "risk_class", "credit_points")
    return ranked.filter(entity_id__in=[row.entity_id for row in looked_at if mark(row, looks) == CHANGED])


def column_of(code: str, run: PublishedRun) -> str:
    """The column that holds codes of this code's level."""
    found = codes_of(str(run.profile.get("region_scheme", ""))).get(code)
    return {1: "region_top", 2: "region_middle"}.get(found.level if found else 3, "region_code")
