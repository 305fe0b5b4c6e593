"""Triggers with which the database itself refuses to change or delete a table's rows, even by SQL that bypasses the models."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import migrations


def append_only(table: str) -> migrations.RunPython:
    """The migration step that creates the triggers of a table."""
    return migrations.RunPython(partial(_make, table), partial(_drop, table))


def _make(table: str, _apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for what in ("UPDATE", "DELETE"):
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    schema_editor.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    for name, when in (("no_change", "UPDATE OR DELETE ON {} FOR EACH ROW"), ("no_truncate", "TRUNCATE ON {} FOR EACH STATEMENT")):
        schema_editor.execute(f"CREATE TRIGGER {table}_{name} BEFORE {when.format(table)} EXECUTE FUNCTION {table}_refuse()")


def _drop(table: str, _apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for what in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {table}_no_{what}")
    else:
        schema_editor.execute(f"DROP FUNCTION {table}_refuse() CASCADE")
