"""A command refuses a home that is missing, a file, not writable or of another profile, and changes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from console.publishing import open_site
from tests.day.command import steelyard
from tests.day.test_cli import assert_explained

OUTCOMES = ["outcomes", "--as-of", "2026-06-30", "--sources", "."]
CONSOLE = (["audit", "verify"], ["audit", "export", "--file", "chain.jsonl"], OUTCOMES)


@pytest.mark.parametrize("command", CONSOLE)
@pytest.mark.parametrize("is_file", [False, True])
def test_a_console_that_does_not_exist_is_refused_and_not_made(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, command: list[str], is_file: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STEELYARD_CONSOLE_FOLDER", raising=False)
    home = tmp_path / "home"
    if is_file:
        home.write_text("")

    done = steelyard(capfd, *command, "--home", home)

    assert_explained(done, 4, "there is no console in this folder", str(home / "console"))
    assert [path.name for path in tmp_path.iterdir()] == (["home"] if is_file else [])


def test_a_console_in_a_folder_that_cannot_be_written_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STEELYARD_CONSOLE_FOLDER", raising=False)
    (tmp_path / "console").mkdir()
    monkeypatch.setattr(open_site.os, "access", lambda path, how: (Path(path), how) != (tmp_path / "console", os.W_OK))

    done = steelyard(capfd, "audit", "verify", "--home", tmp_path)

    assert_explained(done, 2, "the console's folder cannot be written", str(tmp_path / "console"))


@pytest.mark.parametrize("command", [["maintain", "--as-of", "2026-06-30"], ["forget", "licence", "--yes"]])
def test_a_home_of_another_profile_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str], command: list[str]) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "manifests" / "runs").mkdir(parents=True)
    run = {"as_of": "2026-06-30", "profile": "cn", "is_complete": True}
    (tmp_path / "manifests" / "runs" / "2026-06-30.json").write_text(json.dumps(run))

    done = steelyard(capfd, "lake", *command, "--profile", "chicago", "--home", tmp_path)

    assert_explained(done, 2, "the runs of this home are of the profile cn, not chicago", "give --profile cn")


def test_a_terminal_without_a_sign_shows_its_code_point(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli", "--help"], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert (done.returncode, "\\u8861\\u9274" in done.stdout) == (0, True), done.stderr
