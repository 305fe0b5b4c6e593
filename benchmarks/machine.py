"""What was measured on: processors, memory, versions. Nothing that tells whose machine it is."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("pysail", "pyspark", "deltalake", "duckdb", "polars", "pyarrow", "numpy", "lightgbm")
ROOT = Path(__file__).resolve().parents[1]


def machine_facts() -> dict[str, Any]:
    """The facts that results depend on; ``load`` is how many processes wanted to run in the minute before."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "java": _java(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "revision": _revision(),
        "load": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _java() -> str | None:
    java = shutil.which("java")
    if java is None:
        return None
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "([^"]+)"', told)
    return version[1] if version else None


def _revision() -> str | None:
    """The commit, with ``+`` when files differ from it; None outside a clone."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=False).stdout.strip()
    return f"{commit}{'+' if changed else ''}" if commit else None
