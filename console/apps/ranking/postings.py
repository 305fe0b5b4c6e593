"""The search index of a run: for each word the places of the entities that have it, as a compressed bitmap.

An inverted index (Zobel and Moffat, "Inverted files for text search engines", 2006) whose lists are Roaring bitmaps (Lemire et al.,
"Roaring bitmaps: Implementation of an optimized software library", 2018). Places are in the order of rank, so a combination of
names, codes and filters is an intersection of a few bitmaps: a page is its first places, and its size is known without reading the
rows. Both databases store the bitmaps as bytes, so both give the same answers.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyroaring import BitMap

from console.apps.ranking.models import FILTER_COLUMNS, Postings, is_worse
from console.apps.ranking.search_terms import BEGINS, CODE, CODE_BEGINS, REASON, UP, WORD, fold, is_paired, key_of

INDEXED = ("position", "name", CODE, *FILTER_COLUMNS, "previous_class")
"""The columns of a run's list that the index covers."""
NAMES_AT_ONCE = 100_000
"""Names whose words are in memory together."""
_BITS = 21
"""Bits of a character's code point."""
_END = ord("\n")

Places = npt.NDArray[np.uint32]
Posting = tuple[str, BitMap]


def postings(rows: Mapping[str, Sequence[Any]], reasons: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, bytes]]:
    """Each word with the places of the entities that have it, as bytes.

    Args:
        rows: the columns :data:`INDEXED`, of equal length, in the order of places.
        reasons: by indicator, the places of the entities that have it as a reason.
    """
    places = np.asarray(rows["position"], dtype=np.uint32)
    yield from _packed(_of_columns(rows, places))
    yield from _packed((key_of(REASON, indicator), BitMap(of_it)) for indicator, of_it in reasons.items())
    yield from _packed(_of_codes(rows[CODE], places))
    yield from _packed(_of_all_names(rows["name"], places).items())


def bitmaps_of(alias: str, words: Iterable[str]) -> dict[str, BitMap]:
    """The places of each word in a run's database; words without places are left out."""
    found = Postings.objects.using(alias).filter(word__in=set(words)).values_list("word", "places")
    return {word: BitMap.deserialize(bytes(places)) for word, places in found}


def thinned(lists: Iterable[tuple[str, bytes]], kept: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """An index restricted to some places."""
    places = BitMap(kept)
    return _packed((word, BitMap.deserialize(bytes(of_word)) & places) for word, of_word in lists)


def _of_columns(rows: Mapping[str, Sequence[Any]], places: Places) -> Iterator[Posting]:
    for column in FILTER_COLUMNS:
        yield from _by_word(rows[column], places, column)
    worse = [is_worse(*classes) for classes in zip(rows["risk_class"], rows["previous_class"], strict=True)]
    yield key_of(*UP), _bitmap(places[np.array(worse, dtype=bool)])


def _of_codes(codes: Sequence[str], places: Places) -> Iterator[Posting]:
    begun = [code[:CODE_BEGINS].upper() for code in codes]
    for length in range(CODE_BEGINS, 0, -1):
        begun = [code[:length] for code in begun]
        yield from _by_word([code if len(code) == length else "" for code in begun], places, CODE)


def _of_all_names(names: Sequence[str], places: Places) -> dict[str, BitMap]:
    """The places of each word of the names, :data:`NAMES_AT_ONCE` at a time."""
    lists: dict[str, BitMap] = {}
    for start in range(0, len(places), NAMES_AT_ONCE):
        some = slice(start, start + NAMES_AT_ONCE)
        for word, bitmap in _of_names([fold(name).replace("\n", " ") for name in names[some]], places[some]):
            lists[word] = lists[word] | bitmap if word in lists else bitmap
    return lists


def _of_names(names: list[str], places: Places) -> Iterator[Posting]:
    """The words of names, one name for each place. Characters and pairs are handled as numbers, for all names together."""
    text = "\n".join(names)
    signs = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    at = places[np.cumsum(signs == _END)]
    paired = np.isin(signs, [sign for sign in np.unique(signs).tolist() if is_paired(chr(sign))])
    yield from _by_number(signs[paired].astype(np.uint64), at[paired], chr)
    follow = paired[:-1] & paired[1:]
    pairs = signs[:-1][follow].astype(np.uint64) << np.uint64(_BITS) | signs[1:][follow]
    yield from _by_number(pairs, at[:-1][follow], lambda pair: chr(pair >> _BITS) + chr(pair & (1 << _BITS) - 1))
    others = [found for found in WORD.finditer(text) if not is_paired(found.group())]
    for length in range(1, BEGINS + 1):
        long = [found for found in others if len(found.group()) >= length]
        starts = np.array([found.start() for found in long], dtype=np.int64)
        yield from _by_word([found.group()[:length] for found in long], at[starts])


def _by_word(words: Sequence[str], places: Places, column: str = "") -> Iterator[Posting]:
    """The places of each word, or of each value of a column, given one for each place; empty ones are skipped."""
    codes, kinds = pd.factorize(np.array([word or None for word in words], dtype=object))
    keys = [key_of(column, kind) if column else kind for kind in kinds]
    # As narrow as they can be: numbers of two bytes are sorted by counting.
    numbers = codes[codes >= 0].astype(np.min_scalar_type(len(keys)))
    return _by_number(numbers, places[codes >= 0], keys.__getitem__)


def _by_number(numbers: npt.NDArray[np.unsignedinteger[Any]], places: Places, word: Callable[[int], str]) -> Iterator[Posting]:
    """The places of each word, given the number of a word for each place, and the word of a number."""
    order = np.argsort(numbers, kind="stable")
    numbers, places = numbers[order], places[order]
    starts = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    for start, end in pairwise([0, *starts.tolist(), len(numbers)] if len(numbers) else []):
        yield word(int(numbers[start])), _bitmap(places[start:end])


def _bitmap(places: Places) -> BitMap:
    return BitMap(array("I", places.tobytes()))


def _packed(lists: Iterable[Posting]) -> Iterator[tuple[str, bytes]]:
    """The bitmaps as bytes, without empty ones."""
    for word, places in lists:
        if places:
            places.run_optimize()
            yield word, places.serialize()
