"""A cached world is reused only with the same code, and keeps the origin of its measurement."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import steps
from benchmarks.harness import worlds
from benchmarks.harness.measure import Measurement
from benchmarks.harness.worlds import GENERATE_CODE, INTAKE_CODE, PROFILE_FOLDER, Worlds
from jobs.foundation.code_version import OURS
from tests.imported import imported_modules, module_name


@pytest.mark.parametrize(("step", "roots"), [(steps.generate, GENERATE_CODE), (steps.intake, INTAKE_CODE)])
def test_the_cache_key_covers_all_code_of_a_step(step: Callable[..., None], roots: tuple[str, ...]) -> None:
    runs = {module for path in imported_modules(ast.parse(inspect.getsource(step))) if (module := module_name(path))}
    keyed = {key.module for key in OURS.reached(roots)}
    assert runs - keyed == set()
    assert len(keyed) > 12
    assert f"{step.__module__}:{step.__name__}" in roots


def test_a_home_depends_on_the_profile() -> None:
    assert (PROFILE_FOLDER / "profile.toml").is_file()
    assert PROFILE_FOLDER.name == steps.PROFILE


def test_a_cached_world_keeps_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(step: str, *options: object) -> Measurement:
        ran.append(step)
        Path(str(options[options.index("--out" if step == "generate" else "--home") + 1])).mkdir(parents=True)
        return Measurement(wall_seconds=float(len(ran)), cpu_seconds=1.0, peak_mib=1.0, exit_code=0)

    monkeypatch.setattr(worlds, "deliver_next_day", lambda *_: {"tax": 1})
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
