"""Worlds are generated one at a time, and results are written in one format."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.harness import each_world as module
from benchmarks.harness.each_world import simulated_worlds, world_options, write_result


def test_a_world_exists_while_it_is_used_and_is_removed_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate(*, seed: int, out: Path, **_: object) -> None:
        out.mkdir(parents=True)
        (out / "seed").write_text(str(seed), encoding="utf-8")

    monkeypatch.setattr(module, "generate_world", generate)
    leftover = tmp_path / "seed4" / "home"
    leftover.mkdir(parents=True)
    options = world_options("worlds", None, worlds=5).parse_args(["--out", str(tmp_path), "--worlds", "3", "--first-seed", "4"])
    seen = []
    for world in simulated_worlds(options):
        assert [path.name for path in tmp_path.iterdir()] == [f"seed{world.seed}"]
        assert not world.home.exists(), "the home of an earlier run is removed"
        seen.append((world.seed, (world.folder / "seed").read_text(encoding="utf-8")))
    assert seen == [(4, "4"), (5, "5"), (6, "6")]
    assert list(tmp_path.iterdir()) == []


def test_options_have_defaults(tmp_path: Path) -> None:
    options = world_options("worlds", None, worlds=5).parse_args(["--out", str(tmp_path)])
    assert (options.worlds, options.first_seed, options.entities, options.months, options.profile) == (5, 1, 20_000, 24, "cn")


def test_figures_are_written_by_seed(tmp_path: Path) -> None:
    result = tmp_path / "results" / "figures.json"
    write_result(result, {"entities": 7}, {"mean": 0.5}, {1: {"share": 0.5}})
    assert json.loads(result.read_text(encoding="utf-8")) == {
        "entities": 7, "summary": {"mean": 0.5}, "worlds": {"1": {"share": 0.5}},
    }  # fmt: skip
