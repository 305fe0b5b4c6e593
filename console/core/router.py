"""Which database each app's tables are in."""

from __future__ import annotations

from typing import Any


class ByApp:
    """Evidence has a database of its own; a published run's tables are in that run's file, which no migration touches."""

    def db_for_read(self, model: Any, **_hints: Any) -> str | None:
        """The database that a model is read from."""
        return "evidence" if model._meta.app_label == "evidence" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        """Whether migrations of an app make tables in a database."""
        if db not in {"default", "evidence"}:
            return False
        return (db == "evidence") == (app_label == "evidence")
