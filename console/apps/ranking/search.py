"""Find the places of a run's list by name or code and by several columns, from one index (see postings.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from console.apps.ranking.list_part import LAST, Part
from console.apps.ranking.models import CLASSES, Postings, Ranked, Reason
from console.apps.ranking.postings import bitmaps_of
from console.apps.ranking.runs import among_places, has_table
from console.apps.ranking.search_terms import CODE, CODE_BEGINS, REASON, UP, Asked, key_of

FIRST_LOOK = 100
"""The number of names that are read first to check a match; each further read has :data:`GROWS` times as many."""
GROWS = 4
LAST_LOOK = 10_000
"""The largest number of names in one read."""

Values = Sequence[Sequence[tuple[str, str]]]
"""Columns with their values, for the list's filters: a match has at least one value of each group."""


def places_found(alias: str, asked: Asked | None, values: Values, part: Part, most: int = LAST) -> BitMap | None:
    """The places in a part of the list whose name contains the search or whose code begins with it, and that have the values.

    A value that the index lacks is looked up in the run's table: the index of an earlier version has fewer columns.

    None if the run's own tables answer as well: for one column or none, or if the run is from before the index existed.

    Args:
        alias: the run's database.
        asked: the search.
        values: the filters.
        part: the part of the list.
        most: the most places to return, the first ones.
    """
    if asked is None and not values and part.among is not None:
        return part.of(part.among)[:most]
    is_of_several = len(values) > 1 or any(len(group) != 1 for group in values)
    needs_index = asked is not None or is_of_several or bool(values and (part.among is not None or part.excluded))
    if not needs_index or not has_table(alias, Postings):
        return None
    named = bitmaps_of(alias, [*(key_of(*one) for one in chain(*values)), *_words(asked)])
    rows = Ranked.objects.using(alias).filter(position__gt=part.after, position__lte=part.until).order_by()
    for column, value in chain(*values):
        if key_of(column, value) not in named:
            named[key_of(column, value)] = _places(having(rows, column, value))
    groups = [BitMap.union(BitMap(), *[named[key_of(*one)] for one in group]) for group in values]
    if asked is None:
        return part.of(BitMap.intersection(*groups))[:most]
    by_name = BitMap.intersection(*[named.get(word, BitMap()) for word in asked.words]) if asked.words else BitMap()
    by_code = named.get(key_of(CODE, asked.code), BitMap()) if len(asked.code) <= CODE_BEGINS else _with_code(rows, asked)
    places = part.of(BitMap.intersection(by_name | by_code, *groups))
    if asked.is_exact or not by_name:
        return places[:most]
    return BitMap(islice(_looked_at(alias, places, by_code, asked), most))


def within(ranked: QuerySet[Ranked], part: Part) -> QuerySet[Ranked]:
    """The rows of ``ranked`` in the part."""
    after, until = part.after, part.until
    if part.among is not None:
        if not part.among:
            return ranked.none()
        ranked = ranked.filter(position__in=among_places(ranked.db, part.among))
        # The range is stated again: the databases do not see how far these places reach.
        after, until = max(after, part.among.min() - 1), min(until, part.among.max())
    if part.excluded:
        ranked = ranked.exclude(position__in=among_places(ranked.db, part.excluded))
    if after:
        ranked = ranked.filter(position__gt=after)
    return ranked.filter(position__lte=until) if until < LAST else ranked


def having(ranked: QuerySet[Ranked], column: str, value: str) -> QuerySet[Ranked]:
    """The rows of ``ranked`` that a filter by the value of a column selects."""
    if (column, value) == UP:
        worse = [Q(risk_class=letter, previous_class__in=CLASSES[at:]) for at, letter in enumerate(CLASSES, 1)]
        return ranked.filter(Q(*worse, _connector=Q.OR))
    if column == REASON:
        return ranked.filter(position__in=Reason.objects.using(ranked.db).filter(indicator=value).values("position"))
    return ranked.filter(**{column: value})


def is_asked(asked: Asked) -> Q:
    """The condition of a search for a run without an index. It misses names in the other Chinese script or of another width."""
    return Q(name__icontains=asked.text) | Q(entity_id__istartswith=asked.code) if asked.words else Q(pk__in=[])


def _words(asked: Asked | None) -> Sequence[str]:
    return (*asked.words, key_of(CODE, asked.code)) if asked else ()


def _with_code(rows: QuerySet[Ranked], asked: Asked) -> BitMap:
    """The places whose code begins with a search that is longer than the index's prefixes, as typed or in capitals."""
    begins = [Q(entity_id__gte=code, entity_id__lt=code + "\U0010ffff") for code in {asked.code, asked.text}]
    return _places(rows.filter(Q(*begins, _connector=Q.OR)))


def _places(rows: QuerySet[Ranked]) -> BitMap:
    return BitMap(rows.values_list("position", flat=True))


def _looked_at(alias: str, places: BitMap, by_code: BitMap, asked: Asked) -> Iterator[int]:
    """The places whose name contains the text, in order, read lazily."""
    start, many = 0, FIRST_LOOK
    while some := places[start : start + many]:
        rows = Ranked.objects.using(alias).filter(position__in=among_places(alias, some)).order_by("position")
        for place, name in rows.values_list("position", "name"):
            if place in by_code or asked.is_in(name):
                yield place
        start, many = start + many, min(many * GROWS, LAST_LOOK)
