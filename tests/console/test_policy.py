"""The console's policy: every mistake in its files is named, by `config check` and before the console starts."""

from __future__ import annotations

import shutil
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import pytest

from console.core.environment import HTTPS_SWITCH
from console.core.policy import DEFAULT, LIMITS_FOLDER, MOST_IN_BULK, Limits, _limits, policy_of, policy_problems
from console.core.spreadsheets import XLSX_ROWS
from jobs.foundation.errors import ConfigError
from tests.day.command import steelyard
from tests.day.test_cli import assert_explained


@pytest.fixture
def policy_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the default policy, which the console reads."""
    folder = tmp_path / "policy"
    folder.mkdir()
    shutil.copy(LIMITS_FOLDER / DEFAULT, folder)
    monkeypatch.setattr("console.core.policy.LIMITS_FOLDER", folder)
    _limits.cache_clear()
    monkeypatch.setattr("console.core.policy._limits", _limits.__wrapped__)
    return folder


def problems(folder: Path) -> list[tuple[str, str, str]]:
    found = [(path.relative_to(folder), one) for path, several in policy_problems().items() for one in several]
    return [(str(path), one.setting, f"{one.what}; {one.next_step}") for path, one in found]


@pytest.mark.parametrize(
    ("text", "setting", "said"),
    [
        ("[deadline]\nvisit = 1", "deadline", "is no setting; did you mean 'deadlines'?"),
        ("[deadlines]\nvisits = 1", "deadlines.visits", "is no setting; did you mean 'visit'?"),
        ('[deadlines]\nvisit = "4"', "deadlines.visit", "is '4'; it must be a whole number"),
        ("[deadlines]\nvisit = 4.0", "deadlines.visit", "is 4.0; it must be a whole number"),
        ("[deadlines]\nappeal = -1", "deadlines.appeal", "is -1; give a whole number, 0 to 36500"),
        ("[decisions]\nagain_after_days = 1_000_000", "decisions.again_after_days", "0 to 36500"),
        ("keep = 35", "keep", "is 35; it must be a table"),
        ('[decisions]\ntwo_people = ["E"]', "decisions.two_people", "has 'E'; use one of A, B, C, D"),
        ('[decisions]\ntwo_people = "D"', "decisions.two_people", "it must be a list"),
        (f"[decisions]\nmost_in_bulk = {MOST_IN_BULK + 1}", "decisions.most_in_bulk", f"0 to {MOST_IN_BULK}"),
        (f"[exports]\nxlsx_rows = {XLSX_ROWS + 1}", "exports.xlsx_rows", f"0 to {XLSX_ROWS}"),
        ("[sign_in]\nlock_minutes = 0", "sign_in.lock_minutes", "1 to 1440"),
        ("[profile]\nname = 3", "profile", "is no setting"),
        ("[keep", "the file", "is not valid TOML"),
    ],
)
def test_each_mistake_in_a_policy_is_named_with_what_to_do(policy_folder: Path, text: str, setting: str, said: str) -> None:
    (policy_folder / "own.toml").write_text(text, encoding="utf-8")

    (found,) = problems(policy_folder)

    assert found[:2] == ("own.toml", setting)
    assert said in found[2]
    with pytest.raises(ConfigError, match=setting if setting != "the file" else "TOML"):
        policy_of({"name": "own"})


def test_a_profiles_file_may_leave_out_settings_and_the_default_file_may_not(policy_folder: Path) -> None:
    (policy_folder / "own.toml").write_text("[deadlines]\n", encoding="utf-8")
    assert problems(policy_folder) == []

    default = policy_folder / DEFAULT
    default.write_text(default.read_text(encoding="utf-8").replace("ranking_days = 35", "", 1), encoding="utf-8")
    assert problems(policy_folder) == [
        (DEFAULT, "keep.ranking_days", "is missing; add it; docs/reference/console.md#policy explains it")
    ]


def test_config_check_names_mistakes_of_the_consoles_policy(policy_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (policy_folder / "own.toml").write_text("[decisions]\nundo_minuts = 5\n", encoding="utf-8")

    done = steelyard(capfd, "config", "check", "--profile", "cn")

    assert done.code == 2
    assert f"error: {policy_folder / 'own.toml'}: decisions.undo_minuts: is no setting; did you mean 'undo_minutes'?" in done.out


@pytest.mark.parametrize("command", [("serve",), ("audit", "verify")])
def test_the_console_does_not_start_with_a_wrong_policy(
    policy_folder: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
) -> None:
    monkeypatch.setenv(HTTPS_SWITCH, "off")
    own = policy_folder / "own.toml"
    own.write_text("[decisions]\nundo_minuts = 5\n[keep]\nranking_days = true\n", encoding="utf-8")

    done = steelyard(capfd, *command, "--home", tmp_path, "--console", tmp_path / "console")

    assert_explained(done, 2, "decisions.undo_minuts", "keep.ranking_days", str(own), "did you mean 'undo_minutes'?")
    assert not (tmp_path / "console").exists()


def test_every_setting_has_its_meaning_above_its_value() -> None:
    lines = (LIMITS_FOLDER / DEFAULT).read_text(encoding="utf-8").splitlines()
    explained = {line.split(" = ")[0] for before, line in pairwise(lines) if before.startswith("# ")}

    assert {name for section in fields(Limits) for name in vars(getattr(policy_of({}), section.name))} - explained == set()
