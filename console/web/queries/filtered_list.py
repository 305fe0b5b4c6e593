"""A run's list with filters: its rows, part by part, and their number; the next entity to review; the list's query in URLs.

The filters read three databases. The index of the run holds names, codes and columns. The console holds looks and campaigns, and
the cases with their states and people; their results become positions in the run's list.
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
from console.apps.decisions.models import Case
from console.apps.decisions.places import FIRST_WINDOW, places_of, windows
from console.apps.decisions.states import State
from console.apps.ranking.list_part import LAST, WHOLE, Part
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, among_places, ranked_of
from console.apps.ranking.search import having, is_asked, places_found, within
from console.apps.ranking.search_terms import asked_of
from console.web.queries.list_filters import FILTERS, Filters


@dataclass(frozen=True)
class _CaseFilter:
    """Cases whose entities the list keeps, or, if not ``keeps``, leaves out."""

    cases: QuerySet[Case]
    keeps: bool

    def restrict(self, part: Part, positions: Iterable[int]) -> Part:
        """A part of the list after this filter; ``positions`` are those of the cases in it."""
        return part.only(BitMap(positions)) if self.keeps else part.without(BitMap(positions))


@dataclass(frozen=True)
class Filtered:
    """A run's list in a user's jurisdiction, filtered.

    Attributes:
        left: what the filters by looks and campaigns leave; after :meth:`materialise` also those by cases.
        cases: the filter by cases. It is evaluated when a part is read.
        positions: all positions of the result, after :meth:`materialise` if the index can find them.
    """

    filters: Filters
    run: PublishedRun
    user: Any
    left: Part
    cases: _CaseFilter | None
    positions: BitMap | None = None

    @classmethod
    def by(cls, filters: Filters, run: PublishedRun, user: Any) -> Self:
        """Filter a run's list. Looks and campaigns are read now."""
        part, cases = WHOLE, _case_filter(filters, user)
        for name, value in filters.given().items():
            if narrow := FILTERS[name].narrow:
                part = narrow(part, value, run, user)
        if needs_listed(filters):
            is_narrow = part is not WHOLE or cases is not None
            part = replace(part, until=run.listed)
            if is_narrow:
                # With the positions as a set the result is counted without a scan of the list.
                part = part.only(BitMap(range(1, run.listed + 1)))
        return cls(filters, run, user, part, cases)

    def materialise(self) -> Filtered:
        """The same list, evaluated once for a reader of all parts; later decisions do not change it."""
        left = self.left
        if self.cases is not None:
            left = self.cases.restrict(left, places_of(self.cases.cases, self.run, until=left.until))
        return replace(self, left=left, cases=None, positions=self._positions(left))

    def rows(self, after: int = 0, until: int = LAST, *, most: int) -> QuerySet[Ranked]:
        """The first ``most`` entities at positions above ``after`` up to ``until``, in order."""
        part = replace(self.left, after=after, until=min(self.left.until, until))
        if self.cases is not None:
            return self._at(self._windowed(self.cases, part, most)).order_by("position")
        return self._rows(part, most).order_by("position")[:most]

    def count(self, most: int = LAST) -> tuple[int, int]:
        """The number of entities and the number of listed ones, each counted up to ``most``."""
        if self.cases is not None:
            windowed = self._windowed(self.cases, self.left, most)
            return len(windowed), bisect_right(windowed, self.run.listed)
        positions = self._positions(self.left, most)
        if positions is not None:
            return len(positions), positions.rank(self.run.listed)
        ends = dict.fromkeys((self.left.until, min(self.left.until, self.run.listed)))
        counts = [self._rows(replace(self.left, until=until), most).order_by()[:most].count() for until in ends]
        return counts[0], counts[-1]

    def _windowed(self, cases: _CaseFilter, part: Part, most: int) -> list[int]:
        """The first ``most`` positions in a part, in order. Cases are read window by window until there are enough."""
        positions: list[int] = []
        for window in windows(cases.cases, self.run, part.after, part.until, first=max(FIRST_WINDOW, most)):
            missing = most - len(positions)
            restricted = cases.restrict(replace(part, after=window.after, until=window.until), window.places)
            found = self._positions(restricted, missing)
            if found is None:
                rows = within(self._by_columns(), restricted).order_by("position")
                found = rows.values_list("position", flat=True)[:missing]
            positions += found
            if len(positions) == most:
                break
        return positions

    def _rows(self, part: Part, most: int) -> QuerySet[Ranked]:
        """The entities of a part, from the index, which gives at most ``most``, or from the run's tables."""
        positions = self._positions(part, most)
        return within(self._by_columns(), part) if positions is None else self._at(positions)

    def _positions(self, part: Part, most: int = LAST) -> BitMap | None:
        """The first ``most`` positions in a part; None if the index cannot find them."""
        if self.positions is not None:
            return part.of(self.positions)[:most]
        values = [[one] for one in self._columns()]
        bounds = visible_regions(self.user)
        if bounds is not None:
            values.append([(f"region_{level}", code) for level, code in bounds])
        return places_found(alias_of(self.run.run_id), asked_of(self.filters.q), values, part, most)

    def _at(self, positions: Iterable[int]) -> QuerySet[Ranked]:
        ranked = ranked_of(self.run, self.user)
        return ranked.filter(position__in=among_places(ranked.db, positions))

    def _columns(self) -> list[tuple[str, str]]:
        """Columns of the run's list and the values that the filters select."""
        given = self.filters.given().items()
        return [column(value, self.run) for name, value in given if (column := FILTERS[name].column)]

    def _by_columns(self) -> QuerySet[Ranked]:
        """The list filtered by its own columns."""
        ranked, asked = ranked_of(self.run, self.user), asked_of(self.filters.q)
        for column, value in self._columns():
            ranked = having(ranked, column, value)
        return ranked if asked is None else ranked.filter(is_asked(asked))


def needs_listed(filters: Filters) -> bool:
    """Whether the filters leave only listed entities, which have the first positions: only they have reasons and reviews.

    A case without a listed entity can be overdue, so the filter of overdue cases keeps it.
    """
    given = [(FILTERS[name], value) for name, value in filters.given().items()]
    return any(row.needs_listed(value) or (row.without_case(value) and not filters.overdue) for row, value in given)


def _case_filter(filters: Filters, user: Any) -> _CaseFilter | None:
    """The cases that the filters by cases select together; None if none of these filters is set.

    If entities without a case pass all of them, the cases that do not pass are left out.
    """
    given = [(FILTERS[name], value) for name, value in filters.given().items() if FILTERS[name].cases]
    if not given:
        return None
    passes = Q(*[row.cases(value, user) for row, value in given if row.cases])
    keeps = not all(row.without_case(value) for row, value in given)
    return _CaseFilter(Case.objects.visible_to(user).filter(passes if keeps else ~passes), keeps)


def came_from(values: Any) -> str:
    """The query of the list from which a page was opened: ``list`` in its own query or form. Empty without one."""
    query = str(values.get("list", ""))[:2000]
    return Filters.read(QueryDict(query)).query() if "list" in values else ""


def carried(query: str) -> str:
    """The query that carries a list's query to an entity's page."""
    return urlencode({"list": query})


def next_case(request: HttpRequest, run: PublishedRun, after: Ranked, query: str) -> Ranked | None:
    """The first entity after ``after`` that passes the filter and is to be reviewed; None at the end of the list."""
    filters = Filters.read(QueryDict(query))
    if filters.state not in ("", State.TO_REVIEW):
        return None
    to_review = Filtered.by(replace(filters, state=State.TO_REVIEW), run, request.user)
    return next(iter(to_review.rows(after=after.position, until=run.listed, most=1)), None)
