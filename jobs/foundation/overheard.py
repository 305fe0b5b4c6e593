"""What libraries tell their logs alone, kept for the details of a fault.

The engine's client says of an answer that it could not read only that it could not; why, it tells its log, which nobody reads.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque

_TALKERS = ("grpc",)
"""Loggers of libraries that keep to themselves: with no handler but one that does nothing."""
_KEPT = 20


class _Kept(logging.Handler):
    """The last messages that were logged, as text: a record would hold on to what was in use."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        self.told: deque[str] = deque(maxlen=_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(Exception):  # a message that cannot be written must not fail the call that it is about
            self.told.append(self.format(record))


_kept = _Kept()


def listen() -> None:
    """Keep from now on what libraries log as a warning or worse; listening twice is listening once."""
    for name in _TALKERS:
        logging.getLogger(name).addHandler(_kept)


def overheard() -> str:
    """The last of it, the oldest first; nothing when nothing was logged."""
    return "\n".join(_kept.told)
