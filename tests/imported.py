"""What modules of the project a module rests on, and what patterns of files name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from jobs.foundation.code_version import ROOT

OURS = ("benchmarks.", "expectations.", "jobs.", "models.", "simulation.")


def imports(tree: ast.AST) -> Iterator[Path]:
    """The modules of the project that code imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found = (ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith(OURS))
        yield from (module for module in found if module.is_file())


def closure(step: str, *, stops_at: Callable[[str], bool] = lambda _path: False) -> set[str]:
    """A step's module and all that it rests on, by path in the project; not what is imported where it ``stops_at``, nor that."""
    return resting_on([ROOT / step], stops_at=stops_at)


def resting_on(paths: Iterable[Path], *, stops_at: Callable[[str], bool] = lambda _path: False) -> set[str]:
    """As :func:`closure`, of several modules."""
    seen: set[str] = set()
    ahead = list(paths)
    while ahead:
        path = ahead.pop()
        name = path.relative_to(ROOT).as_posix()
        if name not in seen and not stops_at(name):
            seen.add(name)
            ahead += imports(ast.parse(path.read_text(encoding="utf-8")))
    return seen


def named(patterns: tuple[str, ...]) -> set[str]:
    """The files that patterns name, by path in the project."""
    return {path.relative_to(ROOT).as_posix() for pattern in patterns for path in ROOT.glob(pattern)}
