"""One writer a home: two runs at once would each replace what the other made."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jobs.runtime.errors import Busy, ConfigError
from jobs.runtime.leftovers import sweep


@contextmanager
def only_writer(home: Path) -> Iterator[None]:
    """Hold the home's write lock; the system lets go of it when the process ends, however it ends.

    What an earlier writer left when it was killed is taken away first.

    Raises:
        ConfigError: when the home cannot be made or written.
        Busy: when another process holds it.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / ".writing").open("w")
    except OSError as error:
        raise ConfigError(
            what=f"the home cannot be written: {error.strerror or error}",
            where=str(home),
            then="give a folder that you may write with --home",
        ) from error
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy(
                what="another run is writing here", where=str(home), then="wait until it ends, then give the same command again"
            ) from error
        sweep(home)
        yield
