"""A profile that cannot be opened: what is said of it speaks of profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.foundation.errors import ConfigError
from jobs.foundation.files import read_toml
from jobs.profile.load_profile import load_profile


def refusal(name: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        load_profile(name)
    return caught.value


def test_a_folder_without_a_profile_is_no_profile(tmp_path: Path) -> None:
    error = refusal(str(tmp_path))
    assert error.what == f"there is no profile {str(tmp_path)!r}"
    assert error.next_step == "name one of chicago, cn, missouri, san_francisco, or give a folder that holds a profile.toml"


def test_a_name_that_no_folder_can_have_is_no_profile() -> None:
    assert refusal("x" * 5000).what.startswith("there is no profile")


@pytest.mark.parametrize(
    ("content", "what", "next_step"),
    [
        (b"name = ", "the profile is not valid TOML", "correct that line"),
        (b'name = "\xff"', "the profile is not valid TOML", "save it as UTF-8"),
        (b"name = 1" + b"0" * 5000, "the profile is not valid TOML", "correct that line"),
    ],
)
def test_a_profile_that_is_no_toml_is_refused_with_what_to_correct(
    tmp_path: Path, content: bytes, what: str, next_step: str
) -> None:
    (tmp_path / "profile.toml").write_bytes(content)
    error = refusal(str(tmp_path))
    assert (error.what.partition(":")[0], error.next_step) == (what, next_step)
    assert error.where == str(tmp_path / "profile.toml")


@pytest.mark.parametrize("kind", ["profile", "mapping"])
def test_a_file_that_cannot_be_opened_is_reported_by_its_meaning_to_the_reader(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match=f"Is a directory.*allow reading it, or name another {kind}"):
        read_toml(tmp_path, kind)
    with pytest.raises(ConfigError, match=f"No such file.*name a {kind} that exists"):
        read_toml(tmp_path / "gone.toml", kind)
