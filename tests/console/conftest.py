"""A published day, made once; each test gets a site over its own copy of the folder, with real commits."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client, override_settings

from console.apps.accounts.jurisdiction import Level
from console.apps.accounts.models import Jurisdiction, User
from console.apps.accounts.roles import Role
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, current_run
from console.core.environment import Folder
from console.publishing.open_site import migrate
from console.publishing.publish import publish
from jobs.lake.finished_run import finished_run
from tests.conftest import FinishedDay
from tests.console.databases import Databases, in_files, use
from tests.made_once import made_once

PASSWORD = "a passphrase for tests"
HANGZHOU, ZHENGZHOU = "330100", "410100"
PEOPLE = {
    "wang": (Role.INSPECTOR, HANGZHOU),
    "li": (Role.INSPECTOR, HANGZHOU),
    "zhang": (Role.SUPERVISOR, HANGZHOU),
    "zhao": (Role.SUPERVISOR, HANGZHOU),
    "chen": (Role.ANALYST, HANGZHOU),
    "liu": (Role.INSPECTOR, ZHENGZHOU),
    "yang": (Role.SUPERVISOR, ZHENGZHOU),
    "huang": (Role.INSPECTOR, ""),
    "zhou": (Role.AUDITOR, ""),
    "wu": (Role.ADMIN, ""),
}
"""Role and region of each person in the tests."""
NOW = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
"""9:00 on the next morning in the profile's time zone."""
PUBLISHED_AT = datetime(2026, 6, 30, 22, 10, tzinfo=UTC)
"""6:10 in the profile's time zone."""


@dataclass(frozen=True)
class Site:
    """The site over its own folder."""

    folder: Folder
    home: Path
    now: list[datetime]

    def client(self, name: str = "", **more: Any) -> Client:
        """A client with that user signed in; by default nobody."""
        client = Client(**more)
        if name:
            client.force_login(User.objects.get(username=name), backend="console.apps.accounts.backends.ByPassword")
        return client

    def user(self, name: str) -> User:
        return User.objects.get(username=name)

    @property
    def run(self) -> PublishedRun:
        run = current_run()
        assert run is not None
        return run

    def all_ranked(self, **what: Any) -> Any:
        """The entities with these values, in order."""
        return Ranked.objects.using(alias_of(self.run.run_id)).filter(**what).order_by("position")

    def ranked(self, **what: Any) -> Ranked:
        """The first entity with these values."""
        found = self.all_ranked(**what).first()
        assert found is not None
        return found


TEST_SETTINGS: dict[str, Any] = {
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
    "ALLOWED_HOSTS": ["testserver", "127.0.0.1"],
    "SECURE_SSL_REDIRECT": False,
    "STORAGES": {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
}


def publish_with_people(day: FinishedDay, folder: Folder, databases: Databases) -> None:
    """Publish a finished day to a new console with the people of the tests."""
    with pytest.MonkeyPatch.context() as patch, override_settings(FOLDER=folder, **TEST_SETTINGS):
        patch.setattr("console.core.clock.now", lambda: PUBLISHED_AT)
        use(databases)
        migrate()
        publish(finished_run(day.home, day.as_of))
        for name, (role, region) in PEOPLE.items():
            user = User.objects.create_user(name, password=PASSWORD, role=role, must_change_password=False)
            if region:
                Jurisdiction.objects.create(user=user, level=Level.MIDDLE, code=region)
        connections.close_all()


@contextmanager
def at_nine(day: FinishedDay, folder: Folder, databases: Databases) -> Iterator[Site]:
    """The published console at :data:`NOW`."""
    now = [NOW]
    with pytest.MonkeyPatch.context() as patch, override_settings(FOLDER=folder, **TEST_SETTINGS):
        patch.setattr("console.core.clock.now", lambda: now[0])
        # Unlike a server, a test may leave a download unfinished.
        patch.setattr("console.web.downloads._slots", threading.BoundedSemaphore(1000))
        use(databases)
        yield Site(folder, day.home, now)
        connections.close_all()


@pytest.fixture(scope="session")
def finished_day(graded_day: FinishedDay) -> FinishedDay:
    """The day of all tests, with entities of every class."""
    return graded_day


@pytest.fixture(scope="session")
def published(finished_day: FinishedDay, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a console with the finished day and the people of the tests."""

    def make(folder: Path) -> None:
        there = Folder(folder / "console")
        publish_with_people(finished_day, there, in_files(there))

    return made_once("published_day", make, tmp_path_factory) / "console"


@pytest.fixture
def site(published: Path, finished_day: FinishedDay, tmp_path: Path) -> Iterator[Site]:
    """A copy of the published console at :data:`NOW`."""
    folder = Folder(tmp_path / "console")
    # A run's file is never changed, only replaced: a hard link is enough.
    shutil.copytree(published, folder.path, ignore=shutil.ignore_patterns("rankings"))
    shutil.copytree(published / "rankings", folder.rankings, copy_function=os.link)
    with at_nine(finished_day, folder, in_files(folder)) as site:
        yield site


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """One browser for all tests that need it."""
    from tests.console import browser

    # Playwright runs an event loop in this thread, in which Django refuses to work; nothing here awaits it.
    with pytest.MonkeyPatch.context() as patch, browser.chromium() as running:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield running


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    """The address of the site for a browser."""
    from tests.console import browser

    assert site.run
    with browser.answering() as there:
        yield there


@pytest.fixture
def send(site: Site) -> Callable[..., Any]:
    """Post one of the decision forms of an entity's page."""

    def send(name: str, entity: Ranked, action: str, **said: Any) -> Any:
        form = {
            "token": f"{name}-{entity.entity_id}-{action}-{len(said)}",
            "version": "0",
            "run_id": site.run.run_id,
            **GIVEN[action],
            **said,
        }
        return site.client(name).post(f"/entity/{entity.entity_id}/{action}/", form)

    return send


GIVEN = {
    "visit": {"reason": "reasons_hold", "objective": "safety", "kind": "on_site", "proportion": "least"},
    "defer": {"reason": "season", "wake_on": "2026-07-20"},
    "dismiss": {"reason": "known_good"},
}
