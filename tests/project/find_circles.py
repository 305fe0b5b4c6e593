"""Find circles of imports between files and between folders.

`python -m tests.project.find_circles` prints each circle with an example of every import; with `--check` it also exits with 1 when
there is one. Imports inside functions count, those under `TYPE_CHECKING` do not. Tests and migrations are left out.

Two folders of one parent are in a circle when each imports the other, directly or through their neighbours. A folder stands for all
that is below it; the files directly in the parent count as one more folder.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tests.project.measure_code import tracked

SEARCHED = ("dags",)
"""Folders that are on the search path: their modules are imported by their bare names."""


@dataclass(frozen=True, order=True)
class Import:
    """A file imports another on a line."""

    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


@dataclass(frozen=True)
class Circle:
    """Files or folders that import each other, and one import for each pair of them."""

    members: tuple[str, ...]
    examples: tuple[Import, ...]

    def __str__(self) -> str:
        return "\n".join([", ".join(self.members), *(f"    {example}" for example in self.examples)])


def main(arguments: list[str] | None = None) -> int:
    """Print the circles; return the exit code."""
    parser = argparse.ArgumentParser(description="Find circles of imports between files and between folders.")
    parser.add_argument("--check", action="store_true", help="exit with 1 when there is a circle")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2], help="the checkout to search")
    options = parser.parse_args(arguments)
    found = imports(options.root, searched(tracked(options.root)))
    files, folders, pairs = file_circles(found), folder_circles(found), folder_pairs(found)
    for title, circles in (("files", files), ("folders", folders)):
        print(f"Circles between {title}: {len(circles)}")
        for circle in circles:
            print(circle)
    print(f"Pairs of folders that import each other: {len(pairs)}")
    for pair in pairs:
        print(" <-> ".join(pair))
    return 1 if options.check and (files or folders) else 0


def searched(paths: Iterable[str]) -> list[str]:
    """The Python files whose imports are searched."""
    return [
        path
        for path in paths
        if path.endswith(".py") and not path.startswith("tests/") and "migrations" not in PurePosixPath(path).parent.parts
    ]


def imports(root: Path, paths: Collection[str]) -> list[Import]:
    """Every import of one of these files by another, the first line for each pair."""
    modules = {name: path for path in paths for name in _names(path)}
    found: dict[tuple[str, str], Import] = {}
    for path in sorted(paths):
        tree = ast.parse((root / path).read_text(encoding="utf-8"))
        for node in _running(tree):
            for imported in _targets(node, path, modules):
                if imported != path:
                    one = Import(path, imported, node.lineno)
                    found[path, imported] = min(one, found.get((path, imported), one))
    return sorted(found.values())


def _names(path: str) -> list[str]:
    pure = PurePosixPath(path)
    parts = pure.parent.parts if pure.name == "__init__.py" else pure.with_suffix("").parts
    bare = [parts[1:]] if len(parts) > 1 and parts[0] in SEARCHED else []
    return [".".join(each) for each in [parts, *bare] if each]


def _running(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that run, at any depth."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test).rpartition(".")[2] == "TYPE_CHECKING":
        children = node.orelse
    for child in children:
        yield from _running(child)


def _targets(node: ast.Import | ast.ImportFrom, path: str, modules: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        wanted = [(alias.name, "") for alias in node.names]
    else:
        package = PurePosixPath(path).parent.parts
        base = package[: len(package) - node.level + 1] if node.level else ()
        module = ".".join([*base, *([node.module] if node.module else [])])
        wanted = [(module, alias.name) for alias in node.names]
    for module, name in wanted:
        target = modules.get(f"{module}.{name}") or modules.get(module)
        if target:
            yield target


def file_circles(found: Iterable[Import]) -> list[Circle]:
    """Circles between files."""
    return _circles({(one.importer, one.imported): one for one in found})


def folder_circles(found: Iterable[Import]) -> list[Circle]:
    """Circles between the folders of one parent, where the parent's own files count as one of them."""
    return [circle for level in _levels(found).values() for circle in _circles(level)]


def folder_pairs(found: Iterable[Import]) -> list[tuple[str, str]]:
    """Folders of one parent that import each other directly."""
    return sorted(pair for level in _levels(found).values() for pair in level if pair[0] < pair[1] and pair[::-1] in level)


def _levels(found: Iterable[Import]) -> dict[str, dict[tuple[str, str], Import]]:
    """By parent folder: pairs of folders in it with an example of the import."""
    levels: dict[str, dict[tuple[str, str], Import]] = {}
    for one in sorted(found):
        importer, imported = (PurePosixPath(path).parent.parts for path in (one.importer, one.imported))
        shared = 0
        while shared < min(len(importer), len(imported)) and importer[shared] == imported[shared]:
            shared += 1
        if importer != imported:
            parent = "/".join(importer[:shared])
            pair = (_child(importer, shared), _child(imported, shared))
            levels.setdefault(parent, {}).setdefault(pair, one)
    return dict(sorted(levels.items()))


def _child(folder: tuple[str, ...], depth: int) -> str:
    return "/".join(folder[: depth + 1]) + "/" if len(folder) > depth else "/".join([*folder, "*.py"])


def _circles(edges: Mapping[tuple[str, str], Import]) -> list[Circle]:
    """Strongly connected components of more than one node, the smallest first."""
    after: dict[str, set[str]] = {}
    for one, other in edges:
        after.setdefault(one, set()).add(other)
        after.setdefault(other, set())
    reached = {node: _reachable(node, after) for node in after}
    components = {frozenset(other for other in reached[node] if node in reached[other]) for node in after if node in reached[node]}
    circles = []
    for members in sorted(map(sorted, components), key=lambda each: (len(each), each)):
        examples = tuple(example for (one, other), example in edges.items() if one in members and other in members)
        circles.append(Circle(tuple(members), examples))
    return circles


def _reachable(start: str, after: Mapping[str, set[str]]) -> set[str]:
    """Nodes that a path of at least one step leads to."""
    seen: set[str] = set()
    waiting = list(after[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(after[node])
    return seen


if __name__ == "__main__":
    sys.exit(main())
