"""Gunicorn, set up for the console."""

from __future__ import annotations

import threading
import time
from typing import Any

from gunicorn.app.base import BaseApplication

SECONDS = 5.0


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
            "post_worker_init": flush_while_idle,
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


def flush_while_idle(_worker: Any = None) -> None:
    """Take in what waits for the audit also when no further request comes."""

    def go_on() -> None:
        from django.db import DatabaseError, connections

        from console.audit import spool

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
