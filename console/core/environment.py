"""The environment variables of the console: the folder of its files, and switches."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "STEELYARD_HOME"
FOLDER_VARIABLE = "STEELYARD_CONSOLE_FOLDER"
HTTPS_SWITCH = "STEELYARD_CONSOLE_HTTPS"
_ON, _OFF = frozenset({"on", "1", "yes", "true"}), frozenset({"off", "0", "no", "false"})


@dataclass(frozen=True)
class Folder:
    """The console's files: a database for decisions and audit, one for evidence, and one for each published run."""

    path: Path

    @property
    def decisions(self) -> Path:
        """The database of accounts, decisions and the audit."""
        return self.path / "console.sqlite3"

    @property
    def evidence(self) -> Path:
        """The database of timelines, trends and peers."""
        return self.path / "evidence.sqlite3"

    @property
    def rankings(self) -> Path:
        """The folder with one file for each published run."""
        return self.path / "rankings"

    @property
    def spool(self) -> Path:
        """The folder of views and searches that wait for the audit."""
        return self.path / "audit_spool"

    @property
    def audit_head(self) -> Path:
        """The file with the number and the hash of the audit's newest event: a chain that was cut short lacks this event."""
        return self.path / "audit_head"

    @property
    def secret(self) -> Path:
        """The file of the key that signs sessions, if the environment does not give the key."""
        return self.path / "secret_key"

    def make(self) -> None:
        """Make the folders, readable only by their owner, since they contain accounts."""
        for folder in (self.path, self.rankings, self.spool):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def folder_from_environment() -> Folder:
    """The folder that the environment names, by default ``console`` in the home or the current folder."""
    named = os.environ.get(FOLDER_VARIABLE)
    return Folder(Path(named) if named else Path(os.environ.get(HOME_VARIABLE, ".")) / "console")


def is_on(name: str, *, by_default: bool) -> bool:
    """Whether a switch is on, or its default if the variable is not set.

    Raises:
        ValueError: for another word. A guess could turn off a protection.
    """
    value = os.environ.get(name, "").strip().lower()
    if value and value not in _ON | _OFF:
        raise ValueError(f"{name} is {value!r}; write on or off")
    return value in _ON if value else by_default
