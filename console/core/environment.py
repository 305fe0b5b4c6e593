"""Where the console keeps its files: by default in the home of the lake that it shows.

Switches that the environment sets, read one way by all who ask.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "STEELYARD_HOME"
FOLDER_VARIABLE = "STEELYARD_CONSOLE_FOLDER"


@dataclass(frozen=True)
class Folder:
    """The console's files: decisions and audit in one database, evidence in another, a file for each published run."""

    path: Path

    @property
    def decisions(self) -> Path:
        """Accounts, decisions and the audit."""
        return self.path / "console.sqlite3"

    @property
    def evidence(self) -> Path:
        """Timelines, trends and peers, brought up to date by each day's changes."""
        return self.path / "evidence.sqlite3"

    @property
    def rankings(self) -> Path:
        """One file a published run."""
        return self.path / "rankings"

    @property
    def spool(self) -> Path:
        """Views and searches on their way to the audit."""
        return self.path / "audit_spool"

    @property
    def secret(self) -> Path:
        """The key that signs sessions, where the environment gives none."""
        return self.path / "secret_key"

    def make(self) -> None:
        """Make the folders, readable by their owner alone: they hold accounts."""
        for folder in (self.path, self.rankings, self.spool):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def folder_from_environment() -> Folder:
    """The folder that the environment names, else ``console`` in the home that it names, else in the folder one is in."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Folder(Path(named) if named else Path(os.environ.get(HOME_VARIABLE, ".")) / "console")


HTTPS_SWITCH = "STEELYARD_CONSOLE_HTTPS"
_ON, _OFF = frozenset({"on", "1", "yes", "true"}), frozenset({"off", "0", "no", "false"})


def is_on(name: str, *, by_default: bool) -> bool:
    """Whether a switch is on; what it is by default where the environment says nothing.

    Raises:
        ValueError: for a word that says neither: taken for either, it might open what it was meant to shut.
    """
    said = os.environ.get(name, "").strip().lower()
    if said and said not in _ON | _OFF:
        raise ValueError(f"{name} is {said!r}; write on or off")
    return said in _ON if said else by_default
