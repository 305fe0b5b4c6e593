"""Every command finds its home in one way: by --home, else by STEELYARD_HOME."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from jobs.cli import app
from tests.day.command import steelyard


def commands(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command below one, by the words that name it."""
    for word in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from commands(command.get_command(None, word), f"{name} {word}".strip())
    yield name, command


NEED_NO_HOME = ("doctor", "audit verify")
"""The first looks at a machine; the second may be given a file, and says itself that one of the two is needed."""
HOMES = {
    name: option
    for name, command in commands(get_command(app))
    for option in command.params
    if "--home" in option.opts and name not in NEED_NO_HOME
}


def test_there_are_such_commands() -> None:
    assert {"run", "export", "trace", "lake history", "lake check", "lake restore", "lake backup", "lake maintain"} <= HOMES.keys()


@pytest.mark.parametrize("name", HOMES)
def test_a_home_is_asked_for_and_the_environment_may_name_it(name: str) -> None:
    assert (HOMES[name].required, HOMES[name].envvar) == (True, "STEELYARD_HOME")


def test_the_home_that_the_environment_names_is_the_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STEELYARD_HOME", str(tmp_path))
    assert str(tmp_path) in steelyard(capfd, "lake", "history").err
    other = tmp_path / "other"
    assert str(other) in steelyard(capfd, "lake", "history", "--home", other).err
    monkeypatch.delenv("STEELYARD_HOME")
    assert "--home" in steelyard(capfd, "lake", "history").err
