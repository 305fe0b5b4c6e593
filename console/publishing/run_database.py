"""Make a run's database by load, index, swap: its tables are filled and indexed under another name and appear complete.

With SQLite it is a file, renamed when it is complete and on the disk. With PostgreSQL it is a schema, filled by COPY and renamed in
one transaction. Readers of other runs and writers of decisions do not wait. Rows come as Arrow tables, so that no Python object is
made for each of a million values.
"""

from __future__ import annotations

import io
import os
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv
from adbc_driver_sqlite import dbapi
from django.conf import settings
from django.db import connections, transaction
from django.db.models import Model

from console.apps.ranking.models import OF_RUN
from console.apps.ranking.postings import thinned
from console.apps.ranking.runs import alias_of, schema_of
from jobs.foundation.errors import ConfigError

TYPES: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "BinaryField": pa.binary(),
        "BooleanField": pa.bool_(),
        "CharField": pa.string(),
        "DateField": pa.date32(),
        "FloatField": pa.float64(),
        "IntegerField": pa.int64(),
        "TextField": pa.string(),
    }
)
"""The Arrow type of each kind of field."""
ROWS, ROWS_OF_BYTES = 20_000, 200
"""Rows sent to PostgreSQL together; a row with bytes may have megabytes."""
INDEXING_MEMORY = "256MB"
"""PostgreSQL's memory for indexing a day; with its default of 64 MB it sorts a million rows on the disk."""


def arrow_table(model: type[Model], columns: Mapping[str, Any] | pd.DataFrame) -> pa.Table:
    """Arrow columns, pandas columns or lists, by field name, as a table with the types of the model's fields.

    What pandas takes for missing becomes null.

    Raises:
        ArrowInvalid: for a value that does not fit the field.
    """
    kinds = {str(name): TYPES[model._meta.get_field(str(name)).get_internal_type()] for name in columns}
    return pa.table({name: _column(columns[name], kind) for name, kind in kinds.items()})


def _column(values: Any, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    return values.cast(kind) if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, kind, from_pandas=True)


def new_run(run_id: str) -> AbstractContextManager[Loading]:
    """A new database for a run. It appears when the block succeeds; otherwise nothing of it remains."""
    return _new_file(run_id) if connections["evidence"].vendor == "sqlite" else _new_schema(run_id)


def run_exists(run_id: str) -> bool:
    """Whether a run has a complete database."""
    if connections["evidence"].vendor == "sqlite":
        return _file_of(run_id).is_file()
    with connections["evidence"].cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema_of(run_id)])
        return cursor.fetchone() is not None


def thin_out(run_id: str, keep: Iterable[str]) -> None:
    """Delete from a run all entities that are neither listed nor in ``keep``. Readers never see a part of it."""
    kept = sorted(set(keep))
    if connections["evidence"].vendor == "sqlite":
        with changed_file(run_id) as target:
            target.execute("CREATE TEMP TABLE kept (entity_id TEXT PRIMARY KEY)")
            target.executemany("INSERT INTO kept VALUES (?)", [(name,) for name in kept])
            unlisted = "SELECT position FROM ranking_ranked WHERE NOT is_listed AND entity_id NOT IN (SELECT entity_id FROM kept)"
            target.execute(f"DELETE FROM ranking_reason WHERE position IN ({unlisted})")
            target.execute(f"DELETE FROM ranking_ranked WHERE position IN ({unlisted})")
            _thin_index(target)
        return
    # One transaction: a reader sees all tables before or all tables after.
    with transaction.atomic(using="evidence"), connections["evidence"].cursor() as cursor:
        schema = schema_of(run_id)
        unlisted = f"SELECT position FROM {schema}.ranking_ranked WHERE NOT is_listed AND NOT (entity_id = ANY(%s))"
        cursor.execute(f"DELETE FROM {schema}.ranking_reason WHERE position IN ({unlisted})", [kept])
        cursor.execute(f"DELETE FROM {schema}.ranking_ranked WHERE position IN ({unlisted})", [kept])
        cursor.execute(f"DROP TABLE IF EXISTS {schema}.ranking_search")  # the index of old runs
        cursor.execute("SELECT to_regclass(%s)", [f"{schema}.ranking_postings"])
        if cursor.fetchone()[0]:
            cursor.execute(f"SELECT position FROM {schema}.ranking_ranked")
            kept_places = [place for (place,) in cursor.fetchall()]
            cursor.execute(f"DELETE FROM {schema}.ranking_postings RETURNING word, places")
            index = thinned(cursor.fetchall(), kept_places)
            with cursor.copy(f"COPY {schema}.ranking_postings (word, places) FROM STDIN") as copy:
                for posting in index:
                    copy.write_row(posting)


@contextmanager
def changed_file(run_id: str) -> Iterator[sqlite3.Connection]:
    """A copy of a run's file, which takes the file's place if the block succeeds."""
    draft = _draft_of(run_id)
    _remove(draft)
    source = sqlite3.connect(_file_of(run_id).as_uri() + "?mode=ro", uri=True)
    with closing(source), closing(sqlite3.connect(draft)) as target:
        source.backup(target)
        yield target
        target.commit()
        target.execute("VACUUM")
    _appear(draft, _file_of(run_id))


def _thin_index(database: sqlite3.Connection) -> None:
    """Restrict the index to the places that are left."""
    database.execute("DROP TABLE IF EXISTS ranking_search")  # the index of old runs
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'ranking_postings'").fetchone():
        places = [place for (place,) in database.execute("SELECT position FROM ranking_ranked")]
        index = database.execute("SELECT word, places FROM ranking_postings").fetchall()
        database.execute("DELETE FROM ranking_postings")
        database.executemany("INSERT INTO ranking_postings (word, places) VALUES (?, ?)", thinned(index, places))


class Loading(ABC):
    """A run's database while it is being filled: no reader sees its tables yet."""

    def __init__(self, run_sql: Callable[[str], Any]) -> None:
        self.run_sql = run_sql
        self._lack_indexes = list(OF_RUN)
        for sql in _ddl("tables", OF_RUN):
            run_sql(sql)

    @abstractmethod
    def load(self, model: type[Model], rows: pa.Table) -> int:
        """Insert rows from :func:`arrow_table` into a model's table; return their number."""

    def index(self, model: type[Model]) -> None:
        """Index a filled table. Tables without this call are indexed when the block ends."""
        self._lack_indexes.remove(model)
        for sql in _ddl("indexes", [model]):
            self.run_sql(sql)

    def index_others(self) -> None:
        for model in tuple(self._lack_indexes):
            self.index(model)


class _File(Loading):
    def __init__(self, connection: dbapi.Connection) -> None:
        self.connection = connection
        # Nobody reads it before it is renamed, and an interrupted one is deleted: it needs no journal.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-200000"):
            self._run(f"PRAGMA {pragma}")
        # Set below the connection object, which was opened in autocommit for statements that a transaction does not allow.
        connection.adbc_connection.set_autocommit(False)
        super().__init__(self._run)

    def load(self, model: type[Model], rows: pa.Table) -> int:
        with self.connection.cursor() as cursor:
            return int(cursor.adbc_ingest(model._meta.db_table, rows, mode="append"))

    def _run(self, sql: str) -> None:
        # As an update: only then are all SQLite errors raised, such as a full disk.
        with self.connection.cursor() as cursor:
            cursor.adbc_statement.set_sql_query(sql)
            cursor.adbc_statement.execute_update()


@contextmanager
def _new_file(run_id: str) -> Iterator[Loading]:
    draft = _draft_of(run_id)
    _remove(draft)
    settings.FOLDER.make()
    try:
        with dbapi.connect(draft.as_uri(), autocommit=True) as connection:
            loading = _File(connection)
            yield loading
            loading.index_others()
            loading.run_sql("ANALYZE")
            connection.adbc_connection.commit()
        _appear(draft, _file_of(run_id))
    except dbapi.Error as error:
        what = f"the day's file could not be written: {str(error).partition(chr(10))[0]}"
        raise ConfigError(
            what=what, where=str(draft.parent), next_step="check that the disk has space, then publish again"
        ) from error
    finally:
        _remove(draft)


class _Schema(Loading):
    """Rows are written frozen: the table is new and unseen, and vacuum need not rewrite it later."""

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor
        super().__init__(cursor.execute)

    def load(self, model: type[Model], rows: pa.Table) -> int:
        names = ", ".join(rows.column_names)
        with self.cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN WITH (FORMAT csv, FREEZE)") as copy:
            at_once = ROWS_OF_BYTES if any(map(pa.types.is_binary, rows.schema.types)) else ROWS
            for batch in rows.to_batches(max_chunksize=at_once):
                copy.write(_csv(batch))
        return len(rows)


# Text is quoted and null is not: this is how COPY tells an empty text from null.
_CSV = pa.csv.WriteOptions(include_header=False, quoting_style="all_valid")


def _csv(batch: pa.RecordBatch) -> bytes:
    """Rows for PostgreSQL's COPY, with bytes in hexadecimal."""
    for at, field in enumerate(batch.schema):
        if pa.types.is_binary(field.type):
            digits = pa.array(
                [None if value is None else "\\x" + value.hex() for value in batch.column(at).to_pylist()], pa.string()
            )
            batch = batch.set_column(at, field.name, digits)
    written = io.BytesIO()
    pa.csv.write_csv(batch, written, _CSV)
    return written.getvalue()


@contextmanager
def _new_schema(run_id: str) -> Iterator[Loading]:
    schema, draft = schema_of(run_id), schema_of(run_id) + "_draft"
    connection = connections["evidence"]
    with transaction.atomic(using="evidence"), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {draft} CASCADE")
        cursor.execute(f"CREATE SCHEMA {draft}")
        cursor.execute(f"SET LOCAL search_path = {draft}")
        cursor.execute(f"SET LOCAL maintenance_work_mem = '{INDEXING_MEMORY}'")
        loading = _Schema(cursor)
        # Bitmaps are compressed already.
        cursor.execute("ALTER TABLE ranking_postings ALTER COLUMN places SET STORAGE EXTERNAL")
        # Sort codes by bytes, whatever the database's collation, so that common prefixes are adjacent, as in SQLite.
        cursor.execute('ALTER TABLE ranking_ranked ALTER COLUMN entity_id TYPE varchar(64) COLLATE "C"')
        yield loading
        loading.index_others()
        # Without statistics the first queries would have bad plans.
        cursor.execute("ANALYZE ranking_ranked, ranking_reason, ranking_postings")
        cursor.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        cursor.execute(f"ALTER SCHEMA {draft} RENAME TO {schema}")


def _ddl(what: str, models: Iterable[type[Model]]) -> list[str]:
    """The statements that create the models' tables or indexes."""
    with connections["evidence"].schema_editor(collect_sql=True, atomic=False) as editor:
        if what == "tables":
            statements = [editor.table_sql(model)[0] for model in models]
        else:
            statements = [str(index.create_sql(model, editor)) for model in models for index in model._meta.indexes]
        editor.deferred_sql.clear()
        return [sql.rstrip(";") for sql in statements]


def _file_of(run_id: str) -> Path:
    path: Path = (settings.FOLDER.rankings / f"{run_id}.sqlite3").resolve()
    return path


def _draft_of(run_id: str) -> Path:
    return _file_of(run_id).with_suffix(".draft")


def _appear(draft: Path, path: Path) -> None:
    """Move a complete file to its place, after it is on the disk."""
    for name in (draft, path.parent):
        handle = os.open(name, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    draft.replace(path)
    connections[alias_of(path.stem)].close()


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + "-journal").unlink(missing_ok=True)
