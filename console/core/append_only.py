"""Triggers with which the database itself refuses to change or delete a table's rows, even by SQL that bypasses the models."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import migrations


def append_only(table: str) -> migrations.RunPython:
    """The migration step that creates the triggers of a table."""
    return migrations.RunPython(partial(_make, table), partial(_drop, table))


def find_wrong_triggers(connection: Any, table: str) -> list[str]:
    """The triggers of a table that are missing, disabled, not as :func:`append_only` creates them, or not its own."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
        else:
            # 27: BEFORE, ROW, UPDATE and DELETE; 34: BEFORE and TRUNCATE. "O" and "A": enabled for every session of the console.
            cursor.execute(
                "SELECT tgname, CASE WHEN tgenabled IN ('O', 'A') AND tgqual IS NULL AND cardinality(tgattr::int2[]) = 0 "
                "THEN proname::text || tgtype::text || prosrc END FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
                "WHERE tgrelid = %s::regclass AND NOT tgisinternal",
                [table],
            )
        found = dict(cursor.fetchall())
    if connection.vendor == "sqlite":
        wanted = _sqlite_triggers(table)
    else:
        wanted = {
            f"{table}_{name}": f"{table}_refuse{kind}{_body(table)}" for name, kind in (("no_change", 27), ("no_truncate", 34))
        }
    return sorted(name for name in {*wanted, *found} if found.get(name) != wanted.get(name))


def _sqlite_triggers(table: str) -> dict[str, str]:
    return {
        f"{table}_no_{what.lower()}": f"CREATE TRIGGER {table}_no_{what.lower()} BEFORE {what} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for what in ("UPDATE", "DELETE")
    }


def _body(table: str) -> str:
    return f" BEGIN RAISE EXCEPTION '{table} is append-only'; END "


def _make(table: str, _apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for sql in _sqlite_triggers(table).values():
            schema_editor.execute(sql)
        return
    schema_editor.execute(f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $${_body(table)}$$")
    for name, when in (("no_change", "UPDATE OR DELETE ON {} FOR EACH ROW"), ("no_truncate", "TRUNCATE ON {} FOR EACH STATEMENT")):
        schema_editor.execute(f"CREATE TRIGGER {table}_{name} BEFORE {when.format(table)} EXECUTE FUNCTION {table}_refuse()")


def _drop(table: str, _apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        for what in ("update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {table}_no_{what}")
    else:
        schema_editor.execute(f"DROP FUNCTION {table}_refuse() CASCADE")
