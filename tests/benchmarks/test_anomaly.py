"""The benchmark of the anomaly score: halves of the sets, and the summary."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.anomaly import __main__ as program
from benchmarks.anomaly.compare import AUC, FOREST, OURS, PRECISION, summarise
from benchmarks.anomaly.sets import halves, read_set


def store(folder: Path, name: str, rows: int) -> None:
    """A set whose last ten rows are far from the others."""
    X = np.random.default_rng(0).normal(size=(rows, 3))
    X[-10:] += 6
    np.savez(folder / f"{name}.npz", X=X, y=(np.arange(rows) >= rows - 10).astype(int))


def measured(name: str, half: str, ours: float, forest: float) -> dict[str, object]:
    figures = {by: {AUC: [value], PRECISION: [value]} for by, value in ((OURS, ours), (FOREST, forest))}
    return {"set": name, "half": half, **figures}


def test_every_other_set_by_name_is_for_choosing_settings(tmp_path: Path):
    for name in ("2_b", "10_a", "3_c"):
        store(tmp_path, name, 20)
    assert halves(tmp_path) == {"10_a": "settings", "2_b": "reporting", "3_c": "settings"}


def test_large_sets_are_sampled_reproducibly(tmp_path: Path):
    store(tmp_path, "large", 20_500)
    one, two = (read_set(tmp_path, "large") for _ in range(2))
    assert (one.stored_rows, len(one.X), len(one.y)) == (20_500, 20_000, 20_000)
    np.testing.assert_array_equal(one.X, two.X)


def test_gains_are_means_over_sets_and_the_worst_is_named():
    summary = summarise([measured("a", "settings", 0.8, 0.7), measured("b", "reporting", 0.6, 0.64)])
    assert summary == {
        "sets": 2, "roc_auc_gain": 0.03, "average_precision_gain": 0.03, "better": 1, "worst": "b", "worst_gain": -0.04,
    }  # fmt: skip


def test_one_half_is_printed_but_not_written(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    for name in ("a", "b"):
        store(tmp_path, name, 200)
    monkeypatch.setattr(program, "RESULT", tmp_path / "results" / "anomaly.json")
    monkeypatch.setattr(program, "SEEDS", (0,))
    program.main(["--data", str(tmp_path), "--half", "settings"])
    printed = capsys.readouterr().out
    assert "| a | settings | 200 | 3 | 10 |" in printed
    assert "| b |" not in printed
    assert not program.RESULT.exists()
    program.main(["--data", str(tmp_path)])
    assert [one["set"] for one in json.loads(program.RESULT.read_text(encoding="utf-8"))["sets"]] == ["a", "b"]


def test_a_folder_without_sets_is_an_error(tmp_path: Path):
    with pytest.raises(SystemExit, match="--data"):
        program.main(["--data", str(tmp_path)])


def test_the_appendix_has_the_measured_figures():
    facts = json.loads((Path(program.__file__).parents[1] / "results" / "anomaly.json").read_text(encoding="utf-8"))
    (appendix,) = (Path(__file__).parents[2] / "docs" / "adr" / "appendix").glob("0014-*.md")
    table = appendix.read_text(encoding="utf-8")
    missing = [one["set"] for one in facts["sets"] if program.line(one) not in table]
    assert missing == [], "run `python -m benchmarks.anomaly` and put its table into the appendix of ADR 0014"
