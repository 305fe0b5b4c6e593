"""A copy is a whole home of one moment, costs what is new, and tells when it is not what it was."""

from __future__ import annotations

import os
import shutil
from datetime import date
from pathlib import Path

import pytest

from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError, Damaged, InputMissing
from jobs.foundation.findings import Verdict
from jobs.foundation.locks import hold_home_lock
from jobs.foundation.paths import CONSOLE, SCRATCH
from jobs.lake.maintenance.backup import BEGUN, FACTS, back_up, files_of, newest_backup, verify
from jobs.lake.maintenance.check import check
from tests.day.command import steelyard
from tests.day.town import TODAY, Town, gold, listed
from tests.jobs.lake.homes import ENTITIES, FEATURES, close, entities_of, home_of, put_day

D, BEFORE = date(2026, 6, 30), date(2026, 6, 29)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_of(folder)}


def test_a_copy_holds_the_home_and_is_named_by_number_and_newest_day(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", [BEFORE, D]).home
    (home / SCRATCH).mkdir()
    (home / SCRATCH / "part").write_bytes(b"intermediate")
    (home / "manifests" / ".draft.json.12345").write_bytes(b"half")
    (home / CONSOLE).mkdir()
    (home / CONSOLE / "secret_key").write_bytes(b"secret")

    done = back_up(home, tmp_path / "copies")

    assert done.folder.name == "000001-2026-06-30"
    assert contents(done.folder) == contents(home)
    assert not (done.folder / SCRATCH).exists()
    assert not (done.folder / CONSOLE).exists()
    assert not list(done.folder.rglob(".draft*"))
    assert verify(done.folder) == []


def test_what_is_on_another_disk_and_linked_into_the_home_is_copied(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", [D]).home
    for linked in ("lake", "manifests/runs"):
        elsewhere = tmp_path / "disk" / linked
        elsewhere.parent.mkdir(parents=True, exist_ok=True)
        (home / linked).rename(elsewhere)
        (home / linked).symlink_to(elsewhere)

    done = back_up(home, tmp_path / "copies")

    shutil.rmtree(tmp_path / "disk")
    assert entities_of(Lake(done.folder), D) == list(ENTITIES)
    assert (done.folder / "manifests" / "runs" / f"{D}.json").is_file()
    assert verify(done.folder) == []


@pytest.mark.parametrize("to", ["nowhere", "."])
def test_a_home_that_cannot_all_be_read_is_not_copied(tmp_path: Path, to: str) -> None:
    home = home_of(tmp_path / "home", [D]).home
    (home / "reports").symlink_to(to)

    with pytest.raises(ConfigError, match="a file or folder of the home cannot be read"):
        back_up(home, tmp_path / "copies")

    assert newest_backup(tmp_path / "copies") is None


def test_a_second_copy_costs_what_is_new_and_leaves_the_first_as_it_was(tmp_path: Path) -> None:
    lake = home_of(tmp_path / "home", [BEFORE])
    first = back_up(lake.home, tmp_path / "copies")
    held = contents(first.folder)
    unchanged = back_up(lake.home, tmp_path / "copies")
    put_day(lake, D)
    close(lake, D)

    second = back_up(lake.home, tmp_path / "copies")

    assert (first.copied, first.copied_bytes) == (first.files, first.bytes)
    assert unchanged.copied == 0
    new = set(contents(second.folder)) - set(held)
    assert second.copied == len(new) == 6, "of each table a data file and a commit, and the day's manifest twice"
    assert (unchanged.folder.name, second.folder.name) == ("000002-2026-06-29", "000003-2026-06-30")
    assert contents(first.folder) == held
    assert contents(second.folder) == contents(lake.home)


def test_the_home_never_shares_a_file_with_its_copy(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", [D]).home
    copies = [back_up(home, tmp_path / "copies").folder for _ in range(2)]

    inodes = [{path.stat().st_ino for path in files_of(folder)} for folder in (home, *copies)]

    assert inodes[0] & (inodes[1] | inodes[2]) == set()
    assert inodes[1] == inodes[2]


def test_where_files_cannot_be_linked_they_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_given: object) -> None:
        raise OSError("not supported")

    home = home_of(tmp_path / "home", [D]).home
    monkeypatch.setattr(os, "link", no_links)

    back_up(home, tmp_path / "copies")
    second = back_up(home, tmp_path / "copies")

    assert second.copied == second.files
    assert verify(second.folder) == []


def test_a_copy_that_was_stopped_does_not_count_and_the_next_one_starts_from_scratch(tmp_path: Path) -> None:
    home = home_of(tmp_path / "home", [D]).home
    seen: list[object] = []

    def stops(name: object) -> None:
        seen.append(name)
        if len(seen) == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(home, tmp_path / "copies", stops)
    assert (tmp_path / "copies" / BEGUN).is_dir()
    assert newest_backup(tmp_path / "copies") is None

    done = back_up(home, tmp_path / "copies")

    assert done.folder.name == "000001-2026-06-30"
    assert contents(done.folder) == contents(home)


def test_lost_changed_and_added_files_are_reported(tmp_path: Path) -> None:
    folder = back_up(home_of(tmp_path / "home", [D]).home, tmp_path / "copies").folder
    lost, changed = sorted(folder.rglob("*.parquet"))
    lost.unlink()
    content = bytearray(changed.read_bytes())
    content[50] ^= 1
    changed.write_bytes(content)
    (folder / "lake" / "note.txt").write_text("mine", encoding="utf-8")

    wrong = verify(folder)

    assert wrong == [
        f"{lost.relative_to(folder)} is gone",
        f"{changed.relative_to(folder)} has changed",
        "lake/note.txt was added",
    ]


def test_a_file_that_arrives_otherwise_ends_the_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_of(tmp_path / "home", [D]).home
    monkeypatch.setattr(shutil, "copy2", lambda _path, target: Path(target).write_bytes(b"otherwise"))

    with pytest.raises(Damaged):
        back_up(home, tmp_path / "copies")

    assert newest_backup(tmp_path / "copies") is None


@pytest.mark.parametrize("to", ["home", "home/copies", "."])
def test_copies_inside_the_home_are_refused(tmp_path: Path, to: str) -> None:
    home = home_of(tmp_path / "home", [D]).home

    with pytest.raises(ConfigError, match="may be inside the other"):
        back_up(home, tmp_path / to)


@pytest.mark.parametrize("to", ["home", "home/copies", "."])
def test_the_command_refuses_copies_inside_the_home_before_it_touches_a_folder(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], to: str
) -> None:
    home = home_of(tmp_path / "home", [D]).home
    (tmp_path / "landing").mkdir()
    before = sorted(tmp_path.rglob("*"))

    said = steelyard(capfd, "lake", "backup", "--home", home, "--to", tmp_path / to)

    assert said.code == ConfigError.exit_code
    assert "may be inside the other" in said.err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.slow
def test_a_home_brought_back_from_a_copy_gives_the_same_list(town: Town, tmp_path: Path) -> None:
    before, list_before = gold(town), listed(town)
    copy = back_up(town.home, tmp_path / "copies").folder
    shutil.rmtree(town.home)

    shutil.copytree(copy, town.home)

    assert [finding for finding in check(town.lake) if finding.verdict is not Verdict.OK] == []
    assert (gold(town), listed(town)) == (before, list_before)
    town.run(TODAY)
    assert (gold(town), listed(town)) == (before, list_before)
    again = back_up(town.home, tmp_path / "copies").folder
    assert verify(again) == []


def test_the_command_makes_copies_and_checks_the_newest(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake = home_of(tmp_path / "home", [D])
    given = ("lake", "backup", "--home", lake.home, "--to", tmp_path / "copies")

    none = steelyard(capfd, *given, "--verify")
    made = steelyard(capfd, *given)
    sound = steelyard(capfd, *given, "--verify")
    next((tmp_path / "copies" / "000001-2026-06-30").rglob("*.parquet")).write_bytes(b"")
    unsound = steelyard(capfd, *given, "--verify")
    with hold_home_lock(lake.home):
        busy = steelyard(capfd, *given)

    assert none.code == InputMissing.exit_code
    assert (made.code, made.out.strip()) == (0, str(tmp_path / "copies" / "000001-2026-06-30"))
    assert (tmp_path / "copies" / "000001-2026-06-30" / FACTS).is_file()
    assert sound.code == 0
    assert unsound.code == 9
    assert "has changed" in unsound.out
    assert busy.code == 6
    assert entities_of(Lake(lake.home), D) == entities_of(lake, D)
    assert lake.exists(FEATURES)
