"""The database of each app's tables."""

from __future__ import annotations

from typing import Any


class ByApp:
    """Evidence has its own database. A published run's tables are in the run's own database, which no migration touches."""

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:
        """The database that a model is read from."""
        return "evidence" if model._meta.app_label == "evidence" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        """Whether an app's migrations run on a database."""
        if db not in {"default", "evidence"}:
            return False
        return (db == "evidence") == (app_label == "evidence")
