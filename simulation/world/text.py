"""Vectorised text on Arrow arrays: dates, numbers, and joining fields into lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulation.world.clock import number_of

FIRST, LAST = number_of(date(1980, 1, 1)), number_of(date(2059, 12, 31))
"""Earlier and later days are written as these."""


def pick(words: Sequence[str] | np.ndarray, index: np.ndarray) -> pa.Array:
    """``words[index]`` as an Arrow string array; an index of −1 gives null."""
    indices = pa.array(index, mask=index < 0) if len(index) and index.min() < 0 else pa.array(index)
    return pa.array(list(words), pa.string()).take(indices)


def dates(days: np.ndarray, is_given: np.ndarray | None = None) -> pa.Array:
    """Day numbers as ``2026-06-30``; null where ``is_given`` is false."""
    numbers = pa.array(np.clip(days, FIRST, LAST), pa.int32(), mask=None if is_given is None else ~is_given)
    return numbers.cast(pa.date32()).cast(pa.string())


def instants(days: np.ndarray, seconds: np.ndarray) -> pa.Array:
    """Local days and seconds as ``2026-06-30 14:03:20``."""
    return joined(dates(days), " ", pa.array(seconds, pa.int32()).cast(pa.time32("s")).cast(pa.string()))


def strings(values: np.ndarray) -> pa.Array:
    """Numbers or ASCII bytes as text."""
    return pa.array(values).cast(pa.string())


def numbered(prefix: str, values: np.ndarray, width: int) -> pa.Array:
    """Whole numbers with a prefix and leading zeros."""
    return joined(prefix, pc.utf8_lpad(strings(values), width, "0"))


def masked(array: pa.Array, is_given: np.ndarray) -> pa.Array:
    """The array, null where ``is_given`` is false."""
    return pc.if_else(pa.array(is_given), array, pa.scalar(None, array.type))


def joined(*parts: pa.Array | str, null: str | None = None) -> pa.Array:
    """Concatenate the parts. A null part makes the result null, or is written as ``null`` if that is given."""
    pieces = [pa.scalar(part) if isinstance(part, str) else part for part in parts]
    if null is None:
        return pc.binary_join_element_wise(*pieces, "")
    return pc.binary_join_element_wise(*pieces, "", null_handling="replace", null_replacement=null)


def csv_lines(fields: Sequence[pa.Array]) -> pa.Array:
    """Join fields with commas; null is empty."""
    return joined(*[part for field in fields for part in (field, ",")][:-1], null="")


def decimals(values: np.ndarray, places: int) -> pa.Array:
    """Non-negative whole numbers with a decimal point before the last ``places`` digits, exact."""
    scale = 10**places
    return joined(strings(values // scale), ".", pc.utf8_lpad(strings(values % scale), places, "0"))
