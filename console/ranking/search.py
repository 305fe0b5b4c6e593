"""Search by name or code, and filters by several columns at once, off one index in the order of rank (see postings.py)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain, islice

from django.db import connections
from django.db.models import QuerySet
from pyroaring import BitMap

from console.ranking.models import Postings, Ranked
from console.ranking.part import LAST, WHOLE, Part
from console.ranking.postings import places_of
from console.ranking.runs import among_places
from console.ranking.words import BEGINS, CODE, Asked, asked_of, key_of

FIRST_LOOK, LAST_LOOK, GROWS = 100, 10_000, 4
"""Of places that have to be looked at so many are at first, each time so many times as many, up to so many at once."""

Keys = Sequence[Sequence[str]]
"""Words of the index that tell what a list is filtered by: of each group an entity has one."""


def search(
    ranked: QuerySet[Ranked], text: str = "", keys: Keys = (), part: Part = WHOLE, *, is_told: bool = False
) -> QuerySet[Ranked]:
    """Those of ``ranked`` within ``part`` whose name holds the text (:func:`console.ranking.words.holds`), or whose code begins so.

    Args:
        ranked: entities of a run.
        text: what somebody typed.
        keys: what holds of all of ``ranked``.
        part: which of those found are needed.
        is_told: whether keys and part tell all that ``ranked`` is filtered by, so that no row has to be looked at for it.
    """
    asked, is_indexed = asked_of(text), _is_indexed(ranked.db)
    if asked is None and not (is_told and is_indexed and len(keys) > 1 and part.most is not None):
        # By one column, or where all are wanted, the database's own indexes are as good.
        return within(ranked, part)
    if is_indexed:
        places, is_sure = _places(ranked.db, asked, keys)
    else:
        places, is_sure = BitMap(ranked.values_list("position", flat=True)), False
    wanted = part.of(places)
    if asked is None or (is_told and is_sure):
        return ranked.filter(position__in=among_places(ranked.db, wanted[: part.most]))
    found = islice(_looked_at(ranked, wanted, asked, is_sure=is_sure), part.most)
    return ranked.filter(position__in=among_places(ranked.db, found))


def within(ranked: QuerySet[Ranked], part: Part) -> QuerySet[Ranked]:
    """Those of ``ranked`` in the part, however many it says are wanted."""
    after, until = part.after, part.until
    if part.among is not None:
        ranked = ranked.filter(position__in=among_places(ranked.db, part.among))
        # Said once more as a stretch: the databases do not see how far such places reach.
        after, until = (max(after, part.among.min() - 1), min(until, part.among.max())) if part.among else (after, until)
    if part.but:
        ranked = ranked.exclude(position__in=among_places(ranked.db, part.but))
    if after:
        ranked = ranked.filter(position__gt=after)
    return ranked.filter(position__lte=until) if until < LAST else ranked


def _places(alias: str, asked: Asked | None, keys: Keys) -> tuple[BitMap, bool]:
    """The places that have what is asked for and a key of each group; whether all of them hold the text."""
    begun = key_of(CODE, asked.code) if asked and len(asked.code) <= BEGINS else ""
    named = places_of(alias, [*chain(*keys), *(asked.words if asked else ()), begun])
    groups = [BitMap.union(BitMap(), *[named[key] for key in group if key in named]) for group in keys]
    if asked is None:
        return BitMap.intersection(*groups), True
    by_code = named.get(begun, BitMap()) if begun else _with_code(alias, asked.code)
    is_known = bool(asked.words) and all(word in named for word in asked.words)
    by_name = BitMap.intersection(*[named[word] for word in asked.words]) if is_known else BitMap()
    return BitMap.intersection(by_name | by_code, *groups), asked.is_exact or not by_name


def _with_code(alias: str, code: str) -> BitMap:
    """The places of codes with a longer beginning than the index holds: few."""
    rows = Ranked.objects.using(alias).filter(entity_id__gte=code, entity_id__lt=code + "\U0010ffff")
    return BitMap(rows.order_by().values_list("position", flat=True))


def _looked_at(ranked: QuerySet[Ranked], places: BitMap, asked: Asked, *, is_sure: bool) -> Iterator[int]:
    """Those of some places that are in ``ranked`` and hold the text, in order, read as they are taken."""
    start, many = 0, FIRST_LOOK
    while some := places[start : start + many]:
        rows = ranked.filter(position__in=among_places(ranked.db, some)).order_by("position")
        for place, name, code in rows.values_list("position", "name", CODE):
            if is_sure or code.upper().startswith(asked.code) or asked.is_in(name):
                yield place
        start, many = start + many, min(many * GROWS, LAST_LOOK)


@cache
def _is_indexed(alias: str) -> bool:
    """Whether a run has the index: one that was published before there was any has not."""
    # A run's tables never change, so it is asked once.
    return Postings._meta.db_table in connections[alias].introspection.table_names()
