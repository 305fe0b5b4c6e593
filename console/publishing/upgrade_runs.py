"""Give the databases of runs that an earlier version published the columns that reasons are now made of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connections, transaction

from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import alias_of, schema_of
from console.publishing.run_database import changed_file, run_exists
from jobs.texts.languages import column_suffix
from jobs.texts.names import indicators

_COLUMNS = (
    ("ranking_reason", "peer_count integer"),
    ("ranking_reason", "newest_on date"),
    ("ranking_reason", "rests_on text NOT NULL DEFAULT ''"),
    ("ranking_ranked", "better_class varchar(2) NOT NULL DEFAULT ''"),
    ("ranking_ranked", "better_changes text NOT NULL DEFAULT ''"),
)
_LANGUAGES = ("en", "zh-Hans", "zh-Hant")
"""The languages of earlier versions, which had a column for each text in each language."""
_TEXTS = {"ranking_reason": ("sentence", "basis", "change"), "ranking_ranked": ("better",)}
_PEERS = re.compile(r"^Compared with ([\d,]+) ")
_NEWEST = re.compile(r"the newest of (\d{4}-\d\d-\d\d)\.$")
Query = Callable[[str], Iterable[tuple[Any, ...]]]
UpdateMany = Callable[[str, list[tuple[Any, ...]]], object]


def upgrade_runs() -> None:
    """Replace the texts of each run that has them by data. Readers see a run before or after it; the next call resumes."""
    with connections["default"].cursor() as cursor:
        if PublishedRun._meta.db_table not in connections["default"].introspection.table_names(cursor):
            return
    for run_id in PublishedRun.objects.values_list("run_id", flat=True):
        if run_exists(run_id) and _is_earlier(run_id):
            _upgrade_file(run_id) if connections["evidence"].vendor == "sqlite" else _upgrade_schema(run_id)


def _is_earlier(run_id: str) -> bool:
    connection = connections[alias_of(run_id)]
    with connection.cursor() as cursor:
        names = {column.name for column in connection.introspection.get_table_description(cursor, "ranking_reason")}
    connection.close()
    return "sentence_en" in names and "rests_on" not in names


def _upgrade_file(run_id: str) -> None:
    with changed_file(run_id) as database:
        _upgrade(lambda sql: database.execute(sql), lambda sql, rows: database.executemany(sql.replace("%s", "?"), rows))


def _upgrade_schema(run_id: str) -> None:
    with transaction.atomic(using="evidence"), connections["evidence"].cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = {schema_of(run_id)}")

        def query(sql: str) -> list[tuple[Any, ...]]:
            cursor.execute(sql)
            return list(cursor.fetchall()) if cursor.description else []

        _upgrade(query, cursor.executemany)


def _upgrade(query: Query, update_many: UpdateMany) -> None:
    for table, column in _COLUMNS:
        query(f"ALTER TABLE {table} ADD COLUMN {column}")
    rows = query("SELECT id, indicator, basis_en FROM ranking_reason WHERE basis_en <> ''")
    reasons = [(*_parts_of_basis(indicator, basis), key) for key, indicator, basis in rows]
    update_many("UPDATE ranking_reason SET peer_count = %s, newest_on = %s, rests_on = %s WHERE id = %s", reasons)
    columns = ", ".join(f"better_{column_suffix(language)}" for language in _LANGUAGES)
    rows = query(f"SELECT position, {columns} FROM ranking_ranked WHERE better_en <> ''")
    changes = [(json.dumps({"texts": dict(zip(_LANGUAGES, texts, strict=True))}), position) for position, *texts in rows]
    update_many("UPDATE ranking_ranked SET better_changes = %s WHERE position = %s", changes)
    for table, texts in _TEXTS.items():
        for text in texts:
            for language in _LANGUAGES:
                query(f"ALTER TABLE {table} DROP COLUMN {text}_{column_suffix(language)}")


def _parts_of_basis(indicator: str, basis: str) -> tuple[int | None, str | None, str]:
    """The number of peers and the day of the newest record that an English sentence names, and the indicator's sources."""
    peers, newest, about = _PEERS.search(basis), _NEWEST.search(basis), indicators().get(indicator)
    count = int(peers[1].replace(",", "")) if peers else None
    return count, newest[1] if newest else None, ", ".join(about.sources) if about else ""
