"""Have the console of this process read and write other databases than those that it began with."""

from __future__ import annotations

from typing import Any

from django.db import connections

from console.core.environment import Folder
from console.settings import _postgresql, _sqlite

Databases = dict[str, dict[str, Any]]
"""What Django is told of each database, by the name by which it knows it."""


def in_files(folder: Folder) -> Databases:
    """The databases of a folder."""
    return {"default": _sqlite(folder.decisions), "evidence": _sqlite(folder.evidence)}


def in_postgresql(address: str) -> Databases:
    """The databases at an address."""
    return {"default": _postgresql(address, "console"), "evidence": _postgresql(address, "evidence")}


def use(databases: Databases) -> None:
    """Have Django's connections of this thread go to these databases, and forget the published runs of others."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        del connections[connection.alias]
    connections.settings = connections.configure_settings(databases)
