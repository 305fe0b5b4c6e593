"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from console.core import texts
from expectations.contracts import indicators
from jobs.commands import doctor
from jobs.commands.doctor import GIB
from jobs.foundation.findings import Finding, Verdict, fail, ok, warn
from jobs.profile.profile import CONFIG_ROOT
from jobs.texts import languages

ROOT = Path(__file__).resolve().parents[2]

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
    found = doctor.check_disk(tmp_path / "not" / "there" / "yet", free)
    assert (found.verdict, f"{tmp_path}/not/there/yet does not exist yet" in found.found) == (verdict, True)
    assert doctor.check_memory(free).verdict is verdict


def test_a_file_in_place_of_the_home_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    wanted = fail("disk", f"{tmp_path}/home is a file", "give a folder with --home")
    assert doctor.check_disk(tmp_path / "home", 100 * GIB) == wanted


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


def test_words_that_a_language_lacks_are_a_warning_and_files_without_words_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = [EntryPoint(*point, doctor.OTHER_WORDS) for point in project["entry-points"][doctor.OTHER_WORDS].items()]
    monkeypatch.setattr(doctor, "entry_points", lambda group: points if group == doctor.OTHER_WORDS else [])
    for name, module in {"reports": languages, "indicators": indicators, "console": texts}.items():
        shutil.copytree(str(module.WORDS), tmp_path / name)
        monkeypatch.setattr(module, "WORDS", tmp_path / name)
    assert doctor.check_words() == ok("words", ", ".join(languages.LANGUAGES))

    for file, key in {"reports/evaluation/zh-Hans": "title", "indicators/zh-Hans": "change", "console/en": "sign_out"}.items():
        path = tmp_path / f"{file}.toml"
        path.write_text(re.sub(rf"^{key} =", f"{key}_ =", path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE), "utf-8")
    found = doctor.check_words()
    assert found.verdict is Verdict.WARN
    for file, key in [("reports/evaluation/zh-Hans", "evaluation.title"), ("console/en", "site.sign_out")]:
        assert f"{tmp_path}/{file}.toml lacks 1 texts, such as {key}" in found.found
    assert re.search(rf"{tmp_path}/indicators/zh-Hans.toml lacks 1 texts, such as \w+\.change", found.found)


@pytest.mark.parametrize("file", ["en", "evaluation/zh-Hans", "checks/zh-Hans", "terms/zh-Hant"])
def test_a_file_of_words_that_is_not_toml_or_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, file: str) -> None:
    shutil.copytree(str(languages.WORDS), tmp_path, dirs_exist_ok=True)
    monkeypatch.setattr(languages, "WORDS", tmp_path)
    languages._head.cache_clear()
    path = tmp_path / f"{file}.toml"
    path.write_text("broken = =")
    found = doctor.check_words()
    path.unlink()
    gone = doctor.check_words()
    languages._head.cache_clear()
    assert (found.verdict, found.next_step) == (Verdict.FAIL, "correct that line")
    assert found.found == f"the words file is not valid TOML: Invalid value (at line 1, column 10) in {path}"
    if file.startswith(("en", "evaluation")):
        assert gone == fail("words", f"the words file is missing in {path}", "restore it, or install Steelyard again")


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


def test_a_home_that_others_can_read_is_a_warning_with_the_command_that_closes_it(tmp_path: Path) -> None:
    assert doctor.check_home(tmp_path / "none").verdict is Verdict.OK
    (tmp_path / ".writing").touch()
    tmp_path.chmod(0o755)

    found = doctor.check_home(tmp_path)

    assert found.verdict is Verdict.WARN
    assert f"chmod -R go= {tmp_path}" in found.next_step
    assert found in doctor.examine(tmp_path)
    for mode in (0o700, 0o750):
        tmp_path.chmod(mode)
        assert doctor.check_home(tmp_path).verdict is Verdict.OK
