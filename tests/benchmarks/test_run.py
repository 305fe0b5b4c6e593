"""A plan is measured round by round; failures are recorded; forks do not change their home."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks import run as module
from benchmarks.harness.machine import origin_of
from benchmarks.harness.measure import Measurement
from benchmarks.harness.plans import PLANS, Plan
from benchmarks.harness.worlds import World, Worlds, drop_silver
from benchmarks.run import DAY, FIRST, REUSABLE, SEQUENCES, SPARK, Bench, StepFailed
from jobs.foundation.errors import ConfigError

TOOK = Measurement(wall_seconds=1.0, cpu_seconds=1.5, peak_mib=50.0, exit_code=0)
PLAN = Plan("test", sizes=(10, 40), months=3, rounds=(2, 2), whole_up_to=10, spark_rounds=1, spark_up_to=10)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as intake leaves it, with one file of each kind."""
    folder = tmp_path / "home"
    for name, text in {
        "lake/silver/filing/a.parquet": "rows",
        "lake/bronze/tax_filing/b.parquet": "rows",
        "manifests/batches/tax.json": json.dumps({"2026-06-20": {"chain": "c", "gated": "g", "conformed": "g:usable"}}),
        "manifests/state/tax_sums/2026-06-30.json": "{}",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def bench(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Bench, list[str]]:
    """A bench that records the names of steps instead of running them; DuckDB fails at the larger size."""
    bench = Bench(PLAN, tmp_path / "cache", tmp_path / "results")
    ran: list[str] = []

    def command(name: str, _command: list[str], _environment: dict[str, str] | None = None) -> Measurement:
        ran.append(name)
        if name == "whole day":
            (tmp_path / "cache" / "work" / "home" / "models").mkdir()
        if name == "features-duckdb" and ran.count("generate-made") == 2:
            raise StepFailed("it failed with exit code -9: no output")
        return TOOK

    def world(entities: int, months: int, _run: object) -> World:
        ran.append("generate-made")
        earlier = origin_of({"revision": "then", "processor": "one kind", "measured_on": "2026-01-01"})
        origins = {"generate": origin_of({}), "intake": earlier}
        return World(entities, months, tmp_path, home, 100, {"tax": 5}, generated=TOOK, intake=TOOK, origins=origins)

    monkeypatch.setattr(bench, "run_command", command)
    monkeypatch.setattr(bench.worlds, "world", world)
    monkeypatch.setattr(module, "require_java", lambda: None)
    return bench, ran


def test_rounds_are_interleaved(bench: tuple[Bench, list[str]]):
    runner, ran = bench
    runner.run()
    features = ["features", "features-duckdb", "compare"]
    rest = ["day", "score", "target", "rebuild"]
    again = [step for step in features if step != "compare"]
    spark = ["features-spark", "score", "target-spark"]
    assert ran[:2] == ["generate-made", "whole day"]
    assert ran[2:17] == [*features, *rest, *spark, *again, "day", "rebuild", "generate-made"]


def test_steps_that_fail_or_are_left_out_have_a_reason_in_the_results(bench: tuple[Bench, list[str]]):
    runner, _ = bench
    runner.run()
    results = json.loads(runner.path.read_text(encoding="utf-8"))
    left = {(found["step"], found["entities"]): found["left_out"] for found in results["measurements"] if "left_out" in found}
    assert left == {
        ("whole day", 40): "it takes too long at this size",
        ("features-duckdb", 40): "it failed with exit code -9: no output",
        **{(step, 40): "this plan measures it up to 10 entities" for step in SPARK},
    }
    kept = [found for found in results["measurements"] if found["step"] == "features"]
    assert [(found["entities"], found["round"]) for found in kept] == [(10, 1), (10, 2), (40, 1), (40, 2)]
    assert kept[0] == {
        "step": "features",
        "entities": 10,
        "round": 1,
        "rows": 100,
        **origin_of(runner.machine),
        **asdict(TOOK),
    }


def test_a_cached_world_keeps_the_origin_of_its_measurement(bench: tuple[Bench, list[str]]):
    runner, _ = bench
    runner.run()
    ran = {found["step"]: (found["revision"], found["measured_on"]) for found in runner.measurements if "left_out" not in found}
    assert ran["generate"] == (None, None)
    assert ran["intake"] == ("then", "2026-01-01")
    assert ran["features"] == (runner.machine["revision"], runner.machine["measured_on"])


def test_a_whole_day_is_intake_and_the_rest_of_the_day(bench: tuple[Bench, list[str]]):
    runner, _ = bench
    runner.run()
    (whole,) = [found for found in runner.measurements if found["step"] == "whole day" and "wall_seconds" in found]
    assert (whole["wall_seconds"], whole["cpu_seconds"], whole["peak_mib"]) == (2.0, 3.0, 50.0)
    assert runner.models.is_dir()


def test_a_whole_day_with_an_older_home_has_both_origins(bench: tuple[Bench, list[str]]):
    runner, _ = bench
    runner.machine |= {"revision": "now", "processor": "one kind", "measured_on": "2026-01-02"}
    runner.run()
    (whole,) = [found for found in runner.measurements if found["step"] == "whole day" and "left_out" not in found]
    assert origin_of(whole) == {"revision": "then and now", "processor": "one kind", "measured_on": "2026-01-01 and 2026-01-02"}


def test_results_of_other_sizes_stay(bench: tuple[Bench, list[str]], tmp_path: Path):
    runner, _ = bench
    runner.run()
    later = Bench(PLAN.at((40,), rounds=1), tmp_path / "cache", tmp_path / "results")
    assert later.plan.rounds == (1,)
    assert later.measurements == [found for found in runner.measurements if found["entities"] == 10]


def test_without_rounds_only_the_whole_day_is_measured_again(bench: tuple[Bench, list[str]], tmp_path: Path):
    runner, ran = bench
    runner.run()
    later = Bench(PLAN.at((10,), rounds=0), tmp_path / "cache", tmp_path / "results")
    later.run_command, later.worlds.world = runner.run_command, runner.worlds.world  # type: ignore[method-assign]
    kept = [found for found in runner.measurements if found["step"] not in FIRST or found["entities"] == 40]
    assert later.measurements == kept
    ran.clear()
    later.run()
    assert ran == ["generate-made", "whole day"]
    assert [found["step"] for found in later.measurements[len(kept) :]] == ["generate", "intake", "whole day"]


def test_earlier_results_can_be_reused(bench: tuple[Bench, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    runner, ran = bench
    runner.run()
    stays = {*REUSABLE, *DAY, *SPARK}
    before = [found for found in runner.measurements if found["step"] in stays]
    later = Bench(PLAN, tmp_path / "cache", tmp_path / "results", keep=REUSABLE)
    monkeypatch.setattr(later, "run_command", runner.run_command)
    monkeypatch.setattr(later.worlds, "world", runner.worlds.world)
    ran.clear()
    later.run()
    assert set(ran) == {"generate-made", "features"}
    assert [found for found in later.measurements if found["step"] in stays] == before


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_an_incomplete_sequence_is_measured_again(sequence: tuple[str, ...], bench: tuple[Bench, list[str]], tmp_path: Path):
    runner, _ = bench
    runner.run()
    results = json.loads(runner.path.read_text(encoding="utf-8"))
    is_lost = {"step": sequence[-1], "entities": 10}
    results["measurements"] = [found for found in results["measurements"] if not is_lost.items() <= found.items()]
    runner.path.write_text(json.dumps(results), encoding="utf-8")
    later = Bench(PLAN, tmp_path / "cache", tmp_path / "results", keep=[sequence[0]])
    assert later.reused == {(step, 40) for step in sequence}
    assert {(found["step"], found["entities"]) for found in later.measurements} == later.reused


def test_the_full_plan_has_a_whole_day_at_each_size():
    assert PLANS["full"].sizes[-1] == 5_000_000
    assert PLANS["full"].whole_up_to >= PLANS["full"].sizes[-1]


def test_an_unknown_size_has_the_rounds_of_the_largest():
    assert replace(PLAN, rounds=(5, 1)).at((10, 99), rounds=None).rounds == (5, 1)


def test_without_java_spark_is_left_out(bench: tuple[Bench, list[str]], monkeypatch: pytest.MonkeyPatch):
    def none() -> None:
        raise ConfigError(what="Apache Spark needs Java 17 or later, and there is none", where="PATH", next_step="install it")

    monkeypatch.setattr(module, "require_java", none)
    runner, ran = bench
    runner.run()
    assert not {*SPARK} & {*ran}
    assert "there is none" in runner.path.read_text(encoding="utf-8")


def test_a_fork_shares_only_data_files_and_is_removed(home: Path, tmp_path: Path):
    with Worlds(tmp_path / "cache", {}).fork(home) as fork:
        assert (fork / "lake/silver/filing/a.parquet").samefile(home / "lake/silver/filing/a.parquet")
        (fork / "manifests/batches/tax.json").write_text("changed")
        (fork / "lake/silver/filing/a.parquet").unlink()
    assert not fork.exists()
    assert "gated" in (home / "manifests/batches/tax.json").read_text()
    assert (home / "lake/silver/filing/a.parquet").read_text() == "rows"


def test_dropping_silver_keeps_bronze_and_removes_verdicts(home: Path):
    drop_silver(home)
    assert (home / "lake/bronze/tax_filing/b.parquet").exists()
    assert not (home / "lake/silver").exists()
    assert not (home / "manifests/state").exists()
    (batch,) = json.loads((home / "manifests/batches/tax.json").read_text()).values()
    assert (batch["chain"], batch["gated"], batch["conformed"]) == ("c", "", "")
