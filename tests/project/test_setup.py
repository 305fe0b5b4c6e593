"""Set-up on machines that lack something: it says what to do, and does not run twice."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("bash", "dirname", "seq", "sleep", "grep", "mktemp", "tail", "rm", "cat")
NO_PYTHON = "#!/bin/sh\nexit 127\n"
# Answers as a Debian python3 does that came without python3-venv.
NO_VENV = """#!/bin/sh
case "$2" in
    *"import venv"*) exit 1 ;;
    *"%d.%d"*) echo 3.12 ;;
esac
exit 0
"""
USER, SUPERUSER = "#!/bin/sh\necho 1000\n", "#!/bin/sh\necho 0\n"
APT_FAILS = "#!/bin/sh\necho 'E: no network' >&2\nexit 100\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The set-up's own files, without a .venv, and a bin folder to be the whole PATH."""
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (tmp_path / "bin" / tool).symlink_to(found)
    return tmp_path


def put(checkout: Path, name: str, script: str) -> None:
    path = checkout / "bin" / name
    path.write_text(script, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def set_up(checkout: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(checkout / "bin"), "HOME": str(checkout), "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [str(checkout / "requirements" / "setup.sh")], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_without_python_it_names_the_packages_to_install(checkout: Path) -> None:
    put(checkout, "python3", NO_PYTHON)

    ended = set_up(checkout)

    assert ended.returncode == 1
    assert "no Python 3.11 or later was found" in ended.stderr
    assert "apt-get install -y python3 python3-venv" in ended.stderr


def test_without_the_venv_module_a_user_sees_the_command_for_that_python(checkout: Path) -> None:
    put(checkout, "python3", NO_VENV)
    put(checkout, "id", USER)

    ended = set_up(checkout)

    assert ended.returncode == 1
    assert "sudo apt-get install -y python3.12-venv" in ended.stderr


def test_without_the_venv_module_it_is_installed_for_root_and_a_failure_is_explained(checkout: Path) -> None:
    put(checkout, "python3", NO_VENV)
    put(checkout, "id", SUPERUSER)
    put(checkout, "apt-get", APT_FAILS)

    ended = set_up(checkout)

    assert ended.returncode == 1
    assert "E: no network" in ended.stderr
    assert "python3.12-venv could not be installed" in ended.stderr


def test_once_set_up_make_demo_and_make_test_set_nothing_up_again(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    (tmp_path / ".venv").mkdir()
    stamp = tmp_path / ".venv" / ".ready"

    assert "setup.sh" in planned(tmp_path, "demo")
    stamp.touch()
    assert "setup.sh" not in planned(tmp_path, "demo")
    assert "setup.sh" not in planned(tmp_path, "test")
    os.utime(stamp, (0, 0))
    assert "setup.sh" in planned(tmp_path, "test"), "a lock newer than the set-up asks for a new one"


def planned(folder: Path, target: str) -> str:
    """What make would run."""
    environment = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    ended = subprocess.run(["make", "--dry-run", target], cwd=folder, capture_output=True, text=True, check=True, env=environment)
    return ended.stdout
