"""Changed code makes stale what it made, and nothing else does: not a comment, not a moved or merged module."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs.foundation.code_version import OURS, PRODUCT, ROOT, STEP_ROOTS, STOPS, code_version, hash_all
from jobs.foundation.definitions import Definition, Key, Tree, bound_names
from tests.imported import import_closure

HASHES = Path(__file__).with_name("step_hashes.json")
STEPS = tuple(STEP_ROOTS)
OTHER_USE = {
    "conform": {"expectations.contracts.quarantine"},
    "tax_state": {"expectations.standards.hierarchies", "jobs.transforms.conform", "jobs.transforms.register_state"},
    "register_state": {"expectations.standards.hierarchies"},
    "features": {"expectations.standards.hierarchies", "jobs.incremental.previous_classes"},
    "score": {
        "jobs.incremental.consistency",
        "jobs.incremental.coverage",
        *(f"expectations.contracts.{name}" for name in ("complaint", "inspection", "silver", "state", "tax_filing")),
        *(f"models.{name}" for name in ("risk.selection_bias", "statistics.proportions", "statistics.time_splits")),
    },
}
"""Modules that a step imports but uses no definition of: they serve what others use of the same files (training, other tables)."""
REGISTRY = "expectations/contracts/registry.py"
"""It imports every contract. A step uses some of them, whose definitions are followed by name."""
READS_NO_DATA = {"CONFIG_ROOT", "WORDS"}
"""Folders whose files are not data of the code: a profile's files are hashed where they are read, and texts decide no row."""
IMPORTS_BY_NAME = {"load_lightgbm"}
"""Definitions that import a module by a string; it must be a third-party module."""


def reached(step: str) -> dict[Key, Definition]:
    """The definitions in a step's reach."""
    return OURS.reached(STEP_ROOTS[step], STOPS)


def hashes(tree: Tree, rename: Callable[[str], str] = str) -> dict[str, str]:
    """The hash of each step and of all code; ``rename`` gives the new path of what moved."""
    stops = [rename(stop) for stop in STOPS]
    steps = {step: tree.hash_of(map(rename, roots), stops) for step, roots in STEP_ROOTS.items()}
    return {**steps, "all": hash_all(tree, rename("jobs.foundation.code_version"))}


@pytest.fixture(scope="module")
def before() -> dict[str, str]:
    return hashes(OURS)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the product's packages, to change."""
    for package in PRODUCT:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_hash_of_each_step_is_the_committed_one() -> None:
    now = {step: code_version(step) for step in STEPS}
    assert now == json.loads(HASHES.read_text(encoding="utf-8")), (
        "The code of these steps has changed, so every home rebuilds their tables once. If that is what you want, write the hashes"
        f" with `python -m tests.project.step_hashes` and commit {HASHES.name}. A moved or merged module must not change a hash."
    )


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_hash_is_the_same_on_every_version_of_python(version: str) -> None:
    found = [*Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python{version}")]
    python = str(found[0]) if found else shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"Python {version} is not installed here")
    script = "from jobs.foundation.code_version import *; print(*map(code_version, STEP_ROOTS), code_version())"
    done = subprocess.run([python, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == [*map(code_version, STEPS), code_version()]


def test_comments_layout_and_docstrings_change_no_hash(copy: Path, before: dict[str, str]) -> None:
    for path in copy.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
                node.value.value = "Other words."
        path.write_text(f"# A comment.\n{ast.unparse(tree)}\n", encoding="utf-8")
    for path in copy.rglob("*.toml"):
        path.write_text(f"# A comment.\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    assert hashes(Tree(copy)) == before


@pytest.mark.parametrize("step", STEPS)
def test_a_changed_constant_anywhere_in_its_reach_changes_the_hash_of_a_step(step: str, copy: Path) -> None:
    places = list(_constants(copy, reached(step)))
    assert len(places) > 8
    for path, changed in places[:: len(places) // 4]:
        text = path.read_text(encoding="utf-8")
        path.write_text(changed, encoding="utf-8")
        assert Tree(copy).hash_of(STEP_ROOTS[step], STOPS) != code_version(step), path
        path.write_text(text, encoding="utf-8")


def _constants(root: Path, found: dict[Key, Definition]) -> Iterator[tuple[Path, str]]:
    """Of each module with a definition in reach, its file and its text with one constant of such a definition changed."""
    for module in sorted({key.module for key in found}):
        path = root.joinpath(*module.split(".")).with_suffix(".py")
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {key.name for key in found if key.module == module}
        defined = [node for node in tree.body if names.intersection(bound_names([node]))]
        every = [node for one in defined for node in ast.walk(one)]
        unread = {id(node.value) for node in every if isinstance(node, ast.Expr)}  # docstrings
        unread |= {id(part) for node in every if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in every:
            if isinstance(node, ast.Constant) and type(node.value) in (int, str) and id(node) not in unread:
                node.value = node.value * 2 + 1 if isinstance(node.value, int) else f"{node.value} changed"
                yield path, ast.unparse(tree)
                break


@pytest.mark.parametrize(
    ("step", "file", "old", "new"),
    [
        ("conform", "expectations/standards/gbt4754.csv", "\nA,", "\nA9,"),
        ("score", "expectations/contracts/indicators.toml", "direction = 1", "direction = -1"),
    ],
)
def test_a_changed_data_file_changes_the_hash_of_the_steps_that_read_it(
    step: str, file: str, old: str, new: str, copy: Path, before: dict[str, str]
) -> None:
    path = copy / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    tree = Tree(copy)
    assert tree.hash_of(STEP_ROOTS[step], STOPS) != before[step]
    assert tree.hash_of(STEP_ROOTS["ingest"], STOPS) == before["ingest"]
    assert hash_all(tree) != before["all"]


MOVES = {
    "jobs.steps.ingest_source": "jobs.intake.ingest",
    "jobs.formats.raw_records": "jobs.sources.records",
    "jobs.formats.text_lines": "jobs.sources.records",
    "jobs.transforms.latest_known": "jobs.transforms.known.latest",
    "expectations.contracts.indicators": "expectations.catalogue.indicators",
    "models.statistics.robust_scale": "models.scales",
}
DATA = ("denied.toml", "indicators.toml")


def test_a_moved_or_merged_module_changes_no_hash(copy: Path, before: dict[str, str]) -> None:
    merged: dict[str, list[ast.stmt]] = {}
    for old, new in MOVES.items():
        path = copy.joinpath(*old.split(".")).with_suffix(".py")
        merged.setdefault(new, []).extend(ast.parse(path.read_text(encoding="utf-8")).body)
        path.unlink()
    for new, body in merged.items():
        path = copy.joinpath(*new.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(ast.unparse(ast.Module(body, [])), encoding="utf-8")
    for name in DATA:
        shutil.move(copy / "expectations" / "contracts" / name, copy / "expectations" / "catalogue" / name)
    for path in copy.rglob("*.py"):
        path.write_text(_moved(path.read_text(encoding="utf-8")), encoding="utf-8")
    assert hashes(Tree(copy), _moved) == before


def _moved(text: str) -> str:
    """Text with the new paths of modules."""
    for old, new in MOVES.items():
        (before, name), (after, renamed) = old.rsplit(".", 1), new.rsplit(".", 1)
        text = text.replace(f"{old} ", f"{new} ").replace(f"{old}.", f"{new}.").replace(f"{old}:", f"{new}:")
        text = new if text == old else text
        text = text.replace(f"from {before} import {name}\n", f"from {after} import {renamed} as {name}\n")
    return text


@pytest.mark.parametrize("step", STEPS)
def test_every_module_that_a_step_imports_gives_a_definition_or_is_named_here(step: str) -> None:
    roots = STEP_ROOTS[step]
    whole = {_file(root) for root in roots if ":" not in root}

    def is_infrastructure(file: str) -> bool:
        return file == REGISTRY or (file not in whole and any(file.startswith(f"{stop.replace('.', '/')}/") for stop in STOPS))

    files = {file for root in roots for file in import_closure(_file(root), stops_at=is_infrastructure)}
    given = {_file(key.module) for key in reached(step)}
    assert files - given == {_file(module) for module in OTHER_USE.get(step, ())}


def _file(root: str) -> str:
    return f"{root.split(':')[0].replace('.', '/')}.py"


def test_every_stop_is_met_and_has_a_reason() -> None:
    needed = {key.module for step in STEPS for one in reached(step).values() for key in one.needs}
    assert {stop for stop in STOPS if not any(module.startswith(f"{stop}.") for module in needed)} == set()
    assert all(STOPS.values())


@pytest.mark.parametrize("step", STEPS)
def test_what_reads_files_of_the_code_is_hashed_with_them(step: str) -> None:
    found = reached(step)
    assert {key.name for key, one in found.items() if one.is_reader and not one.data} <= READS_NO_DATA
    dynamic = ("importlib.import_module", "importlib.resources", "Name( id= '__import__' )", "Name( id= 'globals' )")
    by_name = {key.name for key, one in found.items() if any(word in one.text({}) for word in dynamic) and not one.data}
    assert by_name <= IMPORTS_BY_NAME | READS_NO_DATA
    evaluated = ("Name( id= 'eval' )", "Name( id= 'exec' )")
    assert not [key for key, one in found.items() if any(word in one.text({}) for word in evaluated)]


def made(folder: Path, **modules: str) -> str:
    """The hash of what ``jobs.start:start`` reaches in modules of these texts."""
    (folder / "jobs").mkdir(exist_ok=True, parents=True)
    for name, text in modules.items():
        (folder / "jobs" / f"{name}.py").write_text(text, encoding="utf-8")
    return Tree(folder).hash_of(["jobs.start:start"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("from jobs.a import f\ndef start(): return f()", "import jobs.a as x\ndef start(): return x.f()"),
        ("from jobs.a import f\ndef start(): return f()", "def start():\n    from jobs.a import f as g\n    return g()"),
        ("from jobs.a import f\ndef start(): return f()", "from jobs.b import f\ndef start(): return f()"),
        ("import numpy as np\ndef start(): return np.sum", "from numpy import sum\ndef start(): return sum"),
        ("def start(f): return f", "from jobs.a import f\nimport json\ndef start(f): return f"),
        ("def start(x): return x", "def start(x: int) -> int: return x"),
    ],
)
def test_how_a_name_is_imported_changes_no_hash(one: str, other: str, tmp_path: Path) -> None:
    rest = {"a": "def f(): return 1", "b": "from jobs.a import f"}
    assert made(tmp_path / "one", start=one, **rest) == made(tmp_path / "other", start=other, **rest)


TWINS = "from jobs.a import F\nfrom jobs.b import F as G\n"
EITHER = "    def f(): return 1\nelse:\n    def f(): return 2\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{TWINS}def start(): return F - G", f"{TWINS}def start(): return G - F"),
        ("from numpy import sum\ndef start(): return sum", "from math import sum\ndef start(): return sum"),
        ("X = 1\ndef start(x=X): return x", "X = 2\ndef start(x=X): return x"),
        ("X = 1\ndef start(X=X): return X", "X = 2\ndef start(X=X): return X"),
        ("X = 1\nclass C:\n    X: int = X\ndef start(): return C", "X = 2\nclass C:\n    X: int = X\ndef start(): return C"),
        ("class B: x = 1\nclass C(B): 0\ndef start(): return C", "class B: x = 2\nclass C(B): 0\ndef start(): return C"),
        ("X = {}\nX[1] = 1\ndef start(): return X", "X = {}\nX[1] = 2\ndef start(): return X"),
        ("X = [1]\nX += [2]\ndef start(): return X", "X = [1]\nX += [3]\ndef start(): return X"),
        (f"if 1:\n{EITHER}def start(): return f", f"if 0:\n{EITHER}def start(): return f"),
        ("def d(f): return 1\n@d\ndef start(): return 3", "def d(f): return 2\n@d\ndef start(): return 3"),
        ("def start(): return 'jobs.a.F'", "def start(): return 'jobs.b.F'"),
        ("import jobs.a\ndef start(n): return getattr(jobs.a, n)", "import jobs.b\ndef start(n): return getattr(jobs.b, n)"),
        ("def start(x): return f'{x}a'", "def start(x): return f'{x}b'"),
    ],
)  # fmt: skip
def test_what_code_does_changes_its_hash(one: str, other: str, tmp_path: Path) -> None:
    rest = {"a": "F = 1", "b": "F = 2"}
    assert made(tmp_path / "one", start=one, **rest) != made(tmp_path / "other", start=other, **rest)


def test_a_name_that_a_module_lacks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"jobs\.a does not define G"):
        made(tmp_path, start="from jobs.a import G\ndef start(): return G", a="F = 1")
