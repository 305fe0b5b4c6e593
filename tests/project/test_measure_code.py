"""Sizes are counted as documented, and a package or a file beyond its bound is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.project.measure_code import (
    MOST_CODE,
    MOST_LINES,
    MOST_LINES_OF_FILE,
    MOST_MODULES,
    Size,
    counted,
    main,
    problems,
    size_of,
)
from tests.project.planted import checkout

MODULE = '''"""What it is."""

import os  # a remark counts with its line

# a comment
LIMIT = 3
"""What it bounds."""


def read() -> str:
    """The text.

    In two lines.
    """
    return """one

    three"""
'''


def test_code_is_without_comments_docstrings_and_blank_lines() -> None:
    assert size_of(MODULE) == Size(lines=17, code=6)


def test_tests_migrations_and_package_files_are_not_counted() -> None:
    paths = ["jobs/cli.py", "jobs/__init__.py", "tests/a.py", "console/a/migrations/0001_b.py", "contracts/migrations.py", "a.md"]
    assert counted(paths) == ["jobs/cli.py", "contracts/migrations.py"]


def test_a_package_with_one_module_too_many_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = {f"jobs/a{number}.py": "A = 1\n" for number in range(MOST_MODULES)} | {"jobs/__init__.py": ""}
    assert main(["--check", "--root", str(checkout(tmp_path, small))]) == 0
    assert main(["--check", "--root", str(checkout(tmp_path, {"jobs/one_more.py": "A = 1\n"}))]) == 1
    assert f"jobs/: {MOST_MODULES + 1} modules" in capsys.readouterr().err


def test_contracts_may_have_a_file_for_each_table() -> None:
    assert problems({f"expectations/contracts/a{number}.py": Size(1, 1) for number in range(MOST_MODULES + 1)}) == []


def test_a_file_with_one_line_too_many_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--root", str(checkout(tmp_path, {"jobs/long.py": "A = 1\n" * MOST_LINES_OF_FILE}))]) == 0
    assert main(["--check", "--root", str(checkout(tmp_path, {"jobs/long.py": "A = 1\n" * (MOST_LINES_OF_FILE + 1)}))]) == 1
    assert f"jobs/long.py: {MOST_LINES_OF_FILE + 1} lines" in capsys.readouterr().err


def test_totals_are_bounds_when_they_are_checked() -> None:
    sizes = {f"jobs/a{number}/b.py": Size(300, 300) for number in range(200)}
    assert problems(sizes, check_totals=False) == []
    assert [problem.rpartition(" at most ")[2].split(":")[0] for problem in problems(sizes, check_totals=True)] == [
        f"{MOST_LINES:,}",
        f"{MOST_CODE:,}",
    ]


def test_the_counts_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(checkout(tmp_path, {"jobs/a.py": MODULE, "jobs/b.py": "A = 1\n", "tests/c.py": "A = 1\n"}))]) == 0
    assert ["total", "2", "18", "7"] in [line.split() for line in capsys.readouterr().out.splitlines()]
