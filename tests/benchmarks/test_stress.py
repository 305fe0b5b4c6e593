"""The stress suite: what scenarios change, figures by the truth, and the page."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.stress import worlds
from benchmarks.stress.__main__ import PAGE, RESULT, stored_worlds
from benchmarks.stress.measures import (
    YIELD,
    class_figures,
    first_labels,
    list_figures,
)
from benchmarks.stress.page import FEW_LABELS, render, summarise
from benchmarks.stress.scenarios import SCENARIOS, late_deliveries, never_seen, next_day, null_today, tiny_regions
from benchmarks.stress.worlds import Making, StressWorld
from jobs.profile.load_profile import load_profile
from models.foundation.inputs import catalogue_inputs, usable_inputs
from models.labels.training_set import TrainingSet
from models.targeting.ranking import rank_list

FEATURES = pd.DataFrame({name: [1.0, 2.0] for name in catalogue_inputs().columns}).assign(entity_id=["a", "b"])
OF_TAX = {"late_filing_share", "late_filing_share_vs_peers", "capital_to_sales"}
"""Some columns that tax is needed for, the last one with the register."""
OF_OTHERS = {"age_days", "complaints_12m", "entity_id"}


def small_world() -> StressWorld:
    """Two entities without a visit, and no model."""
    known = TrainingSet(FEATURES, FEATURES.head(0), FEATURES.head(0), usable_inputs(FEATURES), follow_ups=FEATURES)
    nothing: Any = None
    making = Making(Path("seed1"), 1, 2, 24)
    return StressWorld(making, load_profile("cn"), known, FEATURES, nothing, nothing, pd.Series(dtype=object), nothing)


def columns_without_value(features: pd.DataFrame) -> set[str]:
    return set(features.columns[features.isna().all()])


def test_a_null_source_loses_its_columns_and_peer_forms_today_only(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = pd.DataFrame({"entity_id": ["a", "b"], "risk_class": ["A", "B"]})
    monkeypatch.setattr(StressWorld, "scores", scores)
    world = small_world()
    changed = null_today(world, "tax")
    lost = columns_without_value(changed.features)
    assert lost >= OF_TAX
    assert not lost & OF_OTHERS
    assert changed.known is world.known
    assert dict(changed.earlier) == {"a": "A", "b": "B"}
    assert next_day(world, FEATURES).features is FEATURES


def test_a_source_never_seen_is_in_no_feature_and_no_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worlds, "fit", lambda known, *_: known.inputs)
    changed = never_seen(small_world(), "tax")
    lost = columns_without_value(changed.features)
    assert lost >= OF_TAX
    for frame in (changed.known.population, changed.known.follow_ups):
        assert columns_without_value(frame) == lost
    assert set(changed.model.columns) == set(small_world().known.inputs.columns) - lost


def test_deliveries_of_the_last_days_are_late(tmp_path: Path) -> None:
    for day in ("2026-05-15", "2026-05-16", "2026-05-17", "2026-06-30"):
        (tmp_path / day).mkdir()
    assert [path.name for path in late_deliveries(tmp_path, date(2026, 6, 30))] == ["2026-05-17", "2026-06-30"]


def test_a_tiny_region_has_one_visit() -> None:
    capacity = tiny_regions(small_world()).profile.capacity
    assert (capacity.region_level, capacity.of("330102")) == ("own", 1)


def test_no_list_finds_more_than_the_oracle() -> None:
    rng, world = np.random.default_rng(1), small_world()
    rows = pd.DataFrame({"entity_id": [f"E{at}" for at in range(300)], "capacity_region": ["x"] * 200 + ["y"] * 70 + ["z"] * 30})
    rows = rows.assign(**{YIELD: rng.random(300), "probability": 0.1, "violates": rng.random(300) < 0.1, "was_found": False})
    found = []
    for objective in (rng.random(300), rows[YIELD], -rows[YIELD]):
        listed = rank_list(rows.assign(objective=objective), world.profile.capacity.of, b"key")["entity_id"]
        figures = list_figures(rows, listed, world)
        assert figures["listed"] == 40 + 40 + 30
        assert figures["promised"] == pytest.approx(11.0)
        found.append(figures["findings"])
    assert found[1] == pytest.approx(figures["oracle"])
    assert found[2] < figures["random"] < found[1]
    assert found[0] < found[1]


def test_violators_in_bad_classes_are_those_without_an_earlier_finding() -> None:
    rows = pd.DataFrame(
        {"risk_class": list("AABCD"), "violates": [0, 1, 1, 1, 1], "was_found": [0, 0, 0, 0, 1], YIELD: [0.1, 0.3, 0.5, 0.6, 0.7]}
    ).astype({"violates": bool, "was_found": bool})
    figures = class_figures(rows, ("D", "C", "B", "A"), "B")
    assert figures["violators in bad classes"] == pytest.approx(1 / 3)
    assert (figures["size of A"], figures["findings per visit of A"]) == (0.4, pytest.approx(0.2))


def test_more_labels_contain_fewer() -> None:
    found = np.random.default_rng(2).random(500) < 0.1
    before = first_labels(found, 0, seed=3)
    assert not found[before].any()
    for positives in (10, 20, 30):
        mask = first_labels(found, positives, seed=3)
        assert found[mask].sum() == positives
        assert mask[before].all()
        before = mask


def test_the_interval_is_of_paired_differences() -> None:
    worlds = [{"plain": {"findings": 10.0 * at}, "other": {"findings": 11.0 * at, "promised": None}} for at in (1, 2, 3)]
    of = {end: frame.loc["other"] for end, frame in summarise(worlds, "plain").items()}
    assert (of["mean"]["findings"], of["difference"]["findings"]) == (22.0, pytest.approx(2.0))
    # t(0.975, 2) = 4.303; the standard error of 1, 2, 3 is 1 / sqrt(3).
    assert of["low"]["findings"] == pytest.approx(2 - 4.303 / 3**0.5, abs=1e-3)
    assert of["high"]["findings"] == pytest.approx(2 + 4.303 / 3**0.5, abs=1e-3)
    assert np.isnan(of["mean"]["promised"])


def test_the_page_shows_means_differences_and_missing_figures() -> None:
    measured = {
        str(seed): {
            "scenarios": {"plain": {"findings": 90.0 + seed}, "tax null": {"findings": 80.0 + 3 * seed, "promised": None}},
            FEW_LABELS: {"0": {"findings": 50.0}, "10": {"findings": 40.0}},
        }
        for seed in (1, 2)
    }
    facts = {"entities": 20_000, "months": 24, "machine": {"revision": "abc", "measured_on": "2026-12-03"}}
    page = render({**facts, "worlds": measured})
    assert "| tax null | - | 84.5 | - | - | - | - | - | - | -7.0 (-19.7 to +5.7) |" in page
    assert f"| tax null | {SCENARIOS['tax null'][0]} | 2 |" in page
    assert "| 10 | 40.0 | - | - | - | -10.0 (-10.0 to -10.0) | - (- to -) | - (- to -) |" in page
    assert "{" not in page


def test_figures_of_other_code_are_not_used(tmp_path: Path) -> None:
    result = tmp_path / "stress.json"
    assert stored_worlds(result, {"code": "1"}) == {}
    result.write_text(json.dumps({"code": "1", "entities": 7, "worlds": {"11": {}}}), encoding="utf-8")
    assert stored_worlds(result, {"code": "1", "entities": 7}) == {"11": {}}
    assert stored_worlds(result, {"code": "2", "entities": 7}) == {}


def test_the_committed_page_is_that_of_the_results() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(json.loads(RESULT.read_text(encoding="utf-8")))
