"""The WSGI application, with limits on the time of its statements on PostgreSQL.

Without limits a few slow statements could occupy all connections.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections

SECONDS = 30
"""The longest statement."""
IDLE_SECONDS = 60
"""The longest pause between two statements of a transaction."""


def limit_statements(databases: dict[str, dict[str, Any]]) -> None:
    """Set statement timeouts for the connections that this process opens from now on.

    Only for processes that answer requests: publishing and migrating have no limit.
    """
    limits = f"-c statement_timeout={SECONDS}s -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
    for database in databases.values():
        if database["ENGINE"].endswith("postgresql"):
            database["OPTIONS"]["options"] = f"{database['OPTIONS'].get('options', '')} {limits}".strip()


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
application = get_wsgi_application()
limit_statements(connections.settings)
