"""Search by name or code, off one index in the order of rank, whatever else the list is filtered by.

Chinese has no spaces: names are kept as pairs of neighbouring characters, folded (see folding.py), and the last character once more
by itself, so that one character is found wherever it stands: it begins a pair, or is the last. Beside a name's pairs the index
holds, as words of their own, what the list is filtered by and how the code begins. So a search is one walk along lists of places
that are in order already (an inverted index: Zobel and Moffat, "Inverted files for text search engines", 2006), which stops as soon
as a page is full, also where every name holds the word.

What is typed together is asked for as one phrase, so that the index finds no name that does not hold it: nothing that was found
need be thrown away again, by which a page would come out short and a count wrong. :func:`holds` says the same of a name's own text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from types import MappingProxyType
from typing import Any

from django.db import connections
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from console.ranking.folding import PAIRED, fold, normalized
from console.ranking.models import Ranked
from console.ranking.part import WHOLE, Part
from console.ranking.places_on_postgresql import places_on_postgresql

_WORD = re.compile(rf"[{PAIRED}]+|[^\W_{PAIRED}]+")
_FIRST = re.compile(f"[{PAIRED}]")
_BEGINS = rf"(?<![^\W_{PAIRED}])"
_LONGEST = 256
"""Characters of a word that the index holds: far more than are asked for, and no more than PostgreSQL takes."""
MOST = 80
"""Characters of a search that are looked at."""
KEYS = MappingProxyType(
    {"region_code": "r", "region_middle": "m", "region_top": "t", "industry_section": "i", "risk_class": "c", "moved_by": "v"}
)
"""Columns whose value is in the index as a word of its own, and how that begins."""
_CODE = "e"
CODE_BEGINS = 8
"""Characters of a code that are in the index, each beginning as a word; longer ones are few, and asked for as a range."""


def grams_of(text: str) -> list[str]:
    """What of a name is put into the index, in the name's order."""
    return [gram for word in _WORD.findall(fold(text)) for gram in _grams(word, is_whole=True)]


def phrases_of(text: str) -> list[list[str]]:
    """What a text asks the index for: of each part that is typed together the grams that follow each other in whatever holds it.

    The last gram of a part may be the beginning of one. Signs between words, such as brackets, are not in the index.
    """
    parts = (_WORD.findall(part) for part in fold(text).split())
    return [
        [gram for at, word in enumerate(words, 1) for gram in _grams(word, is_whole=at < len(words))] for words in parts if words
    ]


def holds(name: str, text: str) -> bool:
    """Whether a name holds a text, told by the two alone: what the index must find, and nothing else.

    All that is typed together stands together, each such part somewhere. Signs between words count as a space, and where Chinese
    and other writing meet as nothing. A word that is not Chinese is found from its beginning on.
    """
    kept = _closed(name)
    parts = (_closed(part) for part in fold(text).split())
    return all(re.search(("" if _is_paired(part) else _BEGINS) + re.escape(part), kept) for part in parts if part)


def _closed(text: str) -> str:
    words = _WORD.findall(fold(text))
    gaps = [" " * (_is_paired(one) == _is_paired(other)) for one, other in pairwise(words)]
    return "".join(chain.from_iterable(zip(words, [*gaps, ""], strict=False)))


def _grams(word: str, *, is_whole: bool) -> list[str]:
    """A Chinese word as pairs of neighbouring characters, with the last by itself where it is whole; another as it is."""
    if not _is_paired(word):
        return [word[:_LONGEST]]
    pairs = [one + other for one, other in pairwise(word)]
    return [*pairs, word[-1]] if is_whole or not pairs else pairs


def _is_paired(word: str) -> bool:
    return _FIRST.match(word) is not None


def _is_pair(gram: str) -> bool:
    """Whether no longer gram begins with it: to look for a beginning costs either index more than to look for a word."""
    return len(gram) == 2 and _is_paired(gram)


def key_of(column: str, value: str) -> str:
    """The word by which the index holds a column's value; the column is one of :data:`KEYS`."""
    return _key(KEYS[column], value)


def keys_of(row: Mapping[str, str]) -> list[str]:
    """The keys of an entity: of each of :data:`KEYS` that has a value, and of its code's beginnings."""
    own = [_key(letter, row[name]) for name, letter in KEYS.items() if row[name]]
    return [*own, *_begins(row["entity_id"].upper()[:CODE_BEGINS])]


def words_of_row(row: Mapping[str, Any]) -> tuple[int, list[str], list[str]]:
    """What the index holds of an entity: its place, its name's grams, its keys."""
    return row["position"], grams_of(row["name"]), keys_of(row)


@lru_cache(maxsize=1 << 16)
def _begins(code: str) -> tuple[str, ...]:
    return tuple(_key(_CODE, code[:length]) for length in range(1, len(code) + 1))


@lru_cache(maxsize=1 << 16)  # a million entities share most of theirs: regions, industries, how codes begin
def _key(letter: str, value: str) -> str:
    """No gram has an underscore, so none is taken for a key; a value's own signs, which an index may fold, stand as digits."""
    return f"_{letter}{value.encode().hex()}"


def search(ranked: QuerySet[Ranked], text: str, keys: Iterable[Sequence[str]] = (), part: Part = WHOLE) -> QuerySet[Ranked]:
    """Those of ``ranked`` whose name holds the text (:func:`holds`), or whose code begins with it.

    Args:
        ranked: entities of a run.
        text: what somebody typed.
        keys: what else holds of those wanted: of each group, one of its keys. Where ``part`` says how many are wanted, they must
            tell all that ``ranked`` is filtered by; otherwise they only save work.
        part: which of those found are needed.
    """
    wanted = normalized(text.strip()[:MOST]).strip()
    if not wanted:
        return ranked
    phrases, code = phrases_of(wanted), wanted.upper()
    begins = [_key(_CODE, code)] if len(code) <= CODE_BEGINS else []
    found = Q(pk__in=[])
    if phrases or begins:
        found |= Q(position__in=_places(ranked.db, phrases, begins, keys, part))
    if not begins:
        found |= Q(entity_id__gte=code, entity_id__lt=code + "\U0010ffff")
    return ranked.filter(found)


def narrowed(ranked: QuerySet[Ranked], keys: Sequence[Sequence[str]], part: Part) -> QuerySet[Ranked]:
    """As :func:`search` without a text: ``ranked``, whose filters ``keys`` tell, found by all of them at once.

    SQLite takes one index of the list's and passes over all that the other filters leave out, a hundred thousand where one is rare;
    PostgreSQL combines several, and is left to it.
    """
    if len(keys) < 2 or part.most is None or connections[ranked.db].vendor != "sqlite":
        return ranked
    return ranked.filter(position__in=_places(ranked.db, [], [], keys, part))


def _places(alias: str, phrases: list[list[str]], begins: list[str], keys: Iterable[Sequence[str]], part: Part) -> RawSQL:
    """The places, in order, of those whose name has the phrases, or whose code begins so, and for whom each group has a key.

    Grams are letters and digits alone, and keys besides have underscores: nothing in them is an operator of either index.
    """
    groups = [list(group) for group in keys]
    if connections[alias].vendor == "postgresql":
        return places_on_postgresql(alias, _tsquery(phrases, begins, groups), part)
    sql = "SELECT rowid FROM ranking_search WHERE ranking_search MATCH %s AND rowid > %s AND rowid <= %s"
    asked: list[Any] = [_match(phrases, begins, groups), part.after, part.until]
    if part.most is not None:
        sql = f"{sql} ORDER BY rowid LIMIT %s"
        asked.append(part.most)
    return RawSQL(sql, asked)


def _match(phrases: list[list[str]], begins: list[str], groups: list[list[str]]) -> str:
    """As SQLite's FTS5 reads it."""
    asked = [f'"{" ".join(grams)}"{"" if _is_pair(grams[-1]) else "*"}' for grams in phrases]
    either = [f"({' AND '.join(asked)})"] if asked else []
    either += [f'"{key}"' for key in begins]
    wanted = (either, *([f'"{key}"' for key in group] for group in groups))
    return " AND ".join(f"({' OR '.join(group)})" for group in wanted if group)


def _tsquery(phrases: list[list[str]], begins: list[str], groups: list[list[str]]) -> str:
    """As PostgreSQL reads it."""
    asked = [" <-> ".join(f"'{gram}'" for gram in grams) + ("" if _is_pair(grams[-1]) else ":*") for grams in phrases]
    either = [" & ".join(f"({phrase})" for phrase in asked)] if asked else []
    either += [f"'{key}'" for key in begins]
    wanted = (either, *([f"'{key}'" for key in group] for group in groups))
    return " & ".join(f"({' | '.join(group)})" for group in wanted if group)
