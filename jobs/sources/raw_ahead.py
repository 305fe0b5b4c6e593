"""Reading ahead: while one piece is written, another thread reads the next."""

from __future__ import annotations

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")


def read_ahead(pieces: Generator[T, None, None]) -> Generator[T, None, None]:
    """The pieces in their order, each read by another thread while the one before is worked on; memory holds two.

    It serves where reading a piece or working on it lets go of the interpreter, as decoding and writing do. What reading raises is
    raised here, in its turn. Close it where not all may be wanted: the thread then ends, and ``pieces`` are closed with the file
    that they are of.
    """
    end = object()
    with closing(pieces), ThreadPoolExecutor(1, "reading") as pool:
        coming = pool.submit(next, pieces, end)
        while (piece := coming.result()) is not end:
            coming = pool.submit(next, pieces, end)
            yield piece  # type: ignore[misc]
