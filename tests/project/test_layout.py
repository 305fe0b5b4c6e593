"""The house as the architecture says: its rooms, who owns their names, and what no file may hold."""

from __future__ import annotations

import ast
import importlib
import subprocess
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    ".ci", "benchmarks", "config", "console", "dags", "docs", "expectations", "jobs", "ledger", "models", "notebooks",
    "requirements", "simulation", "tests",
}  # fmt: skip
NEEDED = {"dags", "jobs", "models", "expectations", "notebooks", "tests"}
OURS = ("jobs", "models", "expectations", "simulation", "benchmarks")
# In pieces, so that this file does not hold what it forbids.
REGISTRY_HOSTS = tuple(
    "".join(pieces)
    for pieces in (
        ("py", "pi.org"), ("python", "hosted"), ("py", "pi.python"), ("conda.", "anaconda"), ("registry.", "npm"),
        ("crates", ".io"), ("repo1.", "maven"), ("repo.maven", ".apache"), ("docker", ".io"), ("gh", "cr.io"),
        ("mirrors.", "aliyun"), ("tuna.", "tsinghua"), ("hugging", "face.co"), ("proxy.", "golang"),
    )
)  # fmt: skip
CLOCKS = {"now", "utcnow", "today"}


def tracked() -> list[Path]:
    """Files under version control."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout, so what is tracked is unknown")
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """The parsed modules under these folders, with their names for messages."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def calls(tree: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    """What is called, and on which line."""
    return ((node.lineno, node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))


def test_top_level_folders_are_those_of_the_architecture() -> None:
    found = {path.relative_to(ROOT).parts[0] for path in tracked() if len(path.relative_to(ROOT).parts) > 1}

    assert found - ROOMS == set(), "a new room needs a reason in docs/explanation/architecture.md"
    assert NEEDED - found == set()


@pytest.mark.parametrize("page", ["README.md", "docs/explanation/architecture.md"])
def test_every_room_of_code_is_on_the_page(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    rooms = {path.relative_to(ROOT).parts[0] for path in tracked() if path.suffix == ".py"} - {"tests"}

    assert {room for room in rooms if f"| `{room}/" not in text} == set()


@pytest.mark.parametrize("name", OURS)
def test_our_generic_names_are_ours_alone(name: str) -> None:
    owners = set(packages_distributions().get(name, [])) - {"steelyard"}

    assert owners == set(), f"another installed distribution brings a package {name!r} too"
    assert Path(importlib.import_module(name).__path__[0]) == ROOT / name


def test_no_tracked_file_names_a_package_registry() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {host}"
        for path in tracked()
        for host in REGISTRY_HOSTS
        if host.encode() in path.read_bytes().lower()
    ]

    assert named == []


def test_nothing_is_unpickled_and_no_generated_file_is_tracked() -> None:
    kinds = Counter(path.suffix for path in tracked())

    assert not {".pkl", ".pickle", ".joblib", ".pyc", ".ipynb", ".egg"} & set(kinds)


def test_jobs_models_and_expectations_log_and_never_print() -> None:
    printing = [
        f"{name}:{line}"
        for name, tree in modules("jobs", "models", "expectations")
        for line, called in calls(tree)
        if isinstance(called, ast.Name) and called.id == "print"
    ]

    assert printing == []


def test_jobs_models_and_expectations_never_ask_the_clock_for_the_day() -> None:
    asking = [
        f"{name}:{line}"
        for name, tree in modules("jobs", "models", "expectations")
        for line, called in calls(tree)
        if isinstance(called, ast.Attribute) and called.attr in CLOCKS
    ]

    assert asking == []


def test_transforms_and_models_open_no_file() -> None:
    """Data that ship with the code are read by ``importlib.resources`` and ``read_text``, which is part of importing it."""
    opening = [
        f"{name}:{line}"
        for name, tree in modules("jobs/transforms", "models")
        for line, called in calls(tree)
        if (isinstance(called, ast.Name) and called.id == "open")
        or (isinstance(called, ast.Attribute) and called.attr in {"open", "write_text", "write_bytes", "to_parquet", "to_csv"})
    ]

    assert opening == []


def test_transforms_and_models_read_no_table_files() -> None:
    files = {"pyarrow.parquet", "pyarrow.csv", "pyarrow.dataset", "pyarrow.fs"}
    reading = [
        f"{name}: {module}" for name, tree in modules("jobs/transforms", "models") for module in imported(tree) if module in files
    ]

    assert reading == []


def imported(tree: ast.Module) -> Iterator[str]:
    """The full names of what a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_two_test_files_have_one_name() -> None:
    """Pytest imports a file that is in no package by its name alone."""
    files = [path for path in (ROOT / "tests").rglob("*.py") if not (path.parent / "__init__.py").exists()]
    names = Counter(path.name for path in files if path.name != "conftest.py")

    assert [name for name, count in names.items() if count > 1] == []
