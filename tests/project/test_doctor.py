"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from jobs.commands import doctor
from jobs.commands.doctor import GIB
from jobs.foundation.findings import Finding, Verdict, fail, ok, warn
from jobs.profile.profile import CONFIG_ROOT

OK = ok("engine", "starts")
WARN = warn("Airflow", "not here", "`make setup` installs it")
FAIL = fail("disk", "0.1 GiB free", "make room")


def run(monkeypatch: pytest.MonkeyPatch, findings: list[Finding], *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(doctor, "examine", lambda _home: findings)
    app = typer.Typer()
    app.command()(doctor.doctor)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("version", "verdict"), [((3, 10), Verdict.FAIL), ((3, 11), Verdict.OK), ((3, 13), Verdict.OK), ((3, 14), Verdict.WARN)]
)
def test_python_is_old_fit_or_untried(version: tuple[int, int], verdict: Verdict) -> None:
    assert doctor.check_python(version).verdict is verdict


def test_a_missing_and_an_old_package_are_named_and_an_extra_is_not_asked_for() -> None:
    found = doctor.check_packages(["no-such-package>=1", "numpy<1", "pandas", 'no-such-extra; extra == "spark"'])

    assert found.verdict is Verdict.FAIL
    assert "no-such-package is missing" in found.found
    assert "numpy is" in found.found
    assert "wanted <1" in found.found
    assert "no-such-extra" not in found.found


def test_a_missing_openmp_library_is_a_warning_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> None:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(importlib, "import_module", refuse)

    found = doctor.check_lightgbm()

    assert found.verdict is Verdict.WARN
    assert "apt-get install -y libgomp1" in found.next_step


@pytest.mark.parametrize(("free", "verdict"), [(GIB // 2, Verdict.FAIL), (2 * GIB, Verdict.WARN), (100 * GIB, Verdict.OK)])
def test_room_is_needed_wished_for_or_there(tmp_path: Path, free: int, verdict: Verdict) -> None:
    assert doctor.check_disk(tmp_path / "not" / "there" / "yet", free).verdict is verdict
    assert doctor.check_memory(free).verdict is verdict


def test_a_containers_limit_counts_where_it_is_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    limit.write_text(f"{GIB // 4}\n", encoding="utf-8")
    monkeypatch.setattr(doctor, "CGROUP_LIMIT", limit)

    assert doctor.check_memory().verdict is Verdict.FAIL


@pytest.mark.parametrize(("key", "verdict"), [(None, Verdict.WARN), ("", Verdict.WARN), ("a secret", Verdict.OK)])
def test_a_public_word_that_breaks_ties_is_a_warning(key: str | None, verdict: Verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STEELYARD_TIE_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("STEELYARD_TIE_KEY", key)
    found = doctor.check_tie_key()
    assert found.verdict is verdict
    assert bool(found.next_step) is (verdict is Verdict.WARN)
    assert key is None or key == "" or key not in found.found


@pytest.mark.usefixtures("spark")
def test_the_engine_writes_and_reads_a_table() -> None:
    assert doctor.check_engine().verdict is Verdict.OK


def test_an_unknown_engine_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEELYARD_ENGINE", "abacus")

    found = doctor.check_engine()

    assert found.verdict is Verdict.FAIL
    assert "abacus" in found.found


def test_a_profile_with_an_unknown_time_zone_is_found(tmp_path: Path) -> None:
    (tmp_path / "cn").mkdir()
    text = (CONFIG_ROOT / "cn" / "profile.toml").read_text(encoding="utf-8")
    (tmp_path / "cn" / "profile.toml").write_text(text.replace("Asia/Shanghai", "Asia/Atlantis"), encoding="utf-8")

    found = doctor.check_profiles(tmp_path)

    assert found.verdict is Verdict.FAIL
    assert "Atlantis" in found.found
    assert doctor.check_profiles(tmp_path / "empty").verdict is Verdict.FAIL


def test_a_check_that_breaks_is_a_finding_and_the_others_still_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down() -> Finding:
        raise RuntimeError("no such device")

    monkeypatch.setattr(doctor, "check_memory", break_down)
    monkeypatch.setattr(doctor, "check_engine", lambda: OK)

    findings = {finding.subject: finding for finding in doctor.examine(tmp_path)}

    assert findings["memory"].verdict is Verdict.FAIL
    assert "no such device" in findings["memory"].found
    assert findings["profiles"].verdict is Verdict.OK


def test_a_warning_alone_is_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [OK, WARN])

    assert code == 0
    assert "this machine is fit, with 1 to look at" in output
    assert "-> `make setup` installs it" in output


def test_a_failure_is_exit_code_2_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [OK, FAIL])

    assert code == 2
    assert "this machine is not fit" in output
    assert "-> make room" in output


def test_json_holds_every_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    code, output = run(monkeypatch, [OK, FAIL], "--json")

    assert code == 2
    assert json.loads(output) == {
        "fit": False,
        "findings": [
            {"subject": "engine", "state": "ok", "found": "starts", "then": ""},
            {"subject": "disk", "state": "fail", "found": "0.1 GiB free", "then": "make room"},
        ],
    }
