"""Give the databases of runs that an earlier version published the columns that the models have since.

A new column gets its field's default. Texts of reasons, which earlier versions stored in each language, become data; the texts stay
in their columns, unread.
"""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

from django.db import Error, connections, transaction
from django.db.models import QuerySet

from console.apps.ranking.models import OF_RUN, PublishedRun
from console.apps.ranking.runs import alias_of, has_table, schema_of
from console.publishing.run_database import changed_file, run_exists
from jobs.texts.languages import column_suffix
from jobs.texts.names import indicators

_LANGUAGES = ("en", "zh-Hans", "zh-Hant")
"""The languages of earlier versions, which had a column for each text in each language."""
_PEERS = re.compile(r"^Compared with ([\d,]+) ")
_NEWEST = re.compile(r"the newest of (\d{4}-\d\d-\d\d)\.$")
_TABLES = ("ranking_reason", "ranking_ranked")
_LOG = logging.getLogger(__name__)
Query = Callable[[str], Iterable[tuple[Any, ...]]]
UpdateMany = Callable[[str, list[tuple[Any, ...]]], object]


def upgrade_runs() -> None:
    """Upgrade each run that lacks columns. Readers see a run before or after it; the next call resumes an interrupted one."""
    with connections["default"].cursor() as cursor:
        if PublishedRun._meta.db_table not in connections["default"].introspection.table_names(cursor):
            return
    for run_id in _runs():
        if not run_exists(run_id):
            continue
        try:
            if columns := _missing_columns(run_id):
                upgrade = _upgrade_file if connections["evidence"].vendor == "sqlite" else _upgrade_schema
                upgrade(run_id, columns)
        except (Error, sqlite3.Error) as error:
            next_step = "restore it from a backup, or delete it and publish its day again"
            _LOG.error("the database of run %s cannot be upgraded: %s. Next: %s", run_id, error, next_step)


def is_any_run_earlier() -> bool:
    """Whether a run lacks columns. The run that was published last shows it, since it is upgraded last."""
    newest = _runs().last()
    try:
        return newest is not None and run_exists(newest) and bool(_missing_columns(newest))
    except Error:
        return False  # it cannot be read


def _runs() -> QuerySet[PublishedRun, str]:
    return PublishedRun.objects.order_by("published_at", "run_id").values_list("run_id", flat=True)


def _missing_columns(run_id: str) -> list[str]:
    """The statements that add the columns which a run's tables lack."""
    statements = []
    with (
        closing(connections[alias_of(run_id)]) as connection,
        connection.cursor() as cursor,
        connections["evidence"].schema_editor(collect_sql=True, atomic=False) as editor,
    ):
        for model in OF_RUN:
            if not has_table(alias_of(run_id), model):
                continue
            table = model._meta.db_table
            names = {column.name for column in connection.introspection.get_table_description(cursor, table)}
            for field in (field for field in model._meta.local_fields if field.column not in names):
                default = "" if field.null else f" NOT NULL DEFAULT {editor.quote_value(editor.effective_default(field))}"
                statements.append(f"ALTER TABLE {table} ADD COLUMN {field.column} {field.db_type(connection)}{default}")
    return sorted(statements)


def _upgrade_file(run_id: str, columns: list[str]) -> None:
    with changed_file(run_id) as database:
        names = {row[1] for table in _TABLES for row in database.execute(f"PRAGMA table_info({table})")}
        query, update_many = database.execute, lambda sql, rows: database.executemany(sql.replace("%s", "?"), rows)
        _upgrade(query, update_many, columns, has_texts={"basis_en", "better_en"} <= names)


def _upgrade_schema(run_id: str, columns: list[str]) -> None:
    with transaction.atomic(using="evidence"), connections["evidence"].cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = {schema_of(run_id)}")

        def query(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

        introspection = connections["evidence"].introspection
        names = {column.name for table in _TABLES for column in introspection.get_table_description(cursor, table)}
        _upgrade(query, cursor.executemany, columns, has_texts={"basis_en", "better_en"} <= names)


def _upgrade(query: Query, update_many: UpdateMany, columns: list[str], *, has_texts: bool) -> None:
    for statement in columns:
        query(statement)
    if has_texts:
        _texts_to_data(query, update_many)


def _texts_to_data(query: Query, update_many: UpdateMany) -> None:
    rows = query("SELECT id, indicator, basis_en FROM ranking_reason WHERE basis_en <> ''")
    reasons = [(*_parts_of_basis(indicator, basis), key) for key, indicator, basis in rows]
    update_many("UPDATE ranking_reason SET peer_count = %s, newest_on = %s, rests_on = %s WHERE id = %s", reasons)
    columns = ", ".join(f"better_{column_suffix(language)}" for language in _LANGUAGES)
    rows = query(f"SELECT position, {columns} FROM ranking_ranked WHERE better_en <> ''")
    changes = [(json.dumps({"texts": dict(zip(_LANGUAGES, texts, strict=True))}), position) for position, *texts in rows]
    update_many("UPDATE ranking_ranked SET better_changes = %s WHERE position = %s", changes)


def _parts_of_basis(indicator: str, basis: str) -> tuple[int | None, str | None, str]:
    """The number of peers and the day of the newest record that an English sentence names, and the indicator's sources."""
    peers, newest, about = _PEERS.search(basis), _NEWEST.search(basis), indicators().get(indicator)
    count = int(peers[1].replace(",", "")) if peers else None
    return count, newest[1] if newest else None, ", ".join(about.sources) if about else ""
