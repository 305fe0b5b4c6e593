"""A plan is measured round by round, forks leave their home alone, and what fails or is left out is told."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks import run as runner
from benchmarks.harness.machine import origin_of
from benchmarks.harness.measure import Measured
from benchmarks.harness.plans import PLANS, Plan
from benchmarks.harness.worlds import World, Worlds, unmake_silver
from benchmarks.run import CHAINS, DAY, FIRST, MAY_STAY, SPARK, Bench, StepFailed
from jobs.foundation.errors import ConfigError

TOOK = Measured(wall_seconds=1.0, cpu_seconds=1.5, peak_mib=50.0, exit_code=0)
PLAN = Plan("tried", sizes=(10, 40), months=3, rounds=(2, 2), whole_up_to=10, spark_rounds=1, spark_up_to=10)


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
    """A bench whose steps are told, not run; DuckDB fails at the larger size."""
    bench = Bench(PLAN, tmp_path / "cache", tmp_path / "results")
    told: list[str] = []

    def command(name: str, _command: list[str], _environment: dict[str, str] | None = None) -> Measured:
        told.append(name)
        if name == "whole day":
            (tmp_path / "cache" / "work" / "home" / "models").mkdir()
        if name == "features-duckdb" and told.count("generate-made") == 2:
            raise StepFailed("it failed with exit code -9: it said nothing")
        return TOOK

    def world(entities: int, months: int, _run: object) -> World:
        told.append("generate-made")
        then = origin_of({"revision": "then", "processor": "one kind", "measured_on": "2026-01-01"})
        origins = {"generate": origin_of({}), "intake": then}
        return World(entities, months, tmp_path, home, 100, {"tax": 5}, generated=TOOK, taken_in=TOOK, origins=origins)

    monkeypatch.setattr(bench, "command", command)
    monkeypatch.setattr(bench.worlds, "world", world)
    monkeypatch.setattr(runner, "require_java", lambda: None)
    return bench, told


def test_every_step_is_measured_once_before_any_is_measured_again(bench: tuple[Bench, list[str]]):
    under_way, told = bench
    under_way.do()
    features = ["features", "features-duckdb", "compare", "features-polars", "compare"]
    rest = ["day", "score", "target", "rebuild"]
    again = [step for step in features if step != "compare"]
    spark = ["features-spark", "score", "target-spark"]
    assert told[:2] == ["generate-made", "whole day"]
    assert told[2:20] == [*features, *rest, *spark, *again, "day", "rebuild", "generate-made"]


def test_what_fails_or_is_left_out_is_in_the_results_with_its_reason(bench: tuple[Bench, list[str]]):
    under_way, _ = bench
    under_way.do()
    results = json.loads(under_way.path.read_text(encoding="utf-8"))
    left = {(found["step"], found["entities"]): found["left_out"] for found in results["measurements"] if "left_out" in found}
    assert left == {
        ("whole day", 40): "it takes too long at this size",
        ("features-duckdb", 40): "it failed with exit code -9: it said nothing",
        **{(step, 40): "this plan asks it of at most 10 entities" for step in SPARK},
    }
    kept = [found for found in results["measurements"] if found["step"] == "features-polars"]
    assert [(found["entities"], found["round"]) for found in kept] == [(10, 1), (10, 2), (40, 1), (40, 2)]
    assert kept[0] == {
        "step": "features-polars",
        "entities": 10,
        "round": 1,
        "rows": 100,
        **origin_of(under_way.machine),
        **asdict(TOOK),
    }


def test_what_was_measured_with_a_kept_world_bears_that_revision_and_day(bench: tuple[Bench, list[str]]):
    under_way, _ = bench
    under_way.do()
    told = {found["step"]: (found["revision"], found["measured_on"]) for found in under_way.found if "left_out" not in found}
    assert told["generate"] == (None, None)
    assert told["intake"] == ("then", "2026-01-01")
    assert told["features"] == (under_way.machine["revision"], under_way.machine["measured_on"])


def test_a_whole_day_is_taking_in_and_what_follows(bench: tuple[Bench, list[str]]):
    under_way, _ = bench
    under_way.do()
    (whole,) = [found for found in under_way.found if found["step"] == "whole day" and "wall_seconds" in found]
    assert (whole["wall_seconds"], whole["cpu_seconds"], whole["peak_mib"]) == (2.0, 3.0, 50.0)
    assert under_way.models.is_dir()


def test_a_whole_day_on_a_home_taken_in_on_another_day_bears_both(bench: tuple[Bench, list[str]]):
    under_way, _ = bench
    under_way.machine |= {"revision": "now", "processor": "one kind", "measured_on": "2026-01-02"}
    under_way.do()
    (whole,) = [found for found in under_way.found if found["step"] == "whole day" and "left_out" not in found]
    assert origin_of(whole) == {"revision": "then and now", "processor": "one kind", "measured_on": "2026-01-01 and 2026-01-02"}


def test_what_was_found_at_other_sizes_stays(bench: tuple[Bench, list[str]], tmp_path: Path):
    under_way, _ = bench
    under_way.do()
    later = Bench(PLAN.at((40,), rounds=1), tmp_path / "cache", tmp_path / "results")
    assert later.plan.rounds == (1,)
    assert later.found == [found for found in under_way.found if found["entities"] == 10]


def test_without_a_round_the_whole_day_alone_is_measured_again(bench: tuple[Bench, list[str]], tmp_path: Path):
    under_way, told = bench
    under_way.do()
    later = Bench(PLAN.at((10,), rounds=0), tmp_path / "cache", tmp_path / "results")
    later.command, later.worlds.world = under_way.command, under_way.worlds.world  # type: ignore[method-assign]
    kept = [found for found in under_way.found if found["step"] not in FIRST or found["entities"] == 40]
    assert later.found == kept
    told.clear()
    later.do()
    assert told == ["generate-made", "whole day"]
    assert [found["step"] for found in later.found[len(kept) :]] == ["generate", "intake", "whole day"]


def test_what_takes_long_can_stay_as_it_was_measured(
    bench: tuple[Bench, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    under_way, told = bench
    under_way.do()
    stays = {*MAY_STAY, *DAY, *SPARK}
    before = [found for found in under_way.found if found["step"] in stays]
    later = Bench(PLAN, tmp_path / "cache", tmp_path / "results", keep=MAY_STAY)
    monkeypatch.setattr(later, "command", under_way.command)
    monkeypatch.setattr(later.worlds, "world", under_way.worlds.world)
    told.clear()
    later.do()
    assert set(told) == {"generate-made", "features"}
    assert [found for found in later.found if found["step"] in stays] == before


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_a_chain_of_which_a_step_was_not_measured_is_measured_again(
    chain: tuple[str, ...], bench: tuple[Bench, list[str]], tmp_path: Path
):
    under_way, _ = bench
    under_way.do()
    results = json.loads(under_way.path.read_text(encoding="utf-8"))
    is_lost = {"step": chain[-1], "entities": 10}
    results["measurements"] = [found for found in results["measurements"] if not is_lost.items() <= found.items()]
    under_way.path.write_text(json.dumps(results), encoding="utf-8")
    later = Bench(PLAN, tmp_path / "cache", tmp_path / "results", keep=[chain[0]])
    assert later.kept == {(step, 40) for step in chain}
    assert {(found["step"], found["entities"]) for found in later.found} == later.kept


def test_the_full_plan_has_a_whole_day_at_each_size():
    assert PLANS["full"].sizes[-1] == 5_000_000
    assert PLANS["full"].whole_up_to >= PLANS["full"].sizes[-1]


def test_a_size_that_the_plan_does_not_know_is_measured_as_often_as_its_largest():
    assert replace(PLAN, rounds=(5, 1)).at((10, 99), rounds=None).rounds == (5, 1)


def test_without_java_spark_is_left_out(bench: tuple[Bench, list[str]], monkeypatch: pytest.MonkeyPatch):
    def none() -> None:
        raise ConfigError(what="Apache Spark needs Java 17 or later, and there is none", where="PATH", next_step="install it")

    monkeypatch.setattr(runner, "require_java", none)
    under_way, told = bench
    under_way.do()
    assert not {*SPARK} & {*told}
    assert "there is none" in under_way.path.read_text(encoding="utf-8")


def test_a_fork_shares_data_and_nothing_else_and_is_gone_at_the_end(home: Path, tmp_path: Path):
    with Worlds(tmp_path / "cache", {}).fork(home) as fork:
        assert (fork / "lake/silver/filing/a.parquet").samefile(home / "lake/silver/filing/a.parquet")
        (fork / "manifests/batches/tax.json").write_text("changed")
        (fork / "lake/silver/filing/a.parquet").unlink()
    assert not fork.exists()
    assert "gated" in (home / "manifests/batches/tax.json").read_text()
    assert (home / "lake/silver/filing/a.parquet").read_text() == "rows"


def test_a_home_without_silver_has_its_bronze_and_no_verdicts(home: Path):
    unmake_silver(home)
    assert (home / "lake/bronze/tax_filing/b.parquet").exists()
    assert not (home / "lake/silver").exists()
    assert not (home / "manifests/state").exists()
    (batch,) = json.loads((home / "manifests/batches/tax.json").read_text()).values()
    assert (batch["chain"], batch["gated"], batch["conformed"]) == ("c", "", "")
