"""What a risk list is filtered by: read from the URL, which holds all of it, and put back into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from console.ranking.runs import among, reasons_of
from console.ranking.search import LAST, MOST, WHOLE, Part, key_of, narrowed, search
from expectations.contracts.indicators import catalogue

CLASSES = ("D", "C", "B", "A")
SEEN = (UNSEEN, CHANGED)
ME, NOBODY = "me", "nobody"
MOVED = ("new", "up", "model", "own", "others")
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

    def apply(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any, part: Part = WHOLE) -> QuerySet[Ranked]:
        """Those of ``ranked`` that they leave, within ``part``. ``ranked`` is bounded by jurisdiction already, and stays so."""
        return self.parts(ranked, run, user, [part])[0]

    def parts(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any, parts: Iterable[Part]) -> list[QuerySet[Ranked]]:
        """As :meth:`apply`, for several parts of one list."""
        ranked = self.told(ranked, user)
        return [self.of_part(ranked, run, user, part) for part in parts]

    def told(self, ranked: QuerySet[Ranked], user: Any) -> QuerySet[Ranked]:
        """Those of ``ranked`` that cases and looks leave, which are in another database: asked once, however many parts follow."""
        if self.state:
            ranked = _of_state(ranked, self.state, user)
        if self.assigned:
            ranked = _assigned(ranked, self.assigned, user)
        if self.seen:
            ranked = _seen(ranked, self.seen, user)
        return ranked

    def of_part(self, ranked: QuerySet[Ranked], run: PublishedRun, user: Any, part: Part) -> QuerySet[Ranked]:
        """Of what :meth:`told` gave, what the other filters leave within ``part``; whoever reads on gives the next part."""
        part = self._within(part, run)
        if part.after:
            ranked = ranked.filter(position__gt=part.after)
        if part.until < LAST:
            ranked = ranked.filter(position__lte=part.until)
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
        keys, is_told = self._keys(run, user), not (self.reason or self.state or self.assigned or self.seen or self.moved == "up")
        part = part if is_told else replace(part, most=None)
        return search(ranked, self.q, keys, self._of_class(part, ranked.db)) if self.q else narrowed(ranked, keys, part)

    def _within(self, part: Part, run: PublishedRun) -> Part:
        """The part that can hold any that they leave: the listed have the first positions, and only they have reasons."""
        is_of_listed = (
            self.listed
            or self.reason
            or self.moved == "up"
            or self.state == State.TO_REVIEW
            or self.seen
            or self.assigned == NOBODY
        )
        return replace(part, until=min(part.until, run.listed)) if is_of_listed else part

    def _of_class(self, part: Part, alias: str) -> Part:
        """The part from the first of the class to its last: rank goes by risk, so a class stands nearly together."""
        if not self.risk_class:
            return part
        of_class = Ranked.objects.using(alias).filter(risk_class=self.risk_class).values_list("position", flat=True)
        first, last = of_class.order_by("position").first() or LAST, of_class.order_by("-position").first() or 0
        return replace(part, after=max(part.after, first - 1), until=min(part.until, last))

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


def _is_worse() -> Q:
    """Whose class is worse than on the published day before."""
    worse = Q()
    for at, letter in enumerate(CLASSES):
        worse |= Q(risk_class=letter, previous_class__in=CLASSES[at + 1 :])
    return worse


def _of_state(ranked: QuerySet[Ranked], state: str, user: Any) -> QuerySet[Ranked]:
    """Decisions are in another database, so the cases' identifiers are carried over: all of them, or a list or a file would be cut
    and nobody told."""
    cases = Case.objects.visible_to(user).order_by().values_list("entity_id", flat=True)
    if state == State.TO_REVIEW:
        return ranked.exclude(entity_id__in=among(ranked.db, cases.exclude(state=state)))
    return ranked.filter(entity_id__in=among(ranked.db, cases.filter(state=state)))


def _assigned(ranked: QuerySet[Ranked], whose: str, user: Any) -> QuerySet[Ranked]:
    """Those that are given to the user, to somebody else by number, or to nobody."""
    given = Case.objects.visible_to(user).exclude(assigned_to=None).order_by().values_list("entity_id", flat=True)
    if whose == NOBODY:
        return ranked.filter(is_listed=True).exclude(entity_id__in=among(ranked.db, given))
    return ranked.filter(entity_id__in=among(ranked.db, given.filter(assigned_to=user.pk if whose == ME else int(whose))))


def _seen(ranked: QuerySet[Ranked], which: str, user: Any) -> QuerySet[Ranked]:
    """Of the listed those that the user has not looked at, or that stand otherwise since."""
    looks, ranked = looks_of(user), ranked.filter(is_listed=True)
    if which == UNSEEN:
        return ranked.exclude(entity_id__in=among(ranked.db, looks))
    looked_at = ranked.filter(entity_id__in=among(ranked.db, looks)).only("entity_id", "risk_class", "credit_points")
    changed = [row.entity_id for row in looked_at if mark(row, looks) == CHANGED]
    return ranked.filter(entity_id__in=among(ranked.db, changed))


def column_of(code: str, run: PublishedRun) -> str:
    """The column that holds codes of this code's level."""
    found = codes_of(str(run.profile.get("region_scheme", ""))).get(code)
    return {1: "region_top", 2: "region_middle"}.get(found.level if found else 3, "region_code")
