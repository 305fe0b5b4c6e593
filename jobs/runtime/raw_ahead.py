"""Raw files read one piece ahead: while one is written the next is read, so that disk and processor do not wait in turn."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from jobs.runtime.raw_piece import RawPiece


def one_ahead(pieces: Iterator[RawPiece]) -> Iterator[RawPiece]:
    """The same pieces in the same order, each read by another thread while the caller has the one before.

    What reading raises is raised when the piece is asked for. Memory holds one piece more. Reading and writing spend most of their
    time where Python's lock is not held.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="raw-ahead") as reader:
        coming = reader.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = reader.submit(next, pieces, None)
            yield piece
