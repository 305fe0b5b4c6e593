"""Gunicorn, set up for the console."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

from gunicorn.app.base import BaseApplication

SECONDS = 5.0
"""Between two looks at what waits for the audit."""
SET_ASIDE_SECONDS = 60.0
"""Between two times that what has stayed is taken out of the collector's sight."""


class Server(BaseApplication):
    """Processes with some threads each; nothing of a request is logged."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = {
            "worker_class": "gthread",
            "threads": 8,
            "timeout": 60,
            "graceful_timeout": 20,
            # A connection kept for later ties its person to one process, however busy, and one that is closed just as the next
            # question comes loses it: 34 of 8,423 pages of 40 people at once. To open another takes a tenth of a millisecond.
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
    """What a process does beside answering, from its start on."""
    flush_while_idle()
    set_aside_what_stays()


def set_aside_what_stays() -> None:
    """Spare the collector of cycles the code, and whatever pages keep for those that follow.

    They are some 180,000 objects with twenty thousand listed, and to go through them stops a process for a tenth of a second: one
    page in twenty waited for it. What is set aside is still freed when nothing refers to it; only cycles among it are not, and
    those end with the process.
    """

    def go_on() -> None:
        while True:
            gc.collect()
            gc.freeze()
            time.sleep(SET_ASIDE_SECONDS)

    threading.Thread(target=go_on, name="what stays", daemon=True).start()


def flush_while_idle() -> None:
    """Take in what waits for the audit also when no further request comes."""

    def go_on() -> None:
        from django.db import DatabaseError, connections

        from console.apps.audit import spool

        while True:
            time.sleep(SECONDS)
            try:
                if spool.is_due():
                    spool.flush(wait=False)
            except (DatabaseError, OSError):
                continue  # the lines stay in their file, and the next turn tries again
            finally:
                connections.close_all()

    threading.Thread(target=go_on, name="audit spool", daemon=True).start()
