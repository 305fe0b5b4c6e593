"""Which places of a run's list are asked for, by name or code and by several columns at once, off one index (see postings.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from django.db.models import Q, QuerySet
from pyroaring import BitMap

from console.apps.ranking.list_part import LAST, Part
from console.apps.ranking.models import Postings, Ranked
from console.apps.ranking.postings import bitmaps_of
from console.apps.ranking.runs import among_places, has_table
from console.apps.ranking.search_terms import CODE, CODE_BEGINS, Asked, key_of

FIRST_LOOK = 100
"""So many places whose names have to be looked at are read at first, each time :data:`GROWS` times as many."""
GROWS = 4
LAST_LOOK = 10_000
"""No more are read at once."""

Keys = Sequence[Sequence[str]]
"""Words of the index that tell what a list is filtered by: of each group those wanted have at least one."""


def places_found(alias: str, asked: Asked | None, keys: Keys, part: Part, most: int = LAST) -> BitMap | None:
    """The places in a part of those whose name holds what is asked, or whose code begins so, and who have a key of each group.

    None where the run's own tables tell it as well: by one column alone, by none, or where the run was published before it had an
    index.

    Args:
        alias: the run's database.
        asked: what somebody typed.
        keys: what else holds of those wanted.
        part: of the list that is looked at.
        most: no more are given, the first.
    """
    if asked is None and not keys and part.among is not None:
        return part.of(part.among)[:most]
    is_of_several = len(keys) > 1 or any(len(group) != 1 for group in keys)
    needs_index = asked is not None or is_of_several or bool(keys and (part.among is not None or part.excluded))
    if not needs_index or not has_table(alias, Postings):
        return None
    named = bitmaps_of(alias, [*chain(*keys), *_words(asked)])
    groups = [_union(named, group) for group in keys]
    if asked is None:
        return part.of(BitMap.intersection(*groups))[:most]
    by_name = BitMap.intersection(*[named.get(word, BitMap()) for word in asked.words]) if asked.words else BitMap()
    by_code = _union(named, _words_of_code(asked)) if len(asked.code) <= CODE_BEGINS else _with_code(alias, asked, part)
    places = part.of(BitMap.intersection(by_name | by_code, *groups))
    if asked.is_exact or not by_name:
        return places[:most]
    return BitMap(islice(_looked_at(alias, places, by_code, asked), most))


def within(ranked: QuerySet[Ranked], part: Part) -> QuerySet[Ranked]:
    """Those of ``ranked`` in the part."""
    after, until = part.after, part.until
    if part.among is not None:
        if not part.among:
            return ranked.none()
        ranked = ranked.filter(position__in=among_places(ranked.db, part.among))
        # Said once more as a stretch: the databases do not see how far such places reach.
        after, until = max(after, part.among.min() - 1), min(until, part.among.max())
    if part.excluded:
        ranked = ranked.exclude(position__in=among_places(ranked.db, part.excluded))
    if after:
        ranked = ranked.filter(position__gt=after)
    return ranked.filter(position__lte=until) if until < LAST else ranked


def is_asked(asked: Asked) -> Q:
    """That a row answers a search, where a run has no index: a name in another script, or with signs of other shapes, is missed."""
    return Q(name__icontains=asked.text) | Q(entity_id__istartswith=asked.code) if asked.words else Q(pk__in=[])


def _words(asked: Asked | None) -> Sequence[str]:
    return (*asked.words, *_words_of_code(asked)) if asked else ()


def _words_of_code(asked: Asked) -> Sequence[str]:
    return (key_of(CODE, asked.code),) if len(asked.code) <= CODE_BEGINS else ()


def _union(named: dict[str, BitMap], words: Sequence[str]) -> BitMap:
    return BitMap.union(BitMap(), *[named[word] for word in words if word in named])


def _with_code(alias: str, asked: Asked, part: Part) -> BitMap:
    """The places of the codes in a part that begin with more than the index holds, as it was typed or in capitals."""
    begins = [Q(entity_id__gte=code, entity_id__lt=code + "\U0010ffff") for code in {asked.code, asked.text}]
    rows = Ranked.objects.using(alias).filter(Q(*begins, _connector=Q.OR), position__gt=part.after, position__lte=part.until)
    return BitMap(rows.order_by().values_list("position", flat=True))


def _looked_at(alias: str, places: BitMap, by_code: BitMap, asked: Asked) -> Iterator[int]:
    """Those of some places that hold the text, in order, read as they are taken."""
    start, many = 0, FIRST_LOOK
    while some := places[start : start + many]:
        rows = Ranked.objects.using(alias).filter(position__in=among_places(alias, some)).order_by("position")
        for place, name in rows.values_list("position", "name"):
            if place in by_code or asked.is_in(name):
                yield place
        start, many = start + many, min(many * GROWS, LAST_LOOK)
