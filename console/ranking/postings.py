"""Where each word stands on a run's list: for each the places of the entities that have it, as a compressed bitmap.

An inverted index (Zobel and Moffat, "Inverted files for text search engines", 2006) whose lists are Roaring bitmaps (Lemire et al.,
"Roaring bitmaps: Implementation of an optimized software library", 2018). Places are in the order of rank, so whatever is asked for
at once, words of names, codes and filters, is an intersection of a few bitmaps: a page is the first that are left, and how many
there are is known without going through them. Both databases keep the lists as bytes, and so answer alike.
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

from console.ranking.folding import fold
from console.ranking.models import Postings
from console.ranking.words import BEGINS, CODE, COLUMNS, WORD, is_paired, key_of

INDEXED = ("position", "name", CODE, *COLUMNS)
"""The columns of a run's list that the index is made of."""
_BITS = np.uint64(21)
"""Of a character's number."""
_END = ord("\n")

Places = npt.NDArray[np.uint32]


def postings(rows: Mapping[str, Sequence[Any]]) -> Iterator[tuple[str, bytes]]:
    """Each word with the places of the entities that have it.

    Args:
        rows: the columns :data:`INDEXED`, of equal length.
    """
    places = np.asarray(rows["position"], dtype=np.uint32)
    for column in COLUMNS:
        yield from _lists([key_of(column, value) if value else "" for value in rows[column]], places)
    codes = [code.upper() for code in rows[CODE]]
    for length in range(1, BEGINS + 1):
        yield from _lists([key_of(CODE, code[:length]) if len(code) >= length else "" for code in codes], places)
    yield from _of_names([fold(name).replace("\n", " ") for name in rows["name"]], places)


def places_of(alias: str, words: Iterable[str]) -> dict[str, BitMap]:
    """The places of each word; a word that nobody has is left out."""
    found = Postings.objects.using(alias).filter(word__in=set(words)).values_list("word", "places")
    return {word: BitMap.deserialize(bytes(places)) for word, places in found}


def _of_names(names: list[str], places: Places) -> Iterator[tuple[str, bytes]]:
    """Characters and pairs told by their numbers, all names at once: a million of names have some twenty million of them."""
    text = "\n".join(names)
    signs = np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)
    at = places[np.cumsum(signs == _END, dtype=np.uint32)] if len(names) else places
    paired = np.isin(signs, [sign for sign in np.unique(signs).tolist() if is_paired(chr(sign))])
    yield from _grouped(signs[paired].astype(np.uint64), at[paired], chr)
    follow = paired[:-1] & paired[1:]
    pairs = signs[:-1][follow].astype(np.uint64) << _BITS | signs[1:][follow]
    yield from _grouped(pairs, at[:-1][follow], lambda pair: chr(pair >> int(_BITS)) + chr(pair & (1 << int(_BITS)) - 1))
    others = [(found.group()[:BEGINS], found.start()) for found in WORD.finditer(text) if not is_paired(found.group())]
    begun = [(word[:length], start) for word, start in others for length in range(1, len(word) + 1)]
    yield from _lists([word for word, _ in begun], at[[start for _, start in begun]] if begun else places[:0])


def _lists(words: Sequence[str], places: Places) -> Iterator[tuple[str, bytes]]:
    """Of words of which place by place one is told; an empty one is none."""
    codes, kinds = pd.factorize(np.array([word or None for word in words], dtype=object))
    yield from _grouped(codes[codes >= 0].astype(np.uint64), places[codes >= 0], lambda code: str(kinds[code]))


def _grouped(values: npt.NDArray[np.uint64], places: Places, word: Callable[[int], str]) -> Iterator[tuple[str, bytes]]:
    """Of words that are told by numbers."""
    order = np.argsort(values, kind="stable")
    values, places = values[order], places[order]
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] + np.uint64(1)))
    for start, end in pairwise([*starts.tolist(), len(values)]):
        yield word(int(values[start])), _packed(places[start:end])


def _packed(places: Places) -> bytes:
    bitmap = BitMap(array("I", places.tobytes()))
    bitmap.run_optimize()
    return bytes(bitmap.serialize())
