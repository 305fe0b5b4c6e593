"""A home aside, for what is made to be looked at once: gone when the block ends, however it is stopped short of being killed."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def home_aside() -> Iterator[Path]:
    """An empty folder among the machine's temporary ones (``TMPDIR``)."""
    home = Path(tempfile.mkdtemp(prefix="steelyard-replay-"))
    try:
        with _removed_when_stopped(home):
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _removed_when_stopped(home: Path) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's alone
        return
    before = {number: signal.getsignal(number) for number in _STOPS}

    def stop(number: int, frame: FrameType | None) -> None:
        shutil.rmtree(home, ignore_errors=True)
        earlier = before[signal.Signals(number)]
        signal.signal(number, earlier)
        if callable(earlier):
            earlier(number, frame)
        else:
            os.kill(os.getpid(), number)

    for number in _STOPS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
