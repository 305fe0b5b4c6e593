"""Which places hold a query, in the order of rank, asked of PostgreSQL's index of words, which knows no order.

The index tells quickly who holds words that few hold together, and takes long over those that many hold: it always gathers all. To
look at each place in order is the other way round. So the first places are looked at one after the other, which fills a page with
what many hold; then the index is asked for a few; and where it knows of more than those, they are come upon soon enough in order.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import connections
from django.db.models.expressions import RawSQL

from console.ranking.part import Part
from console.ranking.runs import among_places

FIRST = 20_000
"""So many places are looked at, some milliseconds, before the index is asked."""
FEW = 2_000
"""So many places are fetched and sorted sooner than others are passed over to come upon them in order."""
_HOLD = "grams @@ %s::tsquery"
_WITHIN = "position > %s AND position <= %s"
# PostgreSQL guesses from how frequent each word is by itself; "OFFSET 0" keeps it from asking the index all the same.
_ONE_BY_ONE = f"(SELECT position, grams FROM ranking_search WHERE {_WITHIN} ORDER BY position OFFSET 0) AS each"


def places_on_postgresql(alias: str, query: str, part: Part) -> RawSQL:
    """The places of a part that hold a query.

    Args:
        alias: the run's database.
        query: as PostgreSQL reads one.
        part: what is wanted; where it says how many, the first of them in order, unless any will do.
    """
    is_short = part.until - part.after <= FIRST
    if part.most is not None and not part.any_will_do and not is_short:
        return among_places(alias, _first(alias, query, part, part.most))
    if is_short:
        sql, asked = f"SELECT position FROM {_ONE_BY_ONE} WHERE {_HOLD}", [part.after, part.until, query]
    else:
        sql, asked = f"SELECT position FROM ranking_search WHERE {_HOLD} AND {_WITHIN}", [query, part.after, part.until]
    return RawSQL(sql, asked) if part.most is None else RawSQL(f"{sql} LIMIT %s", [*asked, part.most])


def _first(alias: str, query: str, part: Part, most: int) -> list[int]:
    def places(sql: str, *asked: object) -> list[int]:
        with connections[alias].cursor() as cursor:
            cursor.execute(sql, asked)
            return [place for (place,) in cursor.fetchall()]

    def in_order(part: Part) -> list[int]:
        return places(f"SELECT position FROM {_ONE_BY_ONE} WHERE {_HOLD} LIMIT %s", part.after, part.until, query, most)

    found = in_order(replace(part, until=part.after + FIRST))
    if len(found) == most:
        return found
    held = places(f"SELECT position FROM ranking_search WHERE {_HOLD} LIMIT %s", query, FEW)
    if len(held) == FEW:
        return in_order(part)
    return sorted(place for place in held if part.after < place <= part.until)[:most]
