"""Switch the console of this process to other databases."""

from __future__ import annotations

from typing import Any

from django.db import connections

from console.core.environment import Folder
from console.settings import _postgresql, _sqlite

Databases = dict[str, dict[str, Any]]
"""Django's settings of each database, by alias."""


def in_files(folder: Folder) -> Databases:
    """The databases of a folder."""
    return {"default": _sqlite(folder.decisions), "evidence": _sqlite(folder.evidence)}


def in_postgresql(address: str) -> Databases:
    """The databases at an address."""
    return {"default": _postgresql(address, "console"), "evidence": _postgresql(address, "evidence")}


def use(databases: Databases) -> None:
    """Connect this thread to these databases, and forget the aliases of other published runs."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        del connections[connection.alias]
    connections.settings = connections.configure_settings(databases)
