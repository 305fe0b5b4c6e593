"""Small checkouts with planted files, for tests of the checks."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path


def checkout(root: Path, files: Mapping[str, str]) -> Path:
    """A folder under version control that tracks these files; returns the folder."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=root, check=True, capture_output=True)
    return root
