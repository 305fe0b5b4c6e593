"""What a run says while it works: a failed stage is reported, and text from data is shown as it is."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from jobs.foundation import log

MARKUP = "a[/b].csv of [raw.types] [red]x\\"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A terminal without colours; gives what it shows."""
    shown = io.StringIO()
    monkeypatch.setattr(log, "_console", Console(file=shown, force_terminal=True, color_system=None, width=200))
    return shown


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A console that is no terminal."""
    monkeypatch.setattr(log, "_console", Console(file=io.StringIO(), force_terminal=False))


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_markup_in_a_warning_is_shown_as_it_is(terminal: io.StringIO) -> None:
    log.warn(MARKUP)
    assert terminal.getvalue().strip() == f"! {MARKUP}"


def test_markup_in_a_stages_facts_is_shown_as_it_is(terminal: io.StringIO) -> None:
    with log.stage("ingest", source=MARKUP):
        pass
    assert f"✓ ingest source={MARKUP} 0.0 s" in terminal.getvalue()


def test_markup_in_what_is_worked_on_is_shown_as_it_is(terminal: io.StringIO) -> None:
    with log.progress_of("evaluate", 1) as advance:
        advance(MARKUP)
    assert f"evaluate {MARKUP}" in terminal.getvalue()


def test_a_stage_that_fails_has_a_cross_on_a_terminal(terminal: io.StringIO) -> None:
    with pytest.raises(ValueError, match="broken"), log.stage("gate", source="tax"):
        raise ValueError("broken")
    assert "✗ gate source=tax" in terminal.getvalue()
    assert "✓" not in terminal.getvalue()


@pytest.mark.usefixtures("elsewhere")
def test_a_stage_that_fails_writes_a_line_that_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyboardInterrupt), log.stage("gate", source="tax", rows=3):
        raise KeyboardInterrupt
    (line,) = lines(capsys)
    assert {name: line[name] for name in ("stage", "source", "rows", "failed")} == {
        "stage": "gate", "source": "tax", "rows": 3, "failed": True,
    }  # fmt: skip
    assert line["seconds"] >= 0


@pytest.mark.usefixtures("elsewhere")
def test_a_stage_that_ends_does_not_speak_of_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with log.stage("gate"):
        pass
    (line,) = lines(capsys)
    assert "failed" not in line
