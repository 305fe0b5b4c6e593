"""The part of a mapping that says where a source's records are in a database: ``[database]``, with ``format = "postgresql"``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jobs.runtime.mapping_settings import Problem, Setting, is_text, is_whole, setting_problems

POSTGRESQL = "postgresql"


@dataclass(frozen=True)
class Database:
    """Records of a table, or of a query, in a PostgreSQL database.

    Attributes:
        url_variable: the environment variable that holds the address, ``postgresql://user:password@host:port/database``.
        table: a table or view, its schema before it where it has one; empty when there is a ``query``.
        query: SQL that gives the records; empty when there is a ``table``.
        delivered_on: the column with the day on which a record was delivered.
        row_key: the column that numbers the records of a day: a whole number, no two alike.
        look_back_days: how many days before the day, and the newest one taken in, are asked for changes; None for all.
    """

    url_variable: str
    table: str
    query: str
    delivered_on: str
    row_key: str
    look_back_days: int | None

    @property
    def name(self) -> str:
        """What stands where a file's name would: the table, or that it is a query."""
        return self.table or "query"

    @property
    def records(self) -> str:
        """The records as what follows FROM in SQL."""
        return f"({self.query}\n) AS records" if self.query else ".".join(map(quoted, self.table.split("."))) + " AS records"


def quoted(name: str) -> str:
    """A name as PostgreSQL's SQL, so that it is taken for a name and nothing else."""
    return '"' + name.replace('"', '""') + '"'


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value) is not None


DATABASE_SETTINGS: Mapping[str, Setting] = {
    "url_variable": Setting("the name of an environment variable that holds the address", _is_variable, is_required=True),
    "table": Setting("a table's name, such as registry.shops", is_text),
    "query": Setting("a SQL query", is_text),
    "delivered_on": Setting("the name of a column of dates", is_text, is_required=True),
    "row_key": Setting("the name of a column of whole numbers", is_text, is_required=True),
    "look_back_days": Setting("a whole number of days, 1 or more", is_whole),
}


def database_problems(sound: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with where the records are said to be, in settings that are of the right types."""
    is_database = sound.get("format") == POSTGRESQL
    given = sound.get("database")
    if not is_database:
        if given is not None:
            yield Problem("database", f"is for format = {POSTGRESQL!r}", "remove it, or change the format")
        return
    for name in ("files", "delivered_on", "encoding", "delimiter"):
        if name in sound:
            yield Problem(name, "is for files; the records are in a database", "remove it; [database] says where they are")
    if given is None:
        yield Problem("database", f"is missing where format is {POSTGRESQL!r}", "add the table; see docs/reference/mapping.md")
        return
    address = given.get("url_variable")
    if isinstance(address, str) and "://" in address:
        # Its value is not repeated: it may hold a password.
        then = "name the environment variable that holds it, so that no secret is in the file"
        yield Problem("database.url_variable", "is an address", then)
        given = {name: value for name, value in given.items() if name != "url_variable"} | {"url_variable": "ADDRESS"}
    yield from setting_problems(given, DATABASE_SETTINGS, "database.")
    if ("table" in given) == ("query" in given):
        yield Problem("database.table", "and query: one of the two must be given", "name a table, or write a query")


def database_of(settings: Mapping[str, Any] | None) -> Database | None:
    """The database of settings whose shape was checked."""
    if settings is None:
        return None
    return Database(
        url_variable=settings["url_variable"],
        table=settings.get("table", ""),
        query=settings.get("query", "").strip().rstrip(";"),
        delivered_on=settings["delivered_on"],
        row_key=settings["row_key"],
        look_back_days=settings.get("look_back_days"),
    )
