"""A run's list as it is filtered: who is left, a part at a time, and how many.

What filters it is in three databases. The run's own index tells of names, codes and columns; looks and campaigns are the console's,
and so are the cases, by which somebody's state and person are told. What the others tell becomes places of the run's list.

Where somebody goes on to who works through a list: the next to review of the filter that they came from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import HttpRequest, QueryDict
from pyroaring import BitMap

from console.apps.accounts.jurisdiction import visible_regions
from console.apps.campaigns.models import Member
from console.apps.decisions.models import Case
from console.apps.decisions.places import FIRST_WINDOW, places_of, windows
from console.apps.decisions.policies import overdue
from console.apps.decisions.states import State
from console.apps.desk.looks import UNSEEN, places_changed, places_looked_at
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.list_part import LAST, WHOLE, Part
from console.apps.ranking.models import CLASSES, PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, among, among_places, ranked_of, reasons_of
from console.apps.ranking.search import is_asked, places_found, within
from console.apps.ranking.search_terms import REASON, UP, asked_of, key_of
from console.web.queries.list_filters import ME, NOBODY, Filters
from jobs.texts.names import codes_of


@dataclass(frozen=True)
class _OfCases:
    """Cases whose entities are wanted, or, of a list otherwise whole, are not."""

    cases: QuerySet[Case]
    are_wanted: bool

    def restrict(self, part: Part, places: Iterable[int]) -> Part:
        """A part of the list without those whom the cases leave out, where the cases in it have these places."""
        return part.only(BitMap(places)) if self.are_wanted else part.without(BitMap(places))


@dataclass(frozen=True)
class Filtered:
    """A run's list in a user's jurisdiction, filtered.

    Attributes:
        left: what looks and campaigns leave of it, and cases where they were asked once for all parts.
        cases: by which it is filtered besides, as they stand when a part is read.
        places: who is left, where that was told once for all parts.
    """

    filters: Filters
    run: PublishedRun
    user: Any
    left: Part
    cases: _OfCases | None
    places: BitMap | None = None

    @classmethod
    def by(cls, filters: Filters, run: PublishedRun, user: Any) -> Self:
        """A run's list, filtered; looks and campaigns are asked now."""
        part, cases = _seen(filters, run, user, _of_campaign(filters, run, user, WHOLE)), _of_cases(filters, user)
        if is_of_listed(filters):
            part = replace(part, until=run.listed)
            if filters.seen or cases is not None:
                # Told by their places: what is left of those is counted without going through the list.
                part = part.only(BitMap(range(1, run.listed + 1)))
        return cls(filters, run, user, part, cases)

    def settled(self) -> Filtered:
        """The same, searched once for whoever reads all of it, part by part; what is decided meanwhile changes nothing."""
        left = self.left
        if self.cases is not None:
            left = self.cases.restrict(left, places_of(self.cases.cases, self.run, until=left.until))
        return replace(self, left=left, cases=None, places=self._places(left))

    def rows(self, after: int = 0, until: int = LAST, *, most: int) -> QuerySet[Ranked]:
        """The first ``most`` entities of the places after ``after`` up to ``until``, in order; their places are told now."""
        part = replace(self.left, after=after, until=min(self.left.until, until))
        if self.cases is not None:
            return self._at(self._of_windows(self.cases, part, most)).order_by("position")
        return self._rows(part, most).order_by("position")[:most]

    def count(self, most: int = LAST) -> tuple[int, int]:
        """How many there are, and how many of those are listed; each counted up to ``most``."""
        if self.cases is not None:
            windowed = self._of_windows(self.cases, self.left, most)
            return len(windowed), bisect_right(windowed, self.run.listed)
        places = self._places(self.left, most)
        if places is not None:
            return len(places), places.rank(self.run.listed)
        ends = dict.fromkeys((self.left.until, min(self.left.until, self.run.listed)))
        counts = [self._rows(replace(self.left, until=until), most).order_by()[:most].count() for until in ends]
        return counts[0], counts[-1]

    def _of_windows(self, cases: _OfCases, part: Part, most: int) -> list[int]:
        """The places of the first ``most`` within a part, in order: cases are read until there are so many."""
        places: list[int] = []
        for window in windows(cases.cases, self.run, part.after, part.until, first=max(FIRST_WINDOW, most)):
            lacking = most - len(places)
            restricted = cases.restrict(replace(part, after=window.after, until=window.until), window.places)
            told = self._places(restricted, lacking)
            if told is None:
                told = within(self._by_columns(), restricted).order_by("position").values_list("position", flat=True)[:lacking]
            places += told
            if len(places) == most:
                break
        return places

    def _rows(self, part: Part, most: int) -> QuerySet[Ranked]:
        """What the index, or the run's tables, tell of a part; no more than ``most`` where the index does."""
        places = self._places(part, most)
        return within(self._by_columns(), part) if places is None else self._at(places)

    def _places(self, part: Part, most: int = LAST) -> BitMap | None:
        """The places of the first ``most`` in a part, where the index tells them."""
        if self.places is not None:
            return part.of(self.places)[:most]
        keys = [[key_of(column, value)] for column, value in _columns(self.filters, self.run)]
        bounds = visible_regions(self.user)
        if bounds is not None:
            keys.append([key_of(f"region_{level}", code) for level, code in bounds])
        return places_found(alias_of(self.run.run_id), asked_of(self.filters.q), keys, part, most)

    def _at(self, places: Iterable[int]) -> QuerySet[Ranked]:
        ranked = ranked_of(self.run, self.user)
        return ranked.filter(position__in=among_places(ranked.db, places))

    def _by_columns(self) -> QuerySet[Ranked]:
        """The list filtered by its own columns."""
        ranked, asked = ranked_of(self.run, self.user), asked_of(self.filters.q)
        for column, value in _columns(self.filters, self.run):
            if (column, value) == UP:
                ranked = ranked.filter(_is_worse())
            elif column == REASON:
                ranked = ranked.filter(position__in=reasons_of(self.run).filter(indicator=value).values("position"))
            else:
                ranked = ranked.filter(**{column: value})
        return ranked if asked is None else ranked.filter(is_asked(asked))


def is_of_listed(filters: Filters) -> bool:
    """Whether they leave none but the listed, who have the first places: only they have reasons and are to be reviewed."""
    is_to_review = not filters.overdue and (filters.state == State.TO_REVIEW or filters.assigned == NOBODY)
    return bool(filters.listed or filters.reason or filters.moved == "up" or filters.seen or is_to_review)


def column_of(code: str, run: PublishedRun) -> str:
    """The column that holds codes of this code's level."""
    known = codes_of(str(run.profile.get("region_scheme", ""))).get(code)
    return {1: "region_top", 2: "region_middle"}.get(known.level if known else 3, "region_code")


def _columns(filters: Filters, run: PublishedRun) -> list[tuple[str, str]]:
    """What they filter by that the run's own database knows: columns and their values."""
    told = (
        (column_of(filters.region, run) if filters.region else "", filters.region),
        ("industry_section", filters.industry),
        ("risk_class", filters.risk_class),
        ("moved_by", filters.moved),
        (REASON, filters.reason),
    )
    return [(column, value) for column, value in told if value]


def _of_campaign(filters: Filters, run: PublishedRun, user: Any, part: Part) -> Part:
    if not filters.campaign:
        return part
    alias, members = alias_of(run.run_id), Member.objects.visible_to(user).filter(campaign=int(filters.campaign))
    ids = members.order_by().values_list("entity_id", flat=True)
    rows = Ranked.objects.using(alias).filter(entity_id__in=among(alias, ids)).order_by()
    return part.only(BitMap(rows.values_list("position", flat=True)))


def _seen(filters: Filters, run: PublishedRun, user: Any, part: Part) -> Part:
    """Those that the user has not looked at, or that stand otherwise since; they are of the listed."""
    if not filters.seen:
        return part
    return part.without(places_looked_at(user, run)) if filters.seen == UNSEEN else part.only(places_changed(user, run))


def _of_cases(filters: Filters, user: Any) -> _OfCases | None:
    """The cases that state and person ask for; None where they ask for nothing.

    Who has no case is to be reviewed, and is nobody's: those are told by the cases that others have. Nobody without a case has
    a deadline.
    """
    cases = Case.objects.visible_to(user)
    if filters.overdue:
        cases = overdue(cases, current_date())
    if filters.assigned and filters.assigned != NOBODY:
        theirs = cases.filter(assigned_to=user.pk if filters.assigned == ME else int(filters.assigned))
        return _OfCases(theirs.filter(state=filters.state) if filters.state else theirs, are_wanted=True)
    if filters.overdue or filters.state not in ("", State.TO_REVIEW):
        of_state = cases.filter(state=filters.state) if filters.state else cases
        return _OfCases(of_state.filter(assigned_to=None) if filters.assigned else of_state, are_wanted=True)
    away = Q(pk__in=[])
    if filters.state:
        away |= ~Q(state=State.TO_REVIEW)
    if filters.assigned:
        away |= ~Q(assigned_to=None)
    return _OfCases(cases.filter(away), are_wanted=False) if filters.state or filters.assigned else None


def _is_worse() -> Q:
    """Whose class is worse than on the published day before."""
    worse = Q()
    for at, letter in enumerate(CLASSES):
        worse |= Q(risk_class=letter, previous_class__in=CLASSES[at + 1 :])
    return worse


def came_from(values: Any) -> str:
    """The query of the list that a page was opened from, as ``list`` in its own query or form says; empty when from none."""
    asked = str(values.get("list", ""))[:2000]
    return Filters.read(QueryDict(asked)).query() if "list" in values else ""


def carried(query: str) -> str:
    """A list's query as an entity's page carries it."""
    return urlencode({"list": query})


def next_case(request: HttpRequest, run: PublishedRun, after: Ranked, query: str) -> Ranked | None:
    """The first entity behind ``after`` that the filter leaves and nobody has decided of; None at the list's end."""
    filters = Filters.read(QueryDict(query))
    if filters.state not in ("", State.TO_REVIEW):
        return None
    to_review = Filtered.by(replace(filters, state=State.TO_REVIEW), run, request.user)
    return next(iter(to_review.rows(after=after.position, until=run.listed, most=1)), None)
