"""Notebooks kept as scripts are run, and what goes wrong in them is explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.analysis.execute_notebook import main
from jobs.foundation.errors import ConfigError, InputMissing


def write(folder: Path, cell: str) -> Path:
    script = folder / "example.py"
    script.write_text(f"# %% [markdown]\n# # Example\n\n# %%\n{cell}\n", encoding="utf-8")
    return script


def test_results_are_kept_beside_the_cells(tmp_path: Path) -> None:
    code = main([str(tmp_path / "out"), str(write(tmp_path, "print(6 * 7)"))])

    cells = json.loads((tmp_path / "out" / "example.ipynb").read_text(encoding="utf-8"))["cells"]
    assert code == 0
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code"]
    assert "".join(cells[1]["outputs"][0]["text"]) == "42\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["example.py", "out"], "nothing else is left behind"


def test_a_failing_cell_is_explained_and_nothing_is_kept(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    script = write(tmp_path, "raise ValueError('no such thing')")

    code = main([str(tmp_path / "out"), str(script)])

    assert code == ConfigError.exit_code
    assert "no such thing" in caplog.text
    assert str(script) in caplog.text
    assert not (tmp_path / "out").exists()


def test_a_script_that_is_not_there_is_explained(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main([str(tmp_path / "out"), str(tmp_path / "none.py")]) == InputMissing.exit_code
    assert "there is no such notebook" in caplog.text


def test_too_few_words_are_answered_with_the_usage(caplog: pytest.LogCaptureFixture) -> None:
    assert main(["out"]) == ConfigError.exit_code
    assert "python -m jobs.analysis.execute_notebook FOLDER SCRIPT" in caplog.text
