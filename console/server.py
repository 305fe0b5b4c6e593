"""Gunicorn with the console's settings."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

from gunicorn.app.base import BaseApplication

SECONDS = 5.0
"""Between two checks of the audit's spool."""
FREEZE_SECONDS = 60.0
"""Between two calls of :func:`gc.freeze`."""


class Server(BaseApplication):
    """Worker processes with threads. Requests are not logged."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = {
            "worker_class": "gthread",
            "threads": 8,
            "timeout": 60,
            "graceful_timeout": 20,
            # A kept-alive connection ties a user to one process, however busy, and a request that arrives just when it closes is
            # lost: 34 of 8,423 pages with 40 parallel users. Opening a connection takes 0.1 ms.
            "keepalive": 0,
            "max_requests": 20_000,
            "max_requests_jitter": 2_000,
            "limit_request_line": 4094,
            "accesslog": None,
            "loglevel": "warning",
            "post_worker_init": begin,
            **options,
        }
        super().__init__()

    def load_config(self) -> None:
        """Gunicorn's settings."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The application that workers serve."""
        from console.wsgi import application

        return application


def begin(_worker: Any = None) -> None:
    """Start a worker's background threads."""
    flush_while_idle()
    freeze_long_lived_objects()


def freeze_long_lived_objects() -> None:
    """Exclude code and caches from garbage collection.

    They are some 180,000 objects with twenty thousand listed entities. A collection over them stops a process for 0.1 s, for which
    one page in twenty waited. Frozen objects are still freed by reference counting; only cycles among them stay until the end.
    """

    def loop() -> None:
        while True:
            gc.collect()
            gc.freeze()
            time.sleep(FREEZE_SECONDS)

    threading.Thread(target=loop, name="freeze objects", daemon=True).start()


def flush_while_idle() -> None:
    """Flush the audit's spool regularly, also without further requests."""

    def loop() -> None:
        from django.db import DatabaseError, connections

        from console.apps.audit import spool

        while True:
            time.sleep(SECONDS)
            try:
                if spool.is_due():
                    spool.flush(wait=False)
            except (DatabaseError, OSError):
                continue  # the lines stay in their file, and the next round tries again
            finally:
                connections.close_all()

    threading.Thread(target=loop, name="audit spool", daemon=True).start()
