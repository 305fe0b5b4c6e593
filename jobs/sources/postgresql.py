"""PostgreSQL: the address of a source's database, and the queries that give its records as raw text.

The address comes from the environment and is never shown with its password. The database writes every column as text: a mapping
reads it like a file's; a value that no type here can hold (an infinite date, a numeric of a thousand digits) costs one record and
not the source; a record is the same through Arrow (here) and through JDBC (:mod:`jobs.sources.database_source`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts.contract import standard_literal
from jobs.formats.raw_records import LONGEST_RAW, RAW, ROW, RawChunk, RejectedRecord, resembling
from jobs.formats.text_lines import LONGEST_LINE
from jobs.foundation.errors import ConfigError
from jobs.profile.mapping import SourceMapping
from jobs.profile.mapping_schema import Database, quoted


def address_of(mapping: SourceMapping) -> str:
    """The database's address, from the environment variable that the mapping names.

    Raises:
        ConfigError: when it is not set, or is no address of a PostgreSQL database that every reader parses alike.
    """
    assert mapping.database is not None, f"{mapping.name} is no source of a database"
    variable = mapping.database.url_variable
    address = os.environ.get(variable, "")
    fault = _fault(address)
    if fault:
        raise ConfigError(
            what=f"the environment variable {variable} {fault}",
            where=str(mapping.path),
            next_step="set it to postgresql://user:password@host:5432/database, with %40 for an @ in a password, and so on",
        )
    return address


def _fault(address: str) -> str:
    """What is wrong with an address, without repeating any of it; empty when it is valid."""
    if not address:
        return "is not set"
    if not address.startswith(("postgresql://", "postgres://")):
        return "holds no address of PostgreSQL"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "holds an address whose host cannot be read"
    # Readers differ in which @ ends the password; one could show a part of it as the host.
    if address.count("@") > parts.netloc.count("@") or parts.netloc.count("@") > 1 or parts.fragment:
        return "holds an address in which the end of the password is ambiguous"
    return ""


def without_password(message: str, address: str) -> str:
    """A database's message in one line, without the query and without the address's passwords in any spelling."""
    line = " ".join(message.partition("Query was:")[0].split())
    parts = urlsplit(address)
    given = [pair.partition("=")[2] for pair in parts.query.split("&") if pair.partition("=")[0].endswith("password")]
    written = {parts.password or "", *given}
    for secret in sorted({*written, *map(unquote, written)} - {""}, key=len, reverse=True):
        line = line.replace(secret, "***")
    return line


DAY, RULE, KEY = "__day", "__rule", "__key"
SOUND, NO_ROW_KEY, ROW_KEY_TWICE, TOO_LONG = "sound", "no_row_key", "row_key_twice", "line_too_long"
_ALIKE = "__alike"
SESSION = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    "SET TIME ZONE 'UTC'",
    "SET datestyle TO 'ISO'",
    "SET intervalstyle TO 'postgres'",
    "SET bytea_output TO 'hex'",
    "SET extra_float_digits TO 1",
    "SET standard_conforming_strings TO on",
)
"""The beginning of each transaction: it reads one state and writes nothing, and the settings of server and client do not change how
values are written as text."""
_FIRST, _LAST = date.min, date.max


def _database(mapping: SourceMapping) -> Database:
    assert mapping.database is not None, f"{mapping.name} is no source of a database"
    return mapping.database


@contextmanager
def connected(mapping: SourceMapping) -> Iterator[Any]:
    """A cursor on the source's database, in one read-only transaction.

    Raises:
        ConfigError: when the database does not answer, or refuses a query.
    """
    import adbc_driver_manager
    from adbc_driver_postgresql import dbapi

    address = address_of(mapping)
    try:
        with dbapi.connect(address) as connection, connection.cursor() as cursor:
            for setting in SESSION:
                cursor.execute(setting)
            yield cursor
    except adbc_driver_manager.Error as error:
        raise ConfigError(
            what=f"the database cannot be read: {without_password(str(error), address)}",
            where=f"{mapping.path.name}, {_database(mapping).name}",
            next_step=f"check the table's name and columns, {_database(mapping).url_variable}, and whether the database answers",
        ) from error


def check_columns(cursor: Any, mapping: SourceMapping) -> None:
    """Check that the records have the columns of the mapping, and that the database knows their encoding.

    Raises:
        ConfigError: when a column is missing, or the database does not know its encoding.
    """
    database = _database(mapping)
    cursor.execute(f"SELECT * FROM {database.records} LIMIT 0")
    there = [column[0] for column in cursor.description]
    wanted = dict.fromkeys((database.delivered_on, database.row_key, *mapping.raw.columns))
    if missing := [name for name in wanted if name not in there]:
        alike = resembling(missing, [name for name in there if name not in wanted])
        hints = [f"; {new!r} resembles {name!r}" for name, new in alike]
        raise ConfigError(
            what=f"the records lack the columns: {', '.join(missing)}{''.join(hints)}",
            where=f"{mapping.path.name}, {database.name}",
            next_step="correct the mapping or the table; for a renamed column, write `new AS old` in the query of [database]",
        )
    cursor.execute("SELECT current_setting('server_encoding')")
    if cursor.fetchone() == ("SQL_ASCII",):
        raise ConfigError(
            what="the database's encoding is SQL_ASCII, under which the meaning of its bytes is undefined",
            where=f"{mapping.path.name}, {database.name}",
            next_step="ask its owner for a copy in UTF8",
        )


def days_sql(mapping: SourceMapping, as_of: date, since: date | None) -> str:
    """SQL for each day from ``since`` to ``as_of``: the number of records, and two order-free sums of their MD5."""
    database = _database(mapping)
    texts = ", ".join(f"{_text(name)}" for name in (database.row_key, *mapping.raw.columns))
    half = "sum(('x' || substr(digest, {}, 16))::bit(64)::bigint)::text"
    return (
        f"SELECT day::text, count(*), {half.format(1)}, {half.format(17)} FROM ("
        f"SELECT {_day(database)} AS day, md5(ROW({texts})::text) AS digest FROM {database.records}"
        f" WHERE {_day(database)} BETWEEN {_literal(since or _FIRST)} AND {_literal(as_of)}"
        f") AS given GROUP BY day ORDER BY day"
    )


def dateless_sql(mapping: SourceMapping) -> str:
    """SQL for the number of records without a valid day of delivery."""
    database = _database(mapping)
    is_day = f"{_day(database)} BETWEEN {_literal(_FIRST)} AND {_literal(_LAST)}"
    return f"SELECT count(*) FROM {database.records} WHERE ({is_day}) IS NOT TRUE"


def newest_sql(mapping: SourceMapping, as_of: date) -> str:
    """SQL for the newest day of delivery up to ``as_of``."""
    database = _database(mapping)
    return (
        f"SELECT max({_day(database)})::text FROM {database.records}"
        f" WHERE {_day(database)} BETWEEN {_literal(_FIRST)} AND {_literal(as_of)}"
    )


def records_sql(mapping: SourceMapping) -> str:
    """SQL for every record: its day, number, raw text as JSON, the rule that it breaks, and the raw columns as text.

    Use it as ``SELECT … FROM (this) AS records WHERE "__day" = …``; the database pushes the condition down. Only the beginning of a
    record that is too long leaves the database.
    """
    database = _database(mapping)
    columns = [quoted(name) for name in mapping.raw.columns]
    texts = ", ".join(f"{_text(name)} AS {quoted(name)}" for name in mapping.raw.columns)
    is_long = f"octet_length({RAW}) > {LONGEST_LINE}"
    read = ", ".join(f"CASE WHEN NOT {is_long} THEN {_or_null(column, mapping.nulls)} END AS {column}" for column in columns)
    number = f"CASE WHEN {KEY} ~ '^[0-9]{{1,18}}$' THEN {KEY}::bigint END"
    return (
        f"SELECT {DAY}, coalesce({number}, 0) AS {ROW}, {KEY},"
        f" CASE WHEN {is_long} THEN left({RAW}, {LONGEST_RAW}) ELSE {RAW} END AS {RAW},"
        f" CASE WHEN {KEY} IS NULL OR {KEY} !~ '^[0-9]{{1,18}}$' THEN '{NO_ROW_KEY}'"
        f" WHEN {_ALIKE} > 1 THEN '{ROW_KEY_TWICE}' WHEN {is_long} THEN '{TOO_LONG}' ELSE '{SOUND}' END AS {RULE}, {read}"
        f" FROM (SELECT *, count(*) OVER (PARTITION BY {DAY}, {KEY}) AS {_ALIKE},"
        f" (SELECT row_to_json(given) FROM (SELECT {', '.join(columns)}) AS given)::text AS {RAW}"
        f" FROM (SELECT {_day(database)} AS {DAY}, {_text(database.row_key)} AS {KEY}, {texts} FROM {database.records}) AS texts"
        f") AS record"
    )


def read_day(cursor: Any, mapping: SourceMapping, day: date) -> Iterator[RawChunk]:
    """The records of one day through Arrow, in batches."""
    cursor.execute(f"SELECT * FROM ({records_sql(mapping)}) AS records WHERE {DAY} = {_literal(day)} ORDER BY {ROW}")
    for batch in cursor.fetch_record_batch():
        table = pa.Table.from_batches([batch])
        sound = table.filter(pc.equal(table[RULE], SOUND))
        unsound = table.filter(pc.not_equal(table[RULE], SOUND)).select([ROW, KEY, RAW, RULE]).to_pylist()
        yield RawChunk(
            sound.select([*mapping.raw.columns, ROW, RAW]),
            [rejected(mapping, row[ROW], row[KEY], row[RAW], row[RULE]) for row in unsound],
        )


def rejected(mapping: SourceMapping, row: int, key: str | None, raw: str, rule: str) -> RejectedRecord:
    """The rejected record for a row key that is invalid or not unique, or for a text that is too long."""
    if rule == TOO_LONG:
        return RejectedRecord(row, raw[:LONGEST_RAW], rule, f"its text, as JSON, is longer than {LONGEST_LINE:,} bytes")
    name = _database(mapping).row_key
    said = "is NULL" if key is None else f"is {key!r}"
    why = "names more than one record of the day" if rule == ROW_KEY_TWICE else "is no whole number of up to 18 digits"
    return RejectedRecord(row, raw[:LONGEST_RAW], rule, f"its row key {name} {said}, which {why}")


def name_of(mapping: SourceMapping, day: date | str) -> str:
    """The table and the day, in place of a file's name."""
    return f"{_database(mapping).name}/{day}"


def _day(database: Database) -> str:
    return f"{quoted(database.delivered_on)}::date"


def _text(name: str) -> str:
    return f"{quoted(name)}::text"


def _literal(day: date) -> str:
    return f"DATE '{day.isoformat()}'"


def _or_null(column: str, nulls: Sequence[str]) -> str:
    if not nulls:
        return column
    words = ", ".join(map(standard_literal, nulls))
    return f"CASE WHEN btrim({column}, E' \\t\\n\\r\\f\\v') IN ({words}) THEN NULL ELSE {column} END"
