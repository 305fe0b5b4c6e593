"""A world that is kept is used again only while the code that made it is the same, and tells where it was measured."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import steps
from benchmarks.harness import worlds
from benchmarks.harness.measure import Measured
from benchmarks.harness.worlds import INVENTING, PROFILE_FOLDER, TAKING_IN, Worlds
from jobs.foundation.code_version import OURS
from tests.imported import imports, named


@pytest.mark.parametrize(("step", "roots"), [(steps.generate, INVENTING), (steps.intake, TAKING_IN)])
def test_all_code_that_a_kept_step_runs_is_in_its_key(step: Callable[..., None], roots: tuple[str, ...]) -> None:
    runs = {module for path in imports(ast.parse(inspect.getsource(step))) if (module := named(path))}
    keyed = {key.module for key in OURS.reached(roots)}
    assert runs - keyed == set()
    assert len(keyed) > 12
    assert f"{step.__module__}:{step.__name__}" in roots


def test_a_home_is_made_again_when_the_profile_changes() -> None:
    assert (PROFILE_FOLDER / "profile.toml").is_file()
    assert PROFILE_FOLDER.name == steps.PROFILE


def test_what_was_measured_at_an_earlier_revision_or_day_keeps_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(step: str, *options: object) -> Measured:
        ran.append(step)
        Path(str(options[options.index("--out" if step == "generate" else "--home") + 1])).mkdir(parents=True)
        return Measured(wall_seconds=float(len(ran)), cpu_seconds=1.0, peak_mib=1.0, exit_code=0)

    monkeypatch.setattr(worlds, "deliver_tomorrow", lambda *_: {"tax": 1})
    monkeypatch.setattr(worlds, "_records", lambda _home: 7)
    old = {"revision": "a", "processor": "P", "measured_on": "2026-01-01"}
    new = {"revision": "b", "processor": "P", "measured_on": "2026-01-02"}
    first = Worlds(tmp_path, old).world(10, 3, run)
    again = Worlds(tmp_path, new).world(10, 3, run)
    assert ran == ["generate", "intake"]
    assert again == first
    assert again.origins == {"generate": old, "intake": old}
    larger = Worlds(tmp_path, new).world(20, 3, run)
    assert larger.origins == {"generate": new, "intake": new}
