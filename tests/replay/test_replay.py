"""A finished day is reproduced from its manifest, or the difference is reported."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from expectations.contracts import scoring, silver
from expectations.contracts.indicators import features_contract
from jobs.foundation.files import read_json, write_json
from jobs.lake.manifests import digest_of, run_id_of, run_manifest_path, run_manifest_path_by_id
from jobs.lake.model_store import ModelStore
from jobs.steps.target_list import TIE_KEY_VARIABLE
from tests.day import damage
from tests.day.command import Outcome, steelyard
from tests.day.town import PROFILE, TODAY, Town

SAME, LIST_DIFFERS, CANNOT, NOTHING, USAGE = 0, 7, 8, 4, 2


def replay(capfd: pytest.CaptureFixture[str], town: Town, *more: object) -> Outcome:
    return steelyard(capfd, "replay", "--home", town.home, *(more or ("--as-of", TODAY)))


def manifest(town: Town) -> dict[str, Any]:
    found: dict[str, Any] = read_json(run_manifest_path(town.home, TODAY))
    return found


def rewrite(town: Town, **changes: object) -> None:
    """The manifest as a run made otherwise would have written it."""
    run = {**manifest(town), **changes}
    run["run_id"] = run_id_of(run)
    write_json(run_manifest_path(town.home, TODAY), {**run, "digest": digest_of(run)})


def files(folder: Path) -> dict[str, str]:
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


def test_a_day_is_reproduced_and_its_home_is_not_changed(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    before, aside = files(town.home), set(Path(tempfile.gettempdir()).glob("steelyard-replay-*"))
    done = replay(capfd, town)
    assert done.code == SAME, done.err
    assert done.out.splitlines()[-1] == f"{manifest(town)['run_id']}: the same, to the last bit"
    assert files(town.home) == before
    assert set(Path(tempfile.gettempdir()).glob("steelyard-replay-*")) == aside


@pytest.mark.slow
def test_both_runs_of_a_repeated_day_are_reproduced(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    first = manifest(town)
    (path,) = damage.today(town.sources, "complaints")
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    town.run()
    second = manifest(town)
    assert first["list"] != second["list"]
    for run in (first, second):
        done = replay(capfd, town, "--run", run["run_id"], "--json")
        assert done.code == SAME, done.err
        assert json.loads(done.out)["run_id"] == run["run_id"]


@pytest.mark.slow
def test_a_day_whose_mappings_leave_out_columns_is_reproduced(
    town: Town, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A replay has the tables and the profile, and no book of the deliveries."""
    folder = tmp_path / "unmapped"
    shutil.copytree(PROFILE, folder)
    for path, column in (("returns", "filed_on"), ("visits", "penalty_minor")):
        file = folder / "sources" / f"{path}.toml"
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(line for line in lines if not line.startswith(f"{column} =")), encoding="utf-8")
    other = replace(town, profile_folder=folder)
    other.run()
    made = other.lake.arrow(features_contract(), where=f"as_of = '{TODAY}'")
    assert {made[name].null_count for name in ("late_filing_share", "unfiled_returns", "penalties_36m")} == {made.num_rows}
    done = replay(capfd, other)
    assert done.code == SAME, done.out + done.err


def test_a_value_changed_by_hand_is_reported_with_table_key_column_and_both_values(
    town: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    scores = town.lake.arrow(scoring.SCORES, where=f"as_of = '{TODAY}'").sort_by("entity_id")
    honest = scores["margin"][0].as_py()
    margins = pa.array([honest + 1, *scores["margin"].to_pylist()[1:]], pa.float64())
    changed = scores.set_column(scores.schema.get_field_index("margin"), "margin", margins)
    town.lake.replace_arrow(changed, scoring.SCORES, f"as_of = '{TODAY}'")
    rewrite(town, tables={**manifest(town)["tables"], "gold.scores": town.lake.version(scoring.SCORES)})

    done = replay(capfd, town, "--as-of", TODAY, "--json")

    assert done.code == LIST_DIFFERS
    found = {table["table"]: table["differences"] for table in json.loads(done.out)["tables"]}
    assert found.pop("gold.scores") == [
        {
            "column": "margin",
            "rows": 1,
            "key": {"entity_id": "S01", "as_of": str(TODAY)},
            "published": honest + 1,
            "made": honest,
        }
    ]
    assert set(map(len, found.values())) == {0}
    assert f"differs, first in gold.scores: margin in 1 row, first entity_id S01, as_of {TODAY}: " in done.err


def test_an_entity_removed_from_the_list_by_hand_is_reported(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    listed = town.lake.arrow(scoring.RISK_LIST, where=f"as_of = '{TODAY}'")
    first = town.rows(scoring.RISK_LIST).sort_values("list_rank")["entity_id"].iloc[0]
    kept = listed.filter(pc.not_equal(listed["entity_id"], first))
    town.lake.replace_arrow(kept, scoring.RISK_LIST, f"as_of = '{TODAY}'")
    rewrite(town, tables={**manifest(town)["tables"], "gold.risk_list": town.lake.version(scoring.RISK_LIST)})
    done = replay(capfd, town)
    assert done.code == LIST_DIFFERS
    assert f"1 row without a match, first entity_id {first}, as_of {TODAY}: published no row, replayed a row" in done.out


def lose_version(town: Town) -> None:
    table = DeltaTable(str(town.lake.path(silver.ENTITY)), version=manifest(town)["tables"]["silver.entity"])
    Path(table.file_uris()[0].removeprefix("file://")).unlink()


def lose_model(town: Town) -> None:
    shutil.rmtree(town.home / "models" / manifest(town)["model_id"])


def change_model(town: Town) -> None:
    path = town.home / "models" / manifest(town)["model_id"] / "model.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"anomaly_weight": ', '"anomaly_weight": 1'), encoding="utf-8")


def change_manifest(town: Town) -> None:
    write_json(run_manifest_path(town.home, TODAY), {**manifest(town), "list": "another"})


def change_what_the_id_leaves_out(town: Town) -> None:
    write_json(run_manifest_path(town.home, TODAY), {**manifest(town), "tie_key": "set"})


def cut_manifest(town: Town) -> None:
    path = run_manifest_path(town.home, TODAY)
    path.write_bytes(path.read_bytes()[:-40])


def strip_manifest(town: Town) -> None:
    write_json(run_manifest_path(town.home, TODAY), {"run_id": manifest(town)["run_id"], "as_of": str(TODAY)})


@pytest.mark.parametrize(
    ("lose", "said"),
    [
        (lose_version, "its inputs are gone: version 1 of silver.entity"),
        (lose_model, "is not in models/ as it was stored"),
        (change_model, "is not in models/ as it was stored"),
        (change_manifest, "the manifest has changed since the run wrote it"),
        (change_what_the_id_leaves_out, "the manifest has changed since the run wrote it"),
        (cut_manifest, "the manifest has changed since the run wrote it"),
        (strip_manifest, "the manifest has changed since the run wrote it: it names no profile"),
    ],
)
def test_a_lost_input_is_named_and_cannot_be_ignored(
    lose: Callable[[Town], None], said: str, town: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    lose(town)
    for done in (replay(capfd, town), replay(capfd, town, "--as-of", TODAY, "--even-so")):
        assert (done.code, done.out) == (CANNOT, "")
        assert said in done.err
        assert "from a backup" in done.err


def test_a_finished_day_without_its_manifest_is_not_reported_as_unfinished(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    run = manifest(town)["run_id"]
    run_manifest_path(town.home, TODAY).unlink()
    done = replay(capfd, town)
    assert done.code == CANNOT
    assert f"the manifest of {TODAY} is missing, although that of its run {run} exists" in done.err
    run_manifest_path_by_id(town.home, run).unlink()
    assert replay(capfd, town).code == NOTHING


def test_another_tie_key_is_named(town: Town, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TIE_KEY_VARIABLE, "another")
    done = replay(capfd, town)
    assert done.code == CANNOT
    assert f"unset {TIE_KEY_VARIABLE}" in done.err


def test_a_missing_tie_key_is_named(town: Town, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TIE_KEY_VARIABLE, "ours")
    ranked = steelyard(capfd, "target", "--profile", PROFILE, "--home", town.home, "--as-of", TODAY)
    assert ranked.code == 0, ranked.err
    monkeypatch.delenv(TIE_KEY_VARIABLE)
    done = replay(capfd, town)
    assert done.code == CANNOT
    assert f"set {TIE_KEY_VARIABLE} to the key of that time" in done.err
    assert "ours" not in done.err


def test_a_changed_condition_is_named_and_can_be_ignored(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    packages = read_json(town.home / "manifests" / "packages" / f"{manifest(town)['packages']}.json")
    write_json(town.home / "manifests" / "packages" / "0123456789abcdef.json", {**packages, "lightgbm": "0.1"})
    rewrite(town, code_version="0123456789abcdef", config_hash="0" * 64, engine="spark", packages="0123456789abcdef")

    done = replay(capfd, town)

    assert done.code == CANNOT
    for said in ("its code was 0123456789abcdef", "has changed", "its engine was spark", "lightgbm 0.1 then", "--even-so"):
        assert said in done.err, said
    again = replay(capfd, town, "--as-of", TODAY, "--even-so")
    assert again.code == SAME, again.err
    assert again.out.count("ignored: ") == 4


def test_a_profile_that_lists_fewer_gives_another_list(town: Town, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shutil.copytree(PROFILE, tmp_path / "profile")
    path = tmp_path / "profile" / "profile.toml"
    was = path.read_text(encoding="utf-8")
    path.write_text(was.replace("default = 6", "default = 4"), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != was
    done = replay(capfd, town, "--as-of", TODAY, "--profile", path.parent, "--even-so")
    assert done.code == LIST_DIFFERS
    assert "gold.scores             26 rows  the same" in done.out
    assert "gold.risk_list          11 rows  DIFFERS" in done.out


def test_an_unknown_day_or_run_id_is_refused(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    assert replay(capfd, town, "--as-of", "2026-01-31").code == NOTHING
    assert replay(capfd, town, "--run", f"{TODAY}-000000000000").code == NOTHING
    assert replay(capfd, town, "--run", f"../{TODAY}").code == NOTHING


def test_one_run_must_be_named(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    for more in (("--profile", PROFILE), ("--as-of", TODAY, "--run", "x")):
        assert replay(capfd, town, *more).code == USAGE


def test_a_run_is_stored_by_its_id_with_engine_and_packages(town: Town) -> None:
    run = manifest(town)
    assert read_json(run_manifest_path_by_id(town.home, run["run_id"])) == run
    assert run["engine"] == "sail"
    assert run["delta"].startswith("sail-delta-lake:")
    assert read_json(town.home / "manifests" / "packages" / f"{run['packages']}.json")["pysail"]
    assert ModelStore(town.home).is_whole(run["model_id"])
