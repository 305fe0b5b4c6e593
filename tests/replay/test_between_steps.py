"""What other commands write between the steps of a day does not change the inputs of its list."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from expectations.contracts import silver
from expectations.contracts.registry import SILVER
from expectations.contracts.scoring import SCORES
from jobs.foundation.files import read_json
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.manifests import run_manifest_path
from jobs.profile.mapping import load_mappings
from jobs.sources.sources_of_day import in_order
from jobs.take_in_source import take_in
from tests.day import damage
from tests.day.command import Outcome, steelyard
from tests.day.town import PROFILE, TODAY, YESTERDAY, Town, gold


def step(capfd: pytest.CaptureFixture[str], town: Town, verb: str) -> Outcome:
    return steelyard(capfd, verb, "--profile", PROFILE, "--home", town.home, "--as-of", TODAY)


def take_in_a_corrected_day(town: Town) -> None:
    """Tomorrow's deliveries are taken in, with two corrected deliveries of today."""
    for source in ("shops", "complaints"):
        (path,) = damage.today(town.sources, source)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(lines[:-1]))
    for mapping in in_order(load_mappings(town.profile.folder)):
        take_in(town.lake, town.profile, mapping, town.sources, TODAY + timedelta(days=1))


@pytest.mark.slow
def test_a_list_uses_the_versions_that_its_features_read_and_is_reproduced(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    before, finished = gold(town), read_json(run_manifest_path(town.home, TODAY))
    assert step(capfd, town, "features").code == 0
    read = {table.full_name: town.lake.version(table) for table in SILVER.values()}
    take_in_a_corrected_day(town)
    assert step(capfd, town, "score").code == 0
    # Upkeep in between joins files, and drops versions that nobody needs.
    maintain(town.lake, town.profile.retention, TODAY)
    done = step(capfd, town, "target")
    assert done.code == 0, done.err
    assert gold(town) == before
    closed = read_json(run_manifest_path(town.home, TODAY))
    assert closed["deliveries"] == finished["deliveries"], "the deliveries of the list, and not the corrected ones"
    named = closed["tables"]
    assert {name: named[name] for name in read} == read
    assert town.lake.version(silver.ENTITY) > named["silver.entity"]
    again = steelyard(capfd, "replay", "--home", town.home, "--as-of", TODAY)
    assert again.code == 0, again.err


@pytest.mark.slow
def test_features_rebuilt_after_scoring_do_not_close_the_day(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    finished = read_json(run_manifest_path(town.home, TODAY))
    take_in_a_corrected_day(town)
    assert step(capfd, town, "features").code == 0
    done = step(capfd, town, "target")
    assert (done.code, "Traceback" in done.err) == (4, False)
    assert "are not from its current features" in done.err
    assert read_json(run_manifest_path(town.home, TODAY)) == finished
    assert [step(capfd, town, verb).code for verb in ("score", "target")] == [0, 0]
    assert steelyard(capfd, "replay", "--home", town.home, "--as-of", TODAY).code == 0


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("minimum = 6", "minimum = 16", "the features of"),
        ('ordinary = "B"', 'ordinary = "C"', "the scores of"),
    ],
)
def test_a_policy_changed_between_steps_does_not_close_the_day(
    was: str, becomes: str, said: str, town: Town, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    finished = read_json(run_manifest_path(town.home, TODAY))
    folder = tmp_path / "changed"
    shutil.copytree(PROFILE, folder)
    policies = folder / "profile.toml"
    policies.write_text(policies.read_text(encoding="utf-8").replace(was, becomes), encoding="utf-8")
    done = steelyard(capfd, "target", "--profile", folder, "--home", town.home, "--as-of", TODAY)
    assert done.code == 4
    assert f"{said} {TODAY} were made under other policies" in done.err
    assert read_json(run_manifest_path(town.home, TODAY)) == finished


def test_previous_classes_changed_after_scoring_do_not_close_the_day(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    scores = town.lake.arrow(SCORES, where=f"as_of = '{TODAY}'")
    town.lake.replace_arrow(scores, SCORES, f"as_of = '{TODAY}'")
    assert step(capfd, town, "target").code == 0, "the same classes, written again"
    day = scores.schema.get_field_index("as_of")
    of_yesterday = scores.set_column(day, scores.schema.field(day), pa.array([YESTERDAY] * scores.num_rows))
    town.lake.replace_arrow(of_yesterday, SCORES, f"as_of = '{YESTERDAY}'")
    done = step(capfd, town, "target")
    assert done.code == 4
    assert f"the previous classes that the scores of {TODAY} were compared with have changed" in done.err
