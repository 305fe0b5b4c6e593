"""Worlds are invented one at a time, and what was found of them is written down in one shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.planted import each_world as module
from benchmarks.planted.each_world import each_world, read_words, write_down


def test_a_world_is_there_while_it_is_judged_and_gone_before_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def invent(*, seed: int, out: Path, **_: object) -> None:
        out.mkdir(parents=True)
        (out / "seed").write_text(str(seed), encoding="utf-8")

    monkeypatch.setattr(module, "generate_world", invent)
    left_over = tmp_path / "seed1" / "home"
    left_over.mkdir(parents=True)
    asked = read_words("worlds", None, ["--out", str(tmp_path), "--worlds", "3"], worlds=5)
    seen = []
    for world in each_world(asked):
        assert [path.name for path in tmp_path.iterdir()] == [f"seed{world.seed}"]
        assert not world.home.exists(), "an earlier run's home judges nothing"
        seen.append((world.seed, (world.folder / "seed").read_text(encoding="utf-8")))
    assert seen == [(1, "1"), (2, "2"), (3, "3")]
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_asked_for_has_its_default(tmp_path: Path) -> None:
    asked = read_words("worlds", None, ["--out", str(tmp_path)], worlds=5)
    assert (asked.worlds, asked.entities, asked.months, asked.profile) == (5, 20_000, 24, "cn")


def test_figures_are_written_down_by_seed(tmp_path: Path) -> None:
    result = tmp_path / "results" / "planted.json"
    write_down(result, {"entities": 7}, {"mean": 0.5}, {1: {"share": 0.5}})
    assert json.loads(result.read_text(encoding="utf-8")) == {
        "entities": 7, "summary": {"mean": 0.5}, "worlds": {"1": {"share": 0.5}},
    }  # fmt: skip
