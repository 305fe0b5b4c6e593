"""Facts of the machine: processors, memory, versions. Nothing identifies its owner."""

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

PACKAGES = ("pysail", "pyspark", "deltalake", "duckdb", "pyarrow", "numpy", "lightgbm")
ROOT = Path(__file__).resolve().parents[2]
ORIGIN = ("revision", "processor", "measured_on")
"""Facts stored with each measurement. Results of several runs are kept together, and these decide which can be compared."""


def machine_facts() -> dict[str, Any]:
    """The facts that results depend on.

    ``load`` is the load average of the last minute, ``measured_on`` the day (UTC) on which the run began.
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
    """The origin facts of a machine or a measurement; None is unknown."""
    return {fact: facts.get(fact) for fact in ORIGIN}


def merged_origin(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """The origin of a sum of two measurements.

    Facts that differ become "first and second", so the sum is not compared with measurements of only one of the origins.
    """

    def merge(one: object, other: object) -> object:
        both = ("unknown" if fact is None else fact for fact in (one, other))
        return one if one == other else " and ".join(map(str, both))

    return {fact: merge(first[fact], second[fact]) for fact in ORIGIN}


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _java() -> str | None:
    java = shutil.which("java")
    if java is None:
        return None
    output = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "([^"]+)"', output)
    return version[1] if version else None


def _revision() -> str | None:
    """The commit, with ``+`` if files other than results have changed; None outside a clone."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    changed = subprocess.run(
        [*git, "status", "--porcelain", "-uno", "--", ".", ":!benchmarks/results"], capture_output=True, text=True, check=False
    ).stdout.strip()
    return f"{commit}{'+' if changed else ''}" if commit else None
