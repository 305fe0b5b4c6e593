"""Find the SQL functions that code uses and mappings may use, as a table for ``docs/reference/engines.md``.

Tests try every listed function on each engine with edge values.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from pyspark.sql import functions

from jobs.profile.allowed_sql import FUNCTIONS

ROOT = Path(__file__).resolve().parents[2]
CODE = (
    "expectations/**/*.py",
    "jobs/*.py",
    "jobs/onboarding/column_sql.py",
    "jobs/onboarding/mapping_draft.py",
    *(
        f"jobs/{package}/**/*.py"
        for package in ("analysis", "engine", "incremental", "profile", "sources", "steps", "training", "transforms")
    ),
)
"""Files that give SQL to an engine. Maintenance of tables uses Delta's own reader instead."""
_ANOTHER_SQL = {"jobs/sources/postgresql.py"}
"""Files whose SQL is PostgreSQL's own."""
MAPPINGS = "mappings"
BEGIN, END = "<!-- functions: begin -->", "<!-- functions: end -->"

# Syntax for names, values, conditions and types, not functions of an engine.
_GRAMMAR = {"col", "lit", "expr", "when", "decimal"}
_PYTHON_NAMES = {"create_map": "map", "count_distinct": "count"}
_ONLY_SQL = {"cast", "try_cast", "map"}
_KNOWN = ({name for name in dir(functions) if name.islower() and not name.startswith("_")} | _ONLY_SQL) - _GRAMMAR
_CALL = re.compile(r"(?<![\w.`])([a-z_][a-z0-9_]*)\(")
_COLUMN_METHODS = {"rlike", "cast", "try_cast"}


def functions_in_use(root: Path = ROOT) -> dict[str, list[str]]:
    """Each function in use with the files, below ``root``, that use it, or :data:`MAPPINGS`; both in order of name."""
    found: dict[str, set[str]] = {name: {MAPPINGS} for name in FUNCTIONS - {"to_timestamp"}}  # it runs as try_to_timestamp
    for pattern in CODE:
        for path in root.glob(pattern):
            if (shown := path.relative_to(root).as_posix()) not in _ANOTHER_SQL:
                for name in _in_code(ast.parse(path.read_text(encoding="utf-8"))):
                    found.setdefault(name, set()).add(shown)
    return {name: sorted(found[name]) for name in sorted(found)}


def render_functions(root: Path = ROOT) -> str:
    """The table of the functions in use, as Markdown."""
    lines = ["| function | used in |", "|---|---|"]
    for name, paths in functions_in_use(root).items():
        lines.append(f"| `{name}` | {', '.join(sorted({_package(path) for path in paths}))} |")
    return "\n".join(lines)


def with_functions(page: str, root: Path = ROOT) -> str:
    """The page with the table between its marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{render_functions(root)}\n{END}{after}"


def _package(path: str) -> str:
    """The package of a file: with file names the page would change with every file."""
    if path == MAPPINGS:
        return path
    first, second, *_ = path.split("/")
    return f"`{first}`" if second.endswith(".py") or first == "expectations" else f"`{first}/{second}`"


def _in_code(tree: ast.Module) -> Iterator[str]:
    """Functions called as ``F.name`` or in a text that is no documentation."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            is_function = isinstance(node.value, ast.Name) and node.value.id == "F"
            if (is_function and node.attr not in _GRAMMAR) or (node.attr in _COLUMN_METHODS and _imports_functions(tree)):
                yield _PYTHON_NAMES.get(node.attr, node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield from (name for name in _CALL.findall(node.value) if name in _KNOWN)


def _imports_functions(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module == "pyspark.sql" for node in ast.walk(tree))
