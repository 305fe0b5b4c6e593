"""The lock of publishing and migrating: one process at a time, on every machine that uses the same tables.

With SQLite it locks a file beside the databases. With PostgreSQL it is a lock of the database, since two machines may publish
into it. It is released when the process ends, in whatever way.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from django.conf import settings
from django.db import Error, connections

from jobs.foundation.errors import Busy

KEYS = {"evidence": 0x57EE2, "default": 0x57EE3}
"""The keys of the advisory locks in PostgreSQL, one for each connection that writes a publication.

If one connection is lost, its writes fail, and the lock of the other keeps the next process out while that one still writes.
"""
NOTICES_LOSS = {
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "90000",
}
"""Connection settings (seconds; the last in ms) that let a server notice within 90 s, not hours, that a publisher is gone."""


@contextmanager
def publish_lock(*, waits: bool = False) -> Iterator[None]:
    """Hold the lock for the block.

    Raises:
        Busy: if another process holds it, unless ``waits``.
    """
    with ExitStack() as locks:
        if connections["default"].vendor == "sqlite":
            locks.enter_context(_file_lock(waits=waits))
        else:
            for alias in KEYS:  # always in this order, so that two waiting processes cannot deadlock
                locks.enter_context(_session_lock(alias, waits=waits))
        yield


@contextmanager
def _file_lock(*, waits: bool) -> Iterator[None]:
    settings.FOLDER.make()
    path = settings.FOLDER.path / "publishing.lock"
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        except BlockingIOError as error:
            raise _busy(str(path)) from error
        yield


@contextmanager
def _session_lock(alias: str, *, waits: bool) -> Iterator[None]:
    connection, key = connections[alias], KEYS[alias]
    with connection.cursor() as cursor:
        for name, value in NOTICES_LOSS.items():
            cursor.execute("SELECT set_config(%s, %s, false)", [name, value])
        # The waiting function returns nothing.
        cursor.execute(f"SELECT {'pg_advisory_lock' if waits else 'pg_try_advisory_lock'}(%s)", [key])
        (answer,) = cursor.fetchone()
    if answer is False:
        at = f" at {connection.settings_dict['HOST']}" if connection.settings_dict["HOST"] else ""
        raise _busy(f"the PostgreSQL database {connection.settings_dict['NAME']}{at}")
    try:
        yield
    finally:
        # A lost session has released its lock; the error to report is the one that the loss caused.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _busy(where: str) -> Busy:
    return Busy(what="another process is publishing", where=where, next_step="wait until it ends, then run the same command again")
