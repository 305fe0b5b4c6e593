"""`make audit` fails on a vulnerability and on a package that nobody looked up; `make sbom` and it are not part of CI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = """colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:1
idna==3.20 \\
    --hash=sha256:2
long.name-x==1 \\
    --hash=sha256:3
"""
PIP_AUDIT = """#!/bin/bash
here="$(dirname "$0")"
[[ "$*" == *--strict*--requirement* ]] || exit 99
while [ $# -gt 0 ]; do
    case $1 in --requirement) cp "$2" "$here/asked" ;; --output) cp "$here/found.json" "$2" ;; esac
    shift
done
exit $(cat "$here/code")
"""
SOUND = [{"name": name, "version": "1", "vulns": []} for name in ("colorama", "idna", "long_name_x")]
FLAW = {"id": "PYSEC-1", "fix_versions": ["2"], "aliases": [], "description": ""}


def audit(folder: Path, packages: list[dict[str, Any]] | None, code: int = 0) -> subprocess.CompletedProcess[str]:
    """The script with a pip-audit that finds this; None for one that stops before it has looked anything up."""
    (folder / "python").symlink_to(sys.executable)
    (folder / "lock.txt").write_text(LOCK)
    (folder / "found.json").write_text(json.dumps({"dependencies": packages}) if packages is not None else "")
    (folder / "code").write_text(str(code))
    (folder / "pip-audit").write_text(PIP_AUDIT)
    (folder / "pip-audit").chmod(0o755)
    environment = {**os.environ, "AUDIT_BIN": str(folder)}
    command = [ROOT / "requirements" / "audit.sh", folder / "lock.txt"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_packages_of_other_systems_are_looked_up_too(tmp_path: Path) -> None:
    done = audit(tmp_path, SOUND)

    assert (done.returncode, done.stdout.split(" of ")[0]) == (0, "3 packages"), done.stderr
    assert "colorama==0.4.6 \\" in (tmp_path / "asked").read_text()


@pytest.mark.parametrize(
    ("packages", "said"),
    [
        ([*SOUND[:2], {**SOUND[2], "vulns": [FLAW]}], "long_name_x 1: PYSEC-1, fixed in 2"),
        (SOUND[:2], "long.name-x: not looked up"),
        ([*SOUND[1:], {"name": "colorama", "skip_reason": "not found"}], "colorama: not looked up"),
        (None, "pip-audit looked nothing up"),
    ],
)
def test_a_flaw_or_a_skipped_package_fails(tmp_path: Path, packages: list[dict[str, Any]] | None, said: str) -> None:
    done = audit(tmp_path, packages)

    assert done.returncode == 1
    assert said in done.stderr


def test_a_failure_of_pip_audit_itself_is_passed_on(tmp_path: Path) -> None:
    assert audit(tmp_path, SOUND, code=1).returncode == 1


def test_ci_does_not_ask_the_network_for_vulnerabilities() -> None:
    assert "audit" not in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
