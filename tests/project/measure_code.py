"""Count the project's code, and check the bounds of its structure.

Without options it prints the counts: `python -m tests.project.measure_code`. With `--check` it prints what breaks a bound and
exits with 1. It counts the tracked Python files outside `tests/`, without migrations and `__init__.py`.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MOST_MODULES = 15
"""A package has at most so many modules."""
MOST_LINES_OF_FILE = 350
MOST_LINES = 54_400
MOST_CODE = 36_000
ARE_TOTALS_CHECKED = True
"""Whether MOST_LINES and MOST_CODE are bounds yet."""
LONG_FILE = 300
"""Longer files are printed, and are no error up to MOST_LINES_OF_FILE."""
LARGE_PACKAGE = 10
"""Packages with more modules are printed."""
FREE_PACKAGES = ("expectations/contracts",)
"""Packages that may have any number of modules: one file a table."""

_LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}


@dataclass(frozen=True)
class Size:
    """A file's lines, and its lines of code: without comments, docstrings and blank lines."""

    lines: int
    code: int


def main(arguments: list[str] | None = None) -> int:
    """Print the counts, or check the bounds; return the exit code."""
    parser = argparse.ArgumentParser(description="Count the project's code, or check the bounds of its structure.")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a bound is broken")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2], help="the checkout to count")
    options = parser.parse_args(arguments)
    sizes = measure(options.root, counted(tracked(options.root)))
    if not options.check:
        print(report(sizes))
        return 0
    found = problems(sizes)
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print("packages and files are within their bounds")
    return 1 if found else 0


def tracked(root: Path) -> list[str]:
    """Paths of the files under version control that exist, relative to the root."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True).stdout
    return sorted(name for name in listed.split("\0") if name and (root / name).is_file())


def counted(paths: Iterable[str]) -> list[str]:
    """The paths that are counted: Python files without tests, migrations and `__init__.py`."""
    return [
        path
        for path in paths
        if path.endswith(".py")
        and not path.startswith("tests/")
        and "migrations" not in PurePosixPath(path).parent.parts
        and PurePosixPath(path).name != "__init__.py"
    ]


def measure(root: Path, paths: Iterable[str]) -> dict[str, Size]:
    """Size of each file."""
    return {path: size_of((root / path).read_text(encoding="utf-8")) for path in paths}


def size_of(text: str) -> Size:
    """Size of a module's text. A string that is a statement of its own counts as a docstring."""
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            docstrings.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _LAYOUT:
            code.update(range(token.start[0], token.end[0] + 1))
    return Size(lines=len(text.splitlines()), code=len(code - docstrings))


def modules_by_package(paths: Iterable[str]) -> Counter[str]:
    """Number of modules directly in each folder."""
    return Counter(PurePosixPath(path).parent.as_posix() for path in paths)


def problems(sizes: dict[str, Size], *, check_totals: bool = ARE_TOTALS_CHECKED) -> list[str]:
    """A message for each broken bound."""
    found = [
        f"{package}/: {modules} modules, at most {MOST_MODULES}: group them into packages by purpose"
        for package, modules in sorted(modules_by_package(sizes).items())
        if modules > MOST_MODULES and package not in FREE_PACKAGES
    ]
    found += [
        f"{path}: {size.lines} lines, at most {MOST_LINES_OF_FILE}: give each subject its own file"
        for path, size in sorted(sizes.items())
        if size.lines > MOST_LINES_OF_FILE
    ]
    total = total_of(sizes.values())
    if check_totals and total.lines > MOST_LINES:
        found.append(f"{total.lines:,} lines, at most {MOST_LINES:,}: remove or merge code")
    if check_totals and total.code > MOST_CODE:
        found.append(f"{total.code:,} lines of code, at most {MOST_CODE:,}: remove or merge code")
    return found


def total_of(sizes: Iterable[Size]) -> Size:
    """Sum of sizes."""
    sizes = list(sizes)
    return Size(sum(size.lines for size in sizes), sum(size.code for size in sizes))


def report(sizes: dict[str, Size]) -> str:
    """The counts as text: totals, top-level folders, large packages, long files."""
    tops: dict[str, list[Size]] = {}
    for path, size in sizes.items():
        tops.setdefault(path.split("/")[0], []).append(size)
    lines = [f"{'':16}{'files':>8}{'lines':>10}{'code':>10}"]
    for name, group in [*sorted(tops.items()), ("total", list(sizes.values()))]:
        total = total_of(group)
        lines.append(f"{name:16}{len(group):8,}{total.lines:10,}{total.code:10,}")
    lines += ["", f"Packages with more than {LARGE_PACKAGE} modules (at most {MOST_MODULES}):"]
    lines += [f"{modules:6}  {package}" for package, modules in modules_by_package(sizes).most_common() if modules > LARGE_PACKAGE]
    lines += ["", f"Files with more than {LONG_FILE} lines (at most {MOST_LINES_OF_FILE}):"]
    longest = sorted(sizes.items(), key=lambda item: (-item[1].lines, item[0]))
    lines += [f"{size.lines:6}  {path}" for path, size in longest if size.lines > LONG_FILE]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
