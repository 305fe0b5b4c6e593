"""The page of benchmarks shows the results and nothing that identifies the machine's owner."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benchmarks import page as pages
from benchmarks.harness.machine import machine_facts
from benchmarks.harness.plans import PLANS
from benchmarks.page import PAGE, PLOTS, RESULTS, draw, render, whole_page
from tests.benchmarks.test_summary import found

MACHINE = {
    "processor": "Some Processor", "cores": 2, "memory_gib": 23.5, "system": "Linux x86_64", "python": "3.11.7", "java": None,
    "packages": {"duckdb": "2.0.1"}, "revision": "abc", "measured_on": "2026-01-02", "load": 0.1,
}  # fmt: skip


def result() -> dict[str, Any]:
    stages = [{"stage": "ingest", "seconds": 1.0}, {"stage": "features", "seconds": 2.0}]
    measurements = [
        *[found(step, n, n / 100 * factor) for n in (1000, 4000) for step, factor in (("features", 3), ("features-duckdb", 1))],
        *[found(step, 1000, seconds, stages=stages) for step, seconds in (("day", 4), ("rebuild", 10), ("whole day", 20))],
        found("whole day", 4000, 160, stages=stages),
        found("score", 4000, 30, stages=[{"stage": "score", "seconds": 29.0, "entities": 4000}]),
        found("target", 4000, 12.5, peak_mib=140.0, stages=[{"stage": "target", "seconds": 11.0, "listed": 80}]),
        {"step": "features-spark", "entities": 1000, "left_out": "there is no Java"},
    ]
    return {"name": "small", "machine": MACHINE, "memory_limit_gib": 8, "measurements": measurements}


def test_the_page_shows_figures_ratios_growth_and_steps_left_out():
    page = render([result()])
    assert "## From 1,000 to 4,000 entities\n" in page
    assert "| 4,000 | Steelyard on Sail | 120.0 | 240.0 | 100 | 8 | 1 | 1.00 | 3.00 | 3.00 |" in page
    assert "| Steelyard on Sail | 1.00 | 1.00 | 0.00 |" in page
    assert "| 1,000 | 40.0% | 40.0% |" in page, "a next day takes two fifths of a rebuild"
    assert "| 1,000 | 20 | 100 | 5% | 10% |" in page
    assert "| a whole day | 1.50 | 1.50 | 0.00 |" in page, "four times the entities take eight times as long"
    assert "| score every entity | 4,000 | 30.0 | 60.0 | 100 | 33 | 1 | 1.00 |" in page
    assert "| 4,000 | 80 | 42.5 | 140 |" in page, "scores, list and reasons together"
    assert "| `features-spark` | 1,000 | there is no Java |" in page


def test_figures_of_two_days_have_no_ratio_or_growth():
    results = result()
    for one in results["measurements"]:
        is_older = one["step"] == "features-duckdb" or one["entities"] == 1000
        one.update(revision="old" if is_older else "new", processor="P", measured_on="2026-01-01" if is_older else "2026-01-02")
    page = render([results])
    assert "Measured 2026-01-01 at revision `old` on P; 2026-01-02 at revision `new` on P." in page
    assert "| 4,000 | Steelyard on Sail | 120.0 | 240.0 | 100 | 8 | 1 | 1.00 | - | - |" in page
    assert "| 1,000 | Steelyard on Sail | 30.0 | 60.0 | 100 | 33 | 1 | 1.00 | 3.00 | 3.00 |" in page
    assert "| a whole day |" not in page, "the sizes were measured on different days"


def test_every_plot_of_the_page_is_drawn(tmp_path: Path):
    draw(result(), tmp_path)
    shown = re.findall(r"\]\(benchmarks/([\w-]+\.svg)\)", render([result()]))
    assert len(shown) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(shown)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    draw(result(), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first, "the same figures give the same bytes"


def test_the_committed_page_is_current():
    if not any((RESULTS / f"{name}.json").exists() for name in (*PLANS, "console")):
        pytest.skip("there are no results yet: run `make bench`")
    page = PAGE.read_text(encoding="utf-8")
    assert page == whole_page(RESULTS), "run `python -m benchmarks.page`"
    missing = [name for name in re.findall(r"\]\(benchmarks/([\w-]+\.svg)\)", page) if not (PLOTS / name).is_file()]
    assert missing == []


def test_the_page_is_written_with_the_section_on_the_console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    published = {"seconds": 41.5, "cpu_seconds": 60.0, "peak_mib": 900}
    facts = {"entities": 1_000_000, "listed": 500, "workers": 2, "at_once": 4, "fill_seconds": 90.0, "publish": published}
    console = {"sqlite": {**facts, "machine": MACHINE, "audit": {"events": 12, "breaks": 0}}}
    (tmp_path / "small.json").write_text(json.dumps(result()), encoding="utf-8")
    (tmp_path / "console.json").write_text(json.dumps(console), encoding="utf-8")
    for name, path in {"RESULTS": tmp_path, "PAGE": tmp_path / "page.md", "PLOTS": tmp_path / "plots"}.items():
        monkeypatch.setattr(pages, name, path)
    pages.main()
    written = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert written == whole_page(tmp_path)
    assert written.startswith(render([result()]))
    assert "a new day 41.5 s" in written


def test_the_facts_of_the_machine_have_no_host_user_or_folder():
    text = json.dumps(machine_facts())
    assert {"processor", "cores", "memory_gib", "revision", "measured_on"} <= machine_facts().keys()
    import getpass
    import platform

    assert platform.node() not in text
    assert f'"{getpass.getuser()}"' not in text
    assert str(Path.home()) not in text
    assert str(Path.cwd()) not in text
