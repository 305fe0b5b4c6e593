"""Find the project modules that code imports."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

from jobs.foundation.code_version import ROOT

OURS = ("benchmarks.", "expectations.", "jobs.", "models.", "simulation.")


def imported_modules(tree: ast.AST) -> Iterator[Path]:
    """The project modules imported anywhere in the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        modules = (ROOT / f"{name.replace('.', '/')}.py" for name in names if name.startswith(OURS))
        yield from (module for module in modules if module.is_file())


def import_closure(step: str, *, stops_at: Callable[[str], bool] = lambda _path: False) -> set[str]:
    """The paths of a step's module and of all modules it imports, recursively, without those that ``stops_at`` excludes."""
    seen: set[str] = set()
    ahead = [ROOT / step]
    while ahead:
        path = ahead.pop()
        name = path.relative_to(ROOT).as_posix()
        if name not in seen and not stops_at(name):
            seen.add(name)
            ahead += imported_modules(ast.parse(path.read_text(encoding="utf-8")))
    return seen


def module_name(path: Path) -> str:
    """The dotted name of a module file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)
