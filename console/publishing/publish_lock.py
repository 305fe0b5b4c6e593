"""One at a time publishes, or makes tables: a lock where the console's tables are, so that it holds from wherever that is done.

SQLite: of a file beside the databases. PostgreSQL: of the database, since two machines may publish into it. System and server let
go of it when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import Error, connections

from jobs.foundation.errors import Busy

KEYS = {"evidence": 0x57EE2, "default": 0x57EE3}
"""The number of the lock that each session which writes a publication holds in PostgreSQL; the audit has one more.

Each its own: what is written on a connection that was lost fails, and nobody else begins while the other one still writes.
"""
NOTICES_LOSS = {
    "tcp_keepalives_idle": "60",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "90000",
}
"""By which a server sees in a minute and a half, and not in hours, that who publishes is gone; in s, the last in ms."""


@contextmanager
def publish_lock(*, waits: bool = False) -> Iterator[None]:
    """Be the only one who publishes or makes tables, for as long as the block takes.

    Args:
        waits: for whoever does it now.

    Raises:
        Busy: when another process does it, and it is not to be waited for.
    """
    if connections["default"].vendor == "sqlite":
        with _file_lock(waits=waits):
            yield
    else:
        # In one order everywhere, so that of two who wait each gets both or neither.
        with _session_lock("evidence", waits=waits), _session_lock("default", waits=waits):
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
        # Who waits gets the lock, and no answer.
        cursor.execute(f"SELECT {'pg_advisory_lock' if waits else 'pg_try_advisory_lock'}(%s)", [key])
        (answer,) = cursor.fetchone()
    if answer is False:
        at = f" at {connection.settings_dict['HOST']}" if connection.settings_dict["HOST"] else ""
        raise _busy(f"the PostgreSQL database {connection.settings_dict['NAME']}{at}")
    try:
        yield
    finally:
        # A session that was lost took its lock with it; what failed for that is what is to be told.
        with suppress(Error), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _busy(where: str) -> Busy:
    return Busy(what="another process is publishing", where=where, next_step="wait until it ends, then give the same command again")
