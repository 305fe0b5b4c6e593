"""The environment of a run: machine, Python and package versions, stored once for many runs."""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jobs.foundation.files import read_json, write_json

_OURS = "steelyard"


@cache
def installed() -> dict[str, str]:
    """The versions of Python and of each package that Steelyard needs, directly or indirectly, without extras.

    ``machine`` is the processor type: types differ in how they round sums of products.
    """
    found = {"machine": platform.machine(), "python": platform.python_version()}
    wanted: list[tuple[str, frozenset[str]]] = [(_OURS, frozenset())]
    seen: set[tuple[str, str]] = set()
    while wanted:
        name, extras = wanted.pop()
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # not needed on this machine, or missing, which shows when it is imported
        if name != _OURS:
            found[name] = package.version
        for extra in ("", *extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            for needed in map(Requirement, package.requires or ()):
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    wanted.append((canonicalize_name(needed.name), frozenset(needed.extras)))
    return dict(sorted(found.items()))


def keep_environment(home: Path) -> str:
    """Store the environment in ``home/manifests/packages/<hash>.json`` once, and return the hash (16 digits)."""
    digest = hashlib.sha256(json.dumps(installed(), sort_keys=True).encode()).hexdigest()[:16]
    path = _path(home, digest)
    if not path.is_file():
        write_json(path, installed())
    return digest


def read_environment(home: Path, digest: str | None) -> dict[str, str] | None:
    """A stored environment; None when there is none."""
    found: dict[str, str] | None = read_json(_path(home, digest)) if digest else None
    return found


def _path(home: Path, digest: str) -> Path:
    return home / "manifests" / "packages" / f"{digest}.json"
