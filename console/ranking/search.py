"""Search by name or code. Chinese has no spaces: names are kept as pairs of neighbouring characters, folded to Simplified."""

from __future__ import annotations

import re

from django.db import connections
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from console.ranking.models import Ranked
from console.texts import to_simplified

_WORD = re.compile(r"[\u3400-\u9fff]+|[a-z0-9]+")
MOST = 80
"""Characters of a search that are looked at."""


def words_of(text: str) -> list[list[str]]:
    """The words of a text, each as its grams: a Chinese word's pairs of characters (one character is itself), others whole."""
    words: list[list[str]] = []
    for word in _WORD.findall(to_simplified(text).lower()):
        is_chinese = word[0] >= "\u3400" and len(word) > 1
        words.append([word[at : at + 2] for at in range(len(word) - 1)] if is_chinese else [word])
    return words


def grams_of(text: str) -> str:
    """What of a name is put into the index."""
    return " ".join(gram for word in words_of(text) for gram in word)


def search(ranked: QuerySet[Ranked], text: str) -> QuerySet[Ranked]:
    """Those of ``ranked`` whose name holds the text, in either script, or whose code begins with it.

    The code is asked for as a range, which an index answers; the name by the index of pairs. The pairs of a word must follow
    each other, so that what is found holds the word and not its pairs here and there.
    """
    wanted = text.strip()[:MOST]
    if not wanted:
        return ranked
    code = wanted.upper()
    by_code = Q(entity_id__gte=code, entity_id__lt=code + "\U0010ffff")
    words = words_of(wanted)
    if not words:
        return ranked.filter(by_code)
    # Words are letters and digits alone: nothing in them is an operator of either index.
    if connections[ranked.db].vendor == "sqlite":
        phrases = " ".join('"' + " ".join(word) + '"' for word in words) + "*"
        found = RawSQL("SELECT rowid FROM ranking_search WHERE ranking_search MATCH %s", [phrases])
    else:
        query = " & ".join("(" + " <-> ".join(f"'{gram}':*" for gram in word) + ")" for word in words)
        found = RawSQL("SELECT position FROM ranking_ranked WHERE grams @@ to_tsquery('simple', %s)", [query])
    return ranked.filter(by_code | Q(position__in=found))
