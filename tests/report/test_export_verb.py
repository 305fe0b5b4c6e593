"""The verb: its options, its defaults, and what it rejects."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from jobs.commands.export import export
from jobs.foundation.errors import ConfigError

APP = typer.Typer()
APP.command()(export)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def test_the_page_is_the_default_and_its_folder_is_created(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "reports" / "list.html"
    result = run("risk_list", "--home", home, "--as-of", "2026-01-31", "--out", out, "--language", "zh-Hans")
    assert result.exit_code == 0
    assert '<html lang="zh-Hans">' in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "as_of", "what"), [("features", "2026-01-31", "cannot be exported"), ("risk_list", "31/01/2026", "is not a day")]
)
def test_another_table_or_a_wrong_day_is_explained(home: Path, tmp_path: Path, table: str, as_of: str, what: str) -> None:
    result = run(table, "--home", home, "--as-of", as_of, "--out", tmp_path / "x")
    assert isinstance(result.exception, ConfigError)
    assert what in str(result.exception)
    assert list(tmp_path.iterdir()) == []
