"""Reading ahead: while one piece is written, another thread reads the next."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def read_ahead(pieces: Iterable[T]) -> Generator[T, None, None]:
    """The pieces in their order, each read by another thread while the one before is worked on; memory holds two.

    It serves where reading lets go of the interpreter, as decoding and parsing do. What reading raises is raised here, in its turn.
    Close it where not all may be wanted: the thread then ends, and a file that it reads is closed.
    """
    source, end = iter(pieces), object()
    with ThreadPoolExecutor(1, "reading") as pool:
        coming = pool.submit(next, source, end)
        while (piece := coming.result()) is not end:
            coming = pool.submit(next, source, end)
            yield piece  # type: ignore[misc]
