"""Set Django up for a command over the folder that the options name, and migrate its tables."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from console.core.environment import FOLDER_VARIABLE, HOME_VARIABLE
from console.core.policy import policy_of
from jobs.foundation.errors import ConfigError, InputMissing

HOME_OPTION = typer.Option("--home", envvar=HOME_VARIABLE, help="The folder that holds lake, models, manifests and reports.")
_FOLDER_HELP = f"The folder of the console's own files; by default {FOLDER_VARIABLE}, else console in the home."
HomeOption = Annotated[Path, HOME_OPTION]
FolderOption = Annotated[str, typer.Option("--console", help=_FOLDER_HELP)]
AsOfOption = Annotated[str, typer.Option("--as-of", help="The day, as YYYY-MM-DD, in the profile's time zone.")]

_SCHEMAS = {"default": "console", "evidence": "evidence"}
"""The schema of each database's tables, where both are in PostgreSQL."""


def parse_day(as_of: str) -> date:
    """The day that ``--as-of`` names.

    Raises:
        ConfigError: if it is not a date.
    """
    try:
        return datetime.strptime(as_of, "%Y-%m-%d").date()
    except ValueError as error:
        raise ConfigError(
            what=f"{as_of!r} is not a day", where="--as-of", next_step="write it as YYYY-MM-DD, such as 2026-06-30"
        ) from error


def open_site(home: Path, folder: str) -> None:
    """Set Django up and migrate the tables. The first call in a process decides the folder.

    Raises:
        ConfigError: when a file of the policy cannot be used, or the folder cannot be written.
    """
    policy_of({})
    there = _folder_of(home, folder)
    nearest = next(path for path in (there.absolute(), *there.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        next_step = "name a folder that you may write with --console or --home"
        raise ConfigError(what="the console's folder cannot be written", where=str(nearest), next_step=next_step)
    os.environ[HOME_VARIABLE] = str(home)
    if folder:
        os.environ[FOLDER_VARIABLE] = folder
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    try:
        import django
    except ImportError as error:
        raise InputMissing(
            what=f"the console is not installed here: {error}",
            where="this Python environment",
            next_step="install Steelyard with its extra console, as make setup does",
        ) from error
    django.setup()
    migrate()


def open_existing_site(home: Path, folder: str) -> None:
    """Open the site of a console that exists already; a mistyped path would create an empty one.

    Raises:
        ConfigError: as :func:`open_site`.
        InputMissing: when the folder does not exist. A schedule skips the task then.
    """
    policy_of({})
    there = _folder_of(home, folder)
    if not there.is_dir():
        next_step = "give the home or the folder of a console that published a day"
        raise InputMissing(what="there is no console in this folder", where=str(there), next_step=next_step)
    open_site(home, folder)


def _folder_of(home: Path, folder: str) -> Path:
    return Path(folder or os.environ.get(FOLDER_VARIABLE) or home / "console")


def migrate() -> None:
    """Migrate the tables if they are not up to date.

    If two processes begin together, the second waits for the first. Without pending migrations it does not wait for a process that
    publishes.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from console.publishing.publish_lock import publish_lock
    from console.publishing.upgrade_runs import is_any_run_earlier, upgrade_runs

    settings.FOLDER.make()
    if all(_is_up_to_date(alias) for alias in _SCHEMAS) and not is_any_run_earlier():
        return
    with publish_lock(waits=True):
        upgrade_runs()
        for alias, schema in _SCHEMAS.items():
            if connections[alias].vendor == "postgresql":
                with connections[alias].cursor() as cursor:
                    cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            call_command("migrate", database=alias, interactive=False, verbosity=0)


def _is_up_to_date(alias: str) -> bool:
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())
