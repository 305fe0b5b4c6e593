"""A mapping that cannot be used stops only its own source, with the reason; the day is made from the others."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from jobs.foundation.files import read_json
from jobs.lake.manifests import run_manifest_path, source_manifest_path
from tests.day.command import Outcome, steelyard
from tests.day.town import PROFILE, TODAY, Town, listed

OTHERS = ("shops", "returns", "complaints")
NO_TOML, NO_SUCH_WORD = 'contract = "inspection', "sometimes"


class Broken:
    """The town on the morning of today, with a profile of its own in which one mapping cannot be used."""

    def __init__(self, yesterday: Town, folder: Path, source: str, how: str) -> None:
        shutil.copytree(PROFILE, folder / "profile")
        self.mapping = folder / "profile" / "sources" / f"{source}.toml"
        sound = self.mapping.read_text(encoding="utf-8")
        self.mapping.write_text(NO_TOML if how == NO_TOML else sound.replace("increment", NO_SUCH_WORD), encoding="utf-8")
        town = yesterday.copy(folder)
        self.town = Town(town.home, town.sources, town.session, folder / "profile")

    def give(self, capfd: pytest.CaptureFixture[str], verb: str, *more: object, sources: bool = False) -> Outcome:
        """Give a verb for today."""
        deliveries = ("--sources", self.town.sources) if sources else ()
        where = ("--profile", self.town.profile_folder, "--home", self.town.home, "--as-of", TODAY)
        return steelyard(capfd, verb, *more, *where, *deliveries)

    def settled(self, source: str) -> dict[str, object]:
        return dict(read_json(source_manifest_path(self.town.home, source, TODAY)))


@pytest.mark.parametrize("how", [NO_TOML, pytest.param(NO_SUCH_WORD, marks=pytest.mark.slow)])
def test_the_day_continues_without_it_and_says_why(
    yesterday: Town, how: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Broken(yesterday, tmp_path, "visits", how)
    done = broken.give(capfd, "run", "--top", 0, sources=True)
    assert (done.code, "Traceback" in done.err) == (0, False), done.err
    fault = "the mapping is not valid TOML" if how == NO_TOML else repr(NO_SUCH_WORD)
    found = broken.settled("visits")
    assert (found["verdict"], found["contract"]) == ("stopped", "inspection")
    assert str(found["why"]).startswith("its mapping visits.toml cannot be used: ")
    assert fault in str(found["why"])
    assert str(tmp_path) not in str(found)
    assert found["known_rows"], "what was taken in yesterday stays in use"
    run = read_json(run_manifest_path(broken.town.home, TODAY))
    assert run["sources"] == {"visits": "stopped", **dict.fromkeys(OTHERS, "passed")}
    assert (run["unmapped"], len(listed(broken.town).splitlines())) == ({}, 12)
    assert f"visits: {found['why']}" in done.err.replace('\\"', '"')
    page = (broken.town.home / "reports" / f"risk_list_{TODAY}.html").read_text(encoding="utf-8")
    assert "its mapping visits.toml cannot be used" in page


@pytest.mark.slow
def test_each_verb_of_the_day_continues_and_warns(yesterday: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = Broken(yesterday, tmp_path, "visits", NO_TOML)

    def of(source: str, *verbs: str) -> Sequence[int]:
        return [broken.give(capfd, verb, "--source", source, sources=True).code for verb in verbs]

    assert of("visits", "ingest", "gate", "conform", "settle") == [2, 2, 2, 0]
    assert broken.settled("visits")["verdict"] == "stopped"
    for source in OTHERS:
        assert of(source, "ingest", "gate", "conform", "settle") == [0, 0, 0, 0]
    for verb in ("link", "features", "score", "target"):
        done = broken.give(capfd, verb)
        assert done.code == 0, done.err
        assert verb == "score" or "visits: its mapping cannot be used" in done.err
    run = read_json(run_manifest_path(broken.town.home, TODAY))
    assert run["sources"] == {"visits": "stopped", **dict.fromkeys(OTHERS, "passed")}


def test_a_register_with_an_unusable_mapping_is_yesterdays(
    yesterday: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Broken(yesterday, tmp_path, "shops", NO_TOML)
    done = broken.give(capfd, "run", "--top", 0, sources=True)
    assert done.code == 0, done.err
    assert (broken.settled("shops")["verdict"], broken.settled("shops")["contract"]) == ("stopped", "registration")
    assert len(listed(broken.town).splitlines()) == 12


def test_without_a_register_no_entity_is_listed_and_the_mapping_is_the_reason(
    town: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Broken(town, tmp_path / "broken", "shops", NO_TOML)
    done = broken.give(capfd, "run", "--top", 0, sources=True)
    assert done.code == 4
    assert "shops: its mapping shops.toml cannot be used: the mapping is not valid TOML" in done.err
    assert "Traceback" not in done.err


def test_it_is_still_mapped_and_config_check_explains_it(
    yesterday: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    broken = Broken(yesterday, tmp_path, "visits", NO_TOML)
    checked = steelyard(capfd, "config", "check", "--profile", broken.town.profile_folder)
    assert (checked.code, "sources/visits.toml" in checked.out) == (2, True)
    home = ("--home", broken.town.home)
    refused = steelyard(capfd, "lake", "forget", "visits", "--profile", broken.town.profile_folder, *home, "--yes")
    assert (refused.code, "the profile maps visits" in refused.err) == (2, True)
