"""The modules of the project that a module imports."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
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
    """A step's module and all that it imports, by path in the project; not what is imported where it ``stops_at``, nor that."""
    seen: set[str] = set()
    ahead = [ROOT / step]
    while ahead:
        path = ahead.pop()
        name = path.relative_to(ROOT).as_posix()
        if name not in seen and not stops_at(name):
            seen.add(name)
            ahead += imports(ast.parse(path.read_text(encoding="utf-8")))
    return seen


def named(path: Path) -> str:
    """The dotted name of a module's file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)
