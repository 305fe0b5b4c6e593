"""The locks: everything by hash, nothing by host, and in step with pyproject."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("lock.txt", "setup.txt")


def locked(name: str) -> dict[str, set[str]]:
    """The versions of each package that a lock holds; a package may have several, for different machines."""
    versions: dict[str, set[str]] = {}
    for package, version in re.findall(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", text_of(name), re.MULTILINE):
        versions.setdefault(canonicalize_name(package), set()).add(version)
    return versions


def text_of(name: str) -> str:
    return (ROOT / "requirements" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_hashes(name: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", text_of(name))
    bare = [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry]

    assert bare == []


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_host(name: str) -> None:
    assert "://" not in text_of(name)
    assert "index-url" not in text_of(name)
    assert "find-links" not in text_of(name)


def test_the_lock_holds_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    versions = locked("lock.txt")
    unmet = [
        str(wanted)
        for wanted in map(Requirement, asked)
        if not any(wanted.specifier.contains(version) for version in versions.get(canonicalize_name(wanted.name), ()))
    ]

    assert unmet == [], "run `make lock`"


def test_the_build_backend_is_locked_too_since_nothing_unhashed_may_be_fetched() -> None:
    backend = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    versions = locked("lock.txt") | locked("setup.txt")

    assert [line for line in backend if canonicalize_name(Requirement(line).name) not in versions] == []


def test_the_two_locks_agree_where_they_meet() -> None:
    one, other = locked("lock.txt"), locked("setup.txt")

    assert {name for name in one.keys() & other.keys() if one[name] != other[name]} == set()
