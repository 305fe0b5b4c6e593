"""Planted circles between files and folders are found, and what is no circle is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.find_circles import file_circles, folder_circles, folder_pairs, imports, main, searched
from tests.project.measure_code import tracked
from tests.project.planted import checkout


def circles(root: Path, files: dict[str, str]) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The members of the circles between files and between folders."""
    found = imports(checkout(root, files), searched(tracked(root)))
    return [circle.members for circle in file_circles(found)], [circle.members for circle in folder_circles(found)]


def test_a_circle_of_files_is_found_also_inside_functions(tmp_path: Path) -> None:
    files = {
        "jobs/__init__.py": "",
        "jobs/a.py": "from jobs.b import B\n",
        "jobs/b.py": "import jobs.c\n",
        "jobs/c.py": "def late():\n    from . import a\n",
        "jobs/d.py": "from jobs import a\n",
    }
    assert circles(tmp_path, files) == ([("jobs/a.py", "jobs/b.py", "jobs/c.py")], [])


def test_an_import_for_types_alone_is_no_circle(tmp_path: Path) -> None:
    guarded = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from jobs.a import A\n"
    assert circles(tmp_path, {"jobs/a.py": "from jobs.b import B\n", "jobs/b.py": guarded}) == ([], [])


def test_a_circle_of_folders_is_found_where_no_file_is_in_one(tmp_path: Path) -> None:
    files = {
        "jobs/lake/a.py": "from jobs.steps.deep.a import A\n",
        "jobs/steps/deep/a.py": "A = 1\n",
        "jobs/steps/b.py": "from ..lake.c import C\n",
        "jobs/lake/c.py": "C = 1\n",
    }
    assert circles(tmp_path, files) == ([], [("jobs/lake/", "jobs/steps/")])
    assert folder_pairs(imports(tmp_path, searched(tracked(tmp_path)))) == [("jobs/lake/", "jobs/steps/")]


def test_a_longer_circle_of_folders_is_found(tmp_path: Path) -> None:
    ring = {"one": "two", "two": "three", "three": "one"}
    files = {f"jobs/{name}/a.py": f"from jobs.{after} import b\n" for name, after in ring.items()}
    files |= {f"jobs/{name}/b.py": "" for name in ring}
    assert circles(tmp_path, files) == ([], [("jobs/one/", "jobs/three/", "jobs/two/")])


def test_files_at_the_top_of_a_package_count_as_one_folder(tmp_path: Path) -> None:
    files = {
        "console/urls.py": "from console.web.views import view\n",
        "console/clock.py": "",
        "console/web/views.py": "from console.clock import now\n",
    }
    assert circles(tmp_path, files) == ([], [("console/*.py", "console/web/")])


def test_folders_that_import_one_way_are_no_circle(tmp_path: Path) -> None:
    files = {"jobs/a/a.py": "from jobs.b.b import B\nfrom models.m import M\n", "jobs/b/b.py": "B = 1\n", "models/m.py": "M = 1\n"}
    assert circles(tmp_path, files) == ([], [])


def test_dags_import_each_other_by_bare_names(tmp_path: Path) -> None:
    assert circles(tmp_path, {"dags/a.py": "import b\n", "dags/b.py": "import a\n"}) == ([("dags/a.py", "dags/b.py")], [])


def test_the_check_fails_on_a_circle_and_names_its_imports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = checkout(tmp_path, {"jobs/a.py": "import jobs.b\n", "jobs/b.py": "\nimport jobs.a\n"})
    assert main(["--root", str(root)]) == 0
    assert main(["--check", "--root", str(root)]) == 1
    assert "jobs/b.py:2 imports jobs/a.py" in capsys.readouterr().out
    (root / "jobs" / "b.py").write_text("")
    assert main(["--check", "--root", str(root)]) == 0
