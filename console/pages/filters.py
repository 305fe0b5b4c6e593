"""What a risk list is filtered by: read from the URL, which holds all of it, and put back into one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from console import clock
from console.campaigns.models import Member
from console.code_names import codes_of
from console.decisions.models import Case
from console.decisions.overdue import overdue
from console.decisions.places import FIRST_WINDOW, places_of, windows
from console.decisions.states import State
from console.desk.looks import CHANGED, UNSEEN, Standing, listed_looked_at
from console.ranking.models import PublishedRun, Ranked
from console.ranking.part import LAST, WHOLE, Part
from console.ranking.runs import among, among_places, reasons_of
from console.ranking.search import search, within
from console.ranking.words import MOST, key_of
from expectations.contracts.indicators import catalogue

CLASSES = ("D", "C", "B", "A")
SEEN = (UNSEEN, CHANGED)
ME, NOBODY = "me", "nobody"
MOVED = ("new", "up", "model", "own", "data", "others")
_LONGEST = 120


@dataclass(frozen=True)
class _OfCases:
    """Cases whose entities are wanted, or, of a list otherwise whole, are not."""

    cases: QuerySet[Case]
    are_wanted: bool

    def part(self, places: Iterable[int], part: Part) -> Part:
        """Of a part of the list, what they leave that have these places in it."""
        return replace(part, among=BitMap(places)) if self.are_wanted else replace(part, but=BitMap(places))


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
        given["q"] = given["q"][:MOST]
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

    def is_of_listed(self) -> bool:
        """Whether they leave none but the listed, who have the first positions: only they have reasons and are to be reviewed."""
        is_to_review = not self.overdue and (self.state == State.TO_REVIEW or self.assigned == NOBODY)
        return bool(self.listed or self.reason or self.moved == "up" or self.seen or is_to_review)

    def apply(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any, part: Part = WHOLE) -> QuerySet[Ranked]:
        """Those of ``ranked`` that they leave, within ``part``. ``ranked`` is bounded by jurisdiction already, and stays so."""
        return self.of_part(self.noted(ranked, run, user), run, user, part)

    def count(self, noted: QuerySet[Ranked], run: PublishedRun, user: Any, most: int) -> tuple[int, int]:
        """How many they leave of what :meth:`noted` gave, and how many of those are listed; each counted up to ``most``."""
        asked = self._of_cases(user)
        if asked is not None:
            found = self._found(asked, noted, run, user, WHOLE, most)
            return len(found), bisect_right(found, run.listed)
        ends = (run.listed,) if self.is_of_listed() else (LAST, run.listed)
        wanted = [Part(until=until, most=most) for until in ends]
        counts = [self.of_part(noted, run, user, part).order_by()[:most].count() for part in wanted]
        return counts[0], counts[-1]

    def noted(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any) -> QuerySet[Ranked]:
        """Those of ``ranked`` that looks and campaigns leave, which are in another database: asked once for all parts."""
        if self.campaign:
            members = Member.objects.visible_to(user).filter(campaign=int(self.campaign)).values_list("entity_id", flat=True)
            ranked = ranked.filter(entity_id__in=among(ranked.db, members.order_by()))
        return _seen(ranked, self.seen, run, user) if self.seen else ranked

    def of_part(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any, part: Part) -> QuerySet[Ranked]:
        """Of what :meth:`noted` gave, what the other filters leave within ``part``; cases are read until it is full."""
        asked = self._of_cases(user)
        if asked is None or part.most is None:
            return self.of_run(self.told(ranked, run, user), run, user, part)
        return ranked.filter(position__in=among_places(ranked.db, self._found(asked, ranked, run, user, part, part.most)))

    def _found(self, asked: _OfCases, ranked: QuerySet[Ranked], run: PublishedRun, user: Any, part: Part, most: int) -> list[int]:
        """The places of the first ``most`` within ``part``, in order: cases are read until there are so many."""
        found: list[int] = []
        until = min(part.until, run.listed) if self.is_of_listed() else part.until
        for window in windows(asked.cases, run, part.after, until, first=max(FIRST_WINDOW, most)):
            left = asked.part(window.places, Part(window.after, window.until, most - len(found)))
            found += self.of_run(ranked, run, user, left).order_by("position").values_list("position", flat=True)[: left.most]
            if len(found) == most:
                break
        return found

    def told(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any) -> QuerySet[Ranked]:
        """Those of ``ranked`` that cases leave as they stand now, for whoever reads on by :meth:`of_run`: what is decided meanwhile
        changes no file."""
        asked = self._of_cases(user)
        if asked is None:
            return ranked
        until = run.listed if self.is_of_listed() else LAST
        return within(ranked, asked.part(places_of(asked.cases, run, until=until), WHOLE))

    def _of_cases(self, user: Any) -> _OfCases | None:
        """The cases that state and person ask for; None where they ask for nothing.

        Who has no case is to be reviewed, and is nobody's: those are told by the cases that others have. Nobody without a case has
        a deadline.
        """
        cases = Case.objects.visible_to(user)
        if self.overdue:
            cases = overdue(cases, clock.today())
        if self.assigned and self.assigned != NOBODY:
            theirs = cases.filter(assigned_to=user.pk if self.assigned == ME else int(self.assigned))
            return _OfCases(theirs.filter(state=self.state) if self.state else theirs, are_wanted=True)
        if self.overdue or self.state not in ("", State.TO_REVIEW):
            of_state = cases.filter(state=self.state) if self.state else cases
            return _OfCases(of_state.filter(assigned_to=None) if self.assigned else of_state, are_wanted=True)
        away = Q(pk__in=[]) | (~Q(state=State.TO_REVIEW) if self.state else Q()) | (~Q(assigned_to=None) if self.assigned else Q())
        return _OfCases(cases.filter(away), are_wanted=False) if self.state or self.assigned else None

    def of_run(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any, part: Part) -> QuerySet[Ranked]:
        """What the filters leave within ``part`` of which the run's own database knows all."""
        if self.is_of_listed():
            part = replace(part, until=min(part.until, run.listed))
        if self.region:
            ranked = ranked.filter(**{column_of(self.region, run): self.region})
        if self.industry:
            ranked = ranked.filter(industry_section=self.industry)
        if self.risk_class:
            ranked = ranked.filter(risk_class=self.risk_class)
        if self.moved == "up":
            ranked = ranked.filter(previous_class__in=CLASSES).exclude(previous_class=self.risk_class or "")
            ranked = ranked.filter(_is_worse())
        elif self.moved:
            ranked = ranked.filter(moved_by=self.moved)
        if self.reason:
            ranked = ranked.filter(position__in=reasons_of(run).filter(indicator=self.reason).values("position"))
        if self.q and self.campaign:
            part = replace(part, among=BitMap(within(ranked, part).values_list("position", flat=True)))
        return search(ranked, self.q, self._keys(run, user), part, is_told=self._is_told(part))

    def _is_told(self, part: Part) -> bool:
        """Whether the index, or the part's own places, tell all that the list is filtered by."""
        is_of_places = part.among is not None or part.but is not None
        is_of_cases = self.state or self.overdue or self.assigned
        if self.reason or self.seen or self.moved == "up" or (self.campaign and not self.q):
            return False
        return is_of_places or not is_of_cases

    def _keys(self, run: PublishedRun, user: Any) -> list[list[str]]:
        """What the index of names can tell of the filters and of the jurisdiction."""
        keys = [[key_of(column_of(self.region, run), self.region)]] if self.region else []
        told = {
            "industry_section": self.industry,
            "risk_class": self.risk_class,
            "moved_by": "" if self.moved == "up" else self.moved,
        }
        keys += [[key_of(column, value)] for column, value in told.items() if value]
        within = [key_of(f"region_{level}", code) for level, code in user.bounds()]
        return [*keys, within] if within else keys


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


def _is_worse() -> Q:
    """Whose class is worse than on the published day before."""
    worse = Q()
    for at, letter in enumerate(CLASSES):
        worse |= Q(risk_class=letter, previous_class__in=CLASSES[at + 1 :])
    return worse


def _seen(ranked: QuerySet[Ranked], which: str, run: PublishedRun, user: Any) -> QuerySet[Ranked]:
    """Those that the user has not looked at, or that stand otherwise since; ``is_of_listed`` bounds them to the listed."""
    looked_at = listed_looked_at(user, run)
    if which == UNSEEN:
        return ranked.exclude(position__in=among_places(ranked.db, [now.position for now, _ in looked_at]))
    changed = [now.position for now, stood in looked_at if stood != Standing(now.risk_class, now.credit_points)]
    return ranked.filter(position__in=among_places(ranked.db, changed))


def column_of(code: str, run: PublishedRun) -> str:
    """The column that holds codes of this code's level."""
    found = codes_of(str(run.profile.get("region_scheme", ""))).get(code)
    return {1: "region_top", 2: "region_middle"}.get(found.level if found else 3, "region_code")
