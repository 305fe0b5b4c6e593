"""The places of cases on a run's list, so that a page filtered by state or person does not read every case.

Cases are in one database and a run's list is in another, and no query joins the two. So each case stores its entity's place in the
newest run: ``place``, in the run ``placed_in``. Publishing and decisions write it. The cases of a state are then read from an index
in the list's order, a window at a time, until a page is full. A case that has its place in another run (a day was just published,
or the list is an older one) is looked up by its identifier: slower, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from console.apps.decisions.models import Case
from console.apps.ranking.list_part import LAST
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, among

FIRST_WINDOW = 200
GROWS = 4
"""Growth factor of the windows: a page that fills quickly reads few cases, a page with rare matches needs few queries."""


@dataclass(frozen=True)
class Window:
    """A part of the list, after ``after`` up to ``until``, and the places of the cases in it, in order."""

    after: int
    until: int
    places: list[int]


def places_of(cases: QuerySet[Case], run: PublishedRun, after: int = 0, until: int = LAST) -> list[int]:
    """The places of the cases' entities in the run, in order, after ``after`` up to ``until``."""
    return [place for window in windows(cases, run, after, until, first=until) for place in window.places]


def windows(
    cases: QuerySet[Case], run: PublishedRun, after: int = 0, until: int = LAST, *, first: int = FIRST_WINDOW
) -> Iterator[Window]:
    """Consecutive windows of the run's list after ``after`` up to ``until``, each with the places of the cases in it.

    The first window has ``first`` cases, each further one :data:`GROWS` times as many.
    """
    placed = cases.filter(placed_in=run.run_id).order_by("place").values_list("place", flat=True)
    others = _looked_up(cases, run, after, until)
    many = first
    while after < until:
        found = list(placed.filter(place__gt=after, place__lte=until)[:many])
        end = found[-1] if len(found) == many else until
        yield Window(after, end, sorted({*found, *(place for place in others if after < place <= end)}))
        after, many = end, many * GROWS


def _looked_up(cases: QuerySet[Case], run: PublishedRun, after: int, until: int) -> list[int]:
    """The places of the entities whose cases have their place in another run."""
    if _all_are_placed_in(run):
        return []
    names = cases.filter(Q(placed_in__lt=run.run_id) | Q(placed_in__gt=run.run_id)).order_by().values_list("entity_id", flat=True)
    alias = alias_of(run.run_id)
    ranked = Ranked.objects.using(alias).filter(entity_id__in=among(alias, names), position__gt=after, position__lte=until)
    return list(ranked.order_by().values_list("position", flat=True))


def _all_are_placed_in(run: PublishedRun) -> bool:
    """Whether all cases have their place in the run: the first and the last of the index by run are of this one."""
    ends = (Case.objects.order_by(order).values_list("placed_in", flat=True).first() for order in ("placed_in", "-placed_in"))
    return all(end in (None, run.run_id) for end in ends)
