"""How many exports a process of the server makes at once: each takes one of its threads until the last byte has left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

MOST = 4
"""Of the eight threads that :mod:`console.server` gives a process: pages are answered whoever takes files, however slowly."""
_places = threading.BoundedSemaphore(MOST)


class TooManyAtOnce(Exception):
    """So many exports are on their way that another has to wait."""


class OnItsWay:
    """The bytes of an export, which holds one of :data:`MOST` places until they are closed.

    A response closes what it streams, also when whoever asked is gone; a generator's ``finally`` would not run before its first
    step.
    """

    def __init__(self, chunks: Iterable[bytes], give_back: Callable[[], None]) -> None:
        self._chunks = chunks
        self._give_back: Callable[[], None] | None = give_back

    def __iter__(self) -> Iterator[bytes]:
        """The bytes, a part at a time."""
        return iter(self._chunks)

    def close(self) -> None:
        """Close what the bytes come from and give the place back, once."""
        give_back, self._give_back = self._give_back, None
        if give_back is None:
            return
        try:
            close = getattr(self._chunks, "close", None)
            if close is not None:
                close()
        finally:
            give_back()


def on_its_way(make: Callable[[], Iterable[bytes]]) -> OnItsWay:
    """What ``make`` gives, holding a place.

    Raises:
        TooManyAtOnce: when all places are taken; nothing was made.
    """
    places = _places
    if not places.acquire(blocking=False):
        raise TooManyAtOnce
    try:
        return OnItsWay(make(), places.release)
    except BaseException:
        places.release()
        raise
