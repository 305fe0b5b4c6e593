"""Mended code makes stale what it made: no module that decides what a step's rows are is left out of the step's hash."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.runtime.code_version import CONFORMING, FEATURES, JUDGING, READING, REGISTER_STATE, ROOT, TAX_STATE

EDGES = {
    f"jobs/runtime/{name}.py"
    for name in (
        "apache_spark", "batches", "code_version", "connect_address", "database_address", "delivery_days", "engine", "engine_path",
        "errors", "fault_points", "files", "home", "lake", "leftovers", "manifest", "scratch", "table_version", "unfinished",
        "unmappable", "versions_read", "vouched",
    )
}  # fmt: skip
"""Where rows are and are kept, what is noted of them, how a fault is told; none decides what a row says."""
_SILVER = (*READING, *JUDGING, *CONFORMING)
RESTS_ON = {
    "jobs/ingest_source.py": READING,
    "jobs/gate_source.py": (*READING, *JUDGING),
    "jobs/conform_source.py": _SILVER,
    "jobs/sum_returns.py": (*_SILVER, *TAX_STATE),
    "jobs/keep_register.py": (*_SILVER, *REGISTER_STATE),
    "jobs/feature_state.py": (*_SILVER, *TAX_STATE, *FEATURES),
}


def imports(path: Path) -> Iterator[Path]:
    """The modules below ``jobs/`` that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found = (ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith("jobs."))
        yield from (module for module in found if module.is_file())


def closure(step: str) -> set[str]:
    """A step's module and all below ``jobs/`` that it rests on, by path in the project."""
    seen: set[Path] = set()
    ahead = [ROOT / step]
    while ahead:
        path = ahead.pop()
        if path not in seen:
            seen.add(path)
            ahead += imports(path)
    return {path.relative_to(ROOT).as_posix() for path in seen}


def named(patterns: tuple[str, ...]) -> set[str]:
    return {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}


@pytest.mark.parametrize("step", RESTS_ON)
def test_all_that_a_step_imports_is_in_the_hash_of_what_it_makes(step: str) -> None:
    assert closure(step) - EDGES - named(RESTS_ON[step]) == set()


def test_every_pattern_names_a_file_and_every_edge_is_used() -> None:
    for pattern in {*_SILVER, *TAX_STATE, *REGISTER_STATE, *FEATURES}:
        assert named((pattern,)), pattern
    assert set().union(*map(closure, RESTS_ON)) >= EDGES
