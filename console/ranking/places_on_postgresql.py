"""Which places hold a query, in the order of rank, asked of PostgreSQL's index of words, which knows no order.

The index tells quickly who holds words that few hold together, and takes long over those that many hold: it always gathers all. To
look at each place in order is the other way round. So the first places are looked at one after the other, which fills a page with
what many hold; then the index is asked for what few hold; and what is more than that is come upon in order.
"""

from __future__ import annotations

from dataclasses import replace

from django.db import connections, transaction
from django.db.models.expressions import RawSQL

from console.ranking.part import Part
from console.ranking.runs import among_places

FIRST = 20_000
"""So many places are looked at, some milliseconds, before the index is asked."""
OFTEN = 1_000
"""Where so many of those hold the query, those that are missing are come upon in order sooner than the index gathers all."""
FEW = 10_000
"""So many places are fetched and sorted sooner than others are passed over to come upon them in order."""
_HOLD = "grams @@ %s::tsquery"
_WITHIN = "position > %s AND position <= %s"
# PostgreSQL guesses from how frequent each word is by itself, and is wrong about words that are seldom together. "OFFSET 0" keeps
# it from the index where each place is to be looked at, "+ 0" and "enable_seqscan" from the places where the index is to be asked.
_ONE_BY_ONE = f"(SELECT position, grams FROM ranking_search WHERE {_WITHIN} ORDER BY position OFFSET 0) AS each"
_BY_INDEX = f"SELECT position FROM ranking_search WHERE {_HOLD} AND position + 0 > %s AND position + 0 <= %s LIMIT %s"


def places_on_postgresql(alias: str, query: str, part: Part) -> RawSQL:
    """The places of a part that hold a query.

    Args:
        alias: the run's database.
        query: as PostgreSQL reads one.
        part: what is wanted; where it says how many, the first of them in order, unless any will do.
    """
    if part.until - part.after <= FIRST:
        sql, asked = f"SELECT position FROM {_ONE_BY_ONE} WHERE {_HOLD}", [part.after, part.until, query]
        return RawSQL(sql, asked) if part.most is None else RawSQL(f"{sql} LIMIT %s", [*asked, part.most])
    if part.most is None:
        return RawSQL(f"SELECT position FROM ranking_search WHERE {_HOLD} AND {_WITHIN}", [query, part.after, part.until])
    return among_places(alias, _found(alias, query, part, part.most))


def _found(alias: str, query: str, part: Part, most: int) -> list[int]:
    """The places, asked for at once: which way is the shorter is known only when the first were looked at."""
    first = _in_order(alias, query, replace(part, until=part.after + FIRST), most)
    missing, rest = most - len(first), replace(part, after=part.after + FIRST)
    if not missing:
        return first
    if len(first) < OFTEN:
        limit = missing if part.any_will_do else FEW
        held = _by_index(alias, query, rest, limit)
        if part.any_will_do or len(held) < limit:
            return [*first, *sorted(held)[:missing]]
    return [*first, *_in_order(alias, query, rest, missing)]


def _in_order(alias: str, query: str, part: Part, most: int) -> list[int]:
    with connections[alias].cursor() as cursor:
        cursor.execute(f"SELECT position FROM {_ONE_BY_ONE} WHERE {_HOLD} LIMIT %s", [part.after, part.until, query, most])
        return [place for (place,) in cursor.fetchall()]


def _by_index(alias: str, query: str, part: Part, most: int) -> list[int]:
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(_BY_INDEX, [query, part.after, part.until, most])
        return [place for (place,) in cursor.fetchall()]
