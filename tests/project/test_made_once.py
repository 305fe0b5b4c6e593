"""What takes long to make is made once, by the first process that asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.made_once import FOLDER_VARIABLE, made_once


@pytest.fixture(autouse=True)
def _shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "shared"))


def test_the_second_to_ask_reads_what_the_first_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    def never(_folder: Path) -> None:
        pytest.fail("made twice")

    first = made_once("town", lambda folder: (folder / "day").write_text("done"), tmp_path_factory)

    assert made_once("town", never, tmp_path_factory) == first
    assert (first / "day").read_text() == "done"


def test_what_was_left_half_made_is_made_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    def dies(folder: Path) -> None:
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        made_once("town", dies, tmp_path_factory)
    folder = made_once("town", lambda folder: (folder / "day").touch(), tmp_path_factory)

    assert [path.name for path in folder.iterdir()] == ["day"]
