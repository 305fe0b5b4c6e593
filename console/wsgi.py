"""What a WSGI server serves.

How long a statement of a page may take on PostgreSQL: what takes longer is ended, or a few would keep every connection.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.db import connections

SECONDS = 30
IDLE_SECONDS = 60
"""How long a transaction may stand open between two statements."""


def limit_statements(databases: dict[str, dict[str, Any]]) -> None:
    """Have PostgreSQL end, for the connections that this process opens from now on, what takes too long.

    For processes that answer pages and programs: to publish, or to bring the tables up to date, may take as long as it takes.
    """
    limits = f"-c statement_timeout={SECONDS}s -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"
    for database in databases.values():
        if database["ENGINE"].endswith("postgresql"):
            database["OPTIONS"]["options"] = f"{database['OPTIONS'].get('options', '')} {limits}".strip()


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
application = get_wsgi_application()
limit_statements(connections.settings)
