"""The site of the console's tests in PostgreSQL: a day published once, and a database copy for each test."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from console.core.environment import Folder
from tests.conftest import FinishedDay
from tests.console.conftest import Site, at_nine, finished_day, publish_with_people, send
from tests.console.databases import in_postgresql

__all__ = ["finished_day", "send"]
PUBLISHED = "published"
_NUMBERS = count()


@pytest.fixture(scope="session")
def published(postgresql: str, finished_day: FinishedDay, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a database with the published day and the test users. Copy it, do not change it."""
    say(postgresql, f"CREATE DATABASE {PUBLISHED}")
    publish_with_people(finished_day, Folder(tmp_path_factory.mktemp("published")), in_postgresql(within(postgresql, PUBLISHED)))
    return PUBLISHED


@pytest.fixture
def database(postgresql: str, published: str) -> Iterator[str]:
    """The address of a copy of the published database."""
    name = f"copy_{next(_NUMBERS)}"
    say(postgresql, f"CREATE DATABASE {name} TEMPLATE {published}")
    yield within(postgresql, name)
    say(postgresql, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def site(database: str, finished_day: FinishedDay, tmp_path: Path) -> Iterator[Site]:
    """The published console on that copy, at nine in the morning after the day."""
    folder = Folder(tmp_path / "console")
    folder.make()
    with at_nine(finished_day, folder, in_postgresql(database)) as site:
        yield site


def within(server: str, name: str) -> str:
    """The address of another database of a server."""
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def say(server: str, sql: str) -> None:
    """Run a statement outside a transaction."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql)
