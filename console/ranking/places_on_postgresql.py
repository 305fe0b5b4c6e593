"""Which places hold a query, in the order of rank, asked of PostgreSQL's index of words, which knows no order."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models.expressions import RawSQL

from console.ranking.part import Part

FEW = 10_000
"""So many places are sorted sooner than others are passed over to come upon them in order."""


def places_on_postgresql(alias: str, query: str, part: Part) -> RawSQL:
    """The places of a part that hold a query.

    Args:
        alias: the run's database.
        query: as PostgreSQL reads one.
        part: what is wanted; where it says how many, the first of them in order, unless any will do.
    """
    sql = "SELECT position FROM ranking_search WHERE grams @@ %s::tsquery AND position > %s AND position <= %s"
    asked: list[Any] = [query, part.after, part.until]
    if part.most is None:
        return RawSQL(sql, asked)
    order = "" if part.any_will_do else _order(alias, query)
    return RawSQL(f"{sql}{order} LIMIT %s", [*asked, part.most])


def _order(alias: str, query: str) -> str:
    """How the places are put in order: there are two ways, and PostgreSQL must choose.

    It may walk in order and look at each, which is fast where every hundredth is wanted, or take all that are wanted and sort them,
    which is fast where they are few. It guesses from how frequent each word is by itself; how many have all of them it can count.
    """
    with connections[alias].cursor() as cursor:
        sql = "SELECT count(*) FROM (SELECT 1 FROM ranking_search WHERE grams @@ %s::tsquery LIMIT %s) AS found"
        cursor.execute(sql, [query, FEW])
        found: int = cursor.fetchone()[0]
    return " ORDER BY position + 0" if found < FEW else " ORDER BY position"
