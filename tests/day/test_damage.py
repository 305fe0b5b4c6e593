"""A delivery that arrives broken: its own source says so with file and line, and nothing else notices.

Yesterday was run on sound files; only today's are damaged.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.foundation.files import read_json
from jobs.lake.manifests import source_manifest_path
from tests.day import damage
from tests.day.command import Outcome, steelyard
from tests.day.damage import Damage
from tests.day.town import PROFILE, TODAY, YESTERDAY, Town, gold_files, listed, manifests

SOURCES = ("shops", "returns", "complaints", "visits")
ONE_BY_ONE = (
    "shops",
    pytest.param("returns", marks=pytest.mark.slow),
    "complaints",
    pytest.param("visits", marks=pytest.mark.slow),
)
"""The same for what is tried source by source: of those that are read alike one is tried always, the others with the slow tests."""
LAST_LINE = {"shops": 7, "returns": 7, "complaints": 6, "visits": 6}
"""The line of the last record in today's files."""
FOLDER_ONLY = {"shops": "missing", "returns": "unchanged", "complaints": "missing", "visits": "unchanged"}
"""What a day without files settles: a source that is not due every day has nothing missing yet."""


@pytest.fixture
def broken(yesterday: Town, tmp_path: Path) -> Town:
    """The town on the morning of today, about to be damaged."""
    return yesterday.copy(tmp_path)


def hit(town: Town, source: str, how: Damage) -> str:
    """Damage today's file of a source; its name in messages."""
    (path,) = damage.today(town.sources, source)
    how(path)
    return path.relative_to(town.sources).as_posix()


def is_csv(source: str) -> bool:
    return source != "complaints"


@pytest.mark.parametrize("source", ONE_BY_ONE)
@pytest.mark.parametrize("how", [damage.truncate, damage.encode_one_name_otherwise, damage.lengthen])
def test_one_broken_line_is_quarantined_with_its_place_and_the_rest_is_used(broken: Town, source: str, how: Damage) -> None:
    name = hit(broken, source, how)
    line = LAST_LINE[source] + (how is damage.lengthen)
    rule = {
        damage.truncate: "wrong_field_count" if is_csv(source) else "not_json",
        damage.encode_one_name_otherwise: "wrong_encoding",
        damage.lengthen: "line_too_long",
    }[how]
    manifest = broken.settle(source)
    assert broken.quarantined(source) == [(name, line, rule)]
    batch = manifest.batches[-1]
    assert (batch["delivered_on"], batch["quarantined"]) == (TODAY, 1)
    assert batch["kept"] == batch["read"] - 1
    # One line in five or six is within the limit of a fifth.
    assert manifest.verdict == "passed"


@pytest.mark.parametrize("source", ONE_BY_ONE)
@pytest.mark.parametrize("how", [damage.garble, damage.encode_otherwise])
def test_a_file_of_another_format_stops_its_source(broken: Town, source: str, how: Damage) -> None:
    name = hit(broken, source, how)
    before = manifests(broken, YESTERDAY)
    manifest = broken.settle(source)
    places = broken.quarantined(source)
    assert places
    assert {place[0] for place in places} == {name}
    assert (manifest.verdict, manifest.batches[-1]["kept"]) == ("stopped", 0)
    assert str(TODAY) in manifest.why
    assert manifest.newest_delivery is not None
    assert manifest.newest_delivery <= YESTERDAY
    assert manifests(broken, YESTERDAY) == before


@pytest.mark.parametrize("source", ONE_BY_ONE)
def test_values_under_wrong_names_stop_their_source(broken: Town, source: str) -> None:
    name = hit(broken, source, damage.swap_columns)
    manifest = broken.settle(source)
    assert manifest.verdict == "stopped"
    places = broken.quarantined(source)
    assert {place[0] for place in places} == {name}
    assert {place[1] for place in places} >= {LAST_LINE[source]}


@pytest.mark.parametrize("source", ONE_BY_ONE)
def test_a_missing_column_stops_its_source_and_is_named(broken: Town, source: str) -> None:
    name = hit(broken, source, damage.drop_column)
    manifest = broken.settle(source)
    assert manifest.verdict == "stopped"
    assert {place[0] for place in broken.quarantined(source)} == {name}
    if is_csv(source):
        assert f"{name}: the file {Path(name).name} lacks the columns" in manifest.why


@pytest.mark.parametrize("source", ONE_BY_ONE)
@pytest.mark.parametrize("how", [damage.empty, damage.keep_header])
def test_an_empty_file_adds_and_removes_no_rows(broken: Town, source: str, how: Damage, capfd: pytest.CaptureFixture[str]) -> None:
    name = hit(broken, source, how)
    known = read_json(source_manifest_path(broken.home, source, YESTERDAY))["known_rows"]
    manifest = broken.settle(source)
    assert (manifest.batches[-1]["read"], manifest.known_rows) == (0, known)
    assert broken.quarantined(source) == []
    said = capfd.readouterr().err
    assert any(
        f"the file {shown}" in said for shown in (f"{Path(name).name} is empty", f"{Path(name).name} is blank", f"{name} holds no")
    )


@pytest.mark.parametrize("source", ONE_BY_ONE)
@pytest.mark.parametrize("how", [damage.remove, damage.put_folder])
def test_a_missing_file_gives_a_verdict(broken: Town, source: str, how: Damage) -> None:
    hit(broken, source, how)
    manifest = broken.settle(source)
    assert manifest.verdict == FOLDER_ONLY[source]
    assert str(YESTERDAY if FOLDER_ONLY[source] == "missing" else manifest.newest_delivery) in manifest.why


@pytest.mark.parametrize(
    ("source", "how"),
    [
        ("shops", damage.garble),
        pytest.param("returns", damage.swap_columns, marks=pytest.mark.slow),
        pytest.param("complaints", damage.encode_otherwise, marks=pytest.mark.slow),
        pytest.param("visits", damage.lengthen, marks=pytest.mark.slow),
    ],
)
def test_the_day_continues_without_the_damaged_source(
    broken: Town, source: str, how: Damage, capfd: pytest.CaptureFixture[str]
) -> None:
    name = hit(broken, source, how)
    before = manifests(broken, YESTERDAY), gold_files(broken, YESTERDAY)
    done = run(broken, capfd)
    assert (done.code, "Traceback" in done.err) == (0, False)
    for other in SOURCES:
        found = read_json(source_manifest_path(broken.home, other, TODAY))
        assert found["verdict"] == ("stopped" if other == source and how is not damage.lengthen else "passed")
    assert name in {place[0] for place in broken.quarantined(source)}
    assert len(listed(broken).splitlines()) == 12
    assert (manifests(broken, YESTERDAY), gold_files(broken, YESTERDAY)) == before


@pytest.mark.slow
def test_with_every_source_damaged_the_day_uses_yesterdays_data(broken: Town, capfd: pytest.CaptureFixture[str]) -> None:
    for source in SOURCES:
        hit(broken, source, damage.garble)
    done = run(broken, capfd)
    assert (done.code, "Traceback" in done.err) == (0, False)
    run_manifest = read_json(broken.home / "manifests" / "runs" / f"{TODAY}.json")
    assert run_manifest["sources"] == dict.fromkeys(SOURCES, "stopped")
    assert len(listed(broken).splitlines()) == 12
    for source in SOURCES:
        assert f"{source}: the delivery of {TODAY} may not be used" in done.err


def test_a_day_without_entities_exits_with_code_4(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    for path in sorted((town.sources / "shops").rglob("*.csv")):
        damage.garble(path)
    done = run(town, capfd)
    assert done.code == 4
    assert "Traceback" not in done.err
    assert "no entity can be listed" in done.err
    assert "shops: the delivery of 2026-06-30 may not be used" in done.err
    assert not (town.home / "manifests" / "runs").exists()


def run(town: Town, capfd: pytest.CaptureFixture[str]) -> Outcome:
    return steelyard(
        capfd, "run", "--profile", PROFILE, "--sources", town.sources, "--home", town.home, "--as-of", TODAY, "--top", 0
    )
