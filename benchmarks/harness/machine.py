"""What was measured on: processors, memory, versions. Nothing that tells whose machine it is."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

PACKAGES = ("pysail", "pyspark", "deltalake", "duckdb", "polars", "pyarrow", "numpy", "lightgbm")
ROOT = Path(__file__).resolve().parents[2]
ORIGIN = ("revision", "processor", "measured_on")
"""The facts that each measurement bears: results are kept from run to run, and two compare only where these let them."""


def machine_facts() -> dict[str, Any]:
    """The facts that results depend on.

    ``load`` is how many processes wanted to run in the minute before, ``measured_on`` the day (UTC) on which measuring began.
    """
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "java": _java(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "revision": _revision(),
        "measured_on": datetime.now(UTC).date().isoformat(),
        "load": round(os.getloadavg()[0], 1),
    }


def origin_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Where a measurement comes from, of the facts of a machine or of a measurement; None stands for what is unknown."""
    return {fact: facts.get(fact) for fact in ORIGIN}


def origin_of_both(first: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any]:
    """Where two measurements that are added up come from.

    What differs is told of both, so that the sum is compared with nothing that was measured where only one of them was.
    """
    return {fact: then[fact] if first[fact] == then[fact] else f"{_said(first[fact])} and {_said(then[fact])}" for fact in ORIGIN}


def _said(fact: object) -> object:
    return "unknown" if fact is None else fact


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
    """The commit, with ``+`` when files differ from it but for results, which measuring itself writes; None outside a clone."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    changed = subprocess.run(
        [*git, "status", "--porcelain", "-uno", "--", ".", ":!benchmarks/results"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return f"{commit}{'+' if changed else ''}" if commit else None
