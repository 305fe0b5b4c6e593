"""The cause of a rank movement: another model, the entity's own data, other entities, or a gap in a source's data."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of
from console.publishing.movement import has_data_gap
from console.publishing.publish import publish
from expectations.contracts.indicators import features_contract
from jobs.lake.finished_run import finished_run
from tests.conftest import FinishedDay
from tests.console.another_day import add_day
from tests.console.conftest import HANGZHOU, Site

TAX, COMPLAINTS = "zero_filing_streak", "complaints_12m"


@pytest.mark.parametrize(
    ("then", "now", "chain", "has_gap"),
    [
        (("passed", "a"), ("passed", "b"), "a", False),
        (("passed", "a"), ("unchanged", "a"), "a", False),
        (("passed", "a"), ("missing", "a"), "a", True),
        (("stopped", "a"), ("passed", "b"), "a", True),
        (("passed", "a"), ("not settled", None), None, True),
        (("passed", "a"), ("passed", "b"), "corrected", True),
        (("passed", None), ("passed", "b"), "a", False),
        (("passed", "a"), ("passed", None), None, False),
    ],
)
def test_a_source_has_a_data_gap_if_it_was_missing_on_either_day_or_was_corrected(
    then: tuple[str, str], now: tuple[str, str], chain: str, has_gap: bool
) -> None:
    first, second = ({"verdict": verdict, "chain": own} for verdict, own in (then, now))

    assert has_data_gap(first, second, chain) is has_gap


@pytest.fixture
def moved(site: Site, finished_day: FinishedDay, tmp_path: Path) -> Callable[..., Ranked]:
    """Publish a further day on which the last listed entity has other indicators and the first place; return it."""

    def moved(indicators: dict[str, float], settle: Callable[[str, dict[str, Any]], None]) -> Ranked:
        last = site.all_ranked(region_middle=HANGZHOU).last()

        def change(name: str, frame: pd.DataFrame) -> pd.DataFrame:
            is_last = frame["entity_id"] == last.entity_id if "entity_id" in frame else None
            if name == "gold/scores":
                frame.loc[is_last, "margin"] = 99.0
            if name == "gold/features":
                frame.loc[is_last, list(indicators)] = list(indicators.values())
            return frame

        run = add_day(finished_day.home, tmp_path / "home", finished_day.as_of, change=change)
        for folder in (run.home / "manifests" / "sources").iterdir():
            settled = json.loads((folder / f"{finished_day.as_of}.json").read_text(encoding="utf-8"))
            settle(folder.name, settled)
            (folder / f"{run.as_of}.json").write_text(json.dumps(settled), encoding="utf-8")
        done = publish(run)
        return Ranked.objects.using(alias_of(done.run_id)).get(entity_id=last.entity_id)

    return moved


def as_it_should(_source: str, _settled: dict[str, Any]) -> None:
    """Every source delivered as expected."""


def tax_is_missing(source: str, settled: dict[str, Any]) -> None:
    if source == "tax":
        settled["verdict"] = "missing"


def tax_was_corrected(source: str, settled: dict[str, Any]) -> None:
    if source == "tax":
        came = date.fromisoformat(settled["batches"][-1]["delivered_on"]) + timedelta(days=1)
        settled["batches"][-1]["chain"] = "corrected"
        settled["batches"].append({**settled["batches"][-1], "delivered_on": came.isoformat(), "chain": "the new one"})


@pytest.mark.parametrize(
    ("indicators", "settle", "moved_by"),
    [
        ({TAX: 77.0}, as_it_should, "own"),
        ({TAX: 77.0}, tax_is_missing, "data"),
        ({TAX: 77.0}, tax_was_corrected, "data"),
        ({TAX: 77.0, COMPLAINTS: 77.0}, tax_is_missing, "own"),
        ({COMPLAINTS: 77.0}, tax_is_missing, "own"),
        ({}, tax_is_missing, "own"),
    ],
)
def test_the_cause_is_data_if_only_a_source_with_a_gap_changed_the_entity(
    moved: Callable[..., Ranked], indicators: dict[str, float], settle: Callable[[str, dict[str, Any]], None], moved_by: str
) -> None:
    assert moved(indicators, settle).moved_by == moved_by


def test_a_passed_day_alone_is_no_change(site: Site, finished_day: FinishedDay, moved: Callable[..., Ranked]) -> None:
    last = site.all_ranked(region_middle=HANGZHOU).last()
    run = finished_run(finished_day.home, finished_day.as_of)
    features = run.day(features_contract(), ["entity_id", "age_days"]).to_pandas().set_index("entity_id")
    age = float(features["age_days"][last.entity_id])

    assert moved({TAX: 77.0, "age_days": age + 1}, tax_is_missing).moved_by == "data"


def test_another_model_is_the_first_cause(site: Site, moved: Callable[..., Ranked]) -> None:
    PublishedRun.objects.filter(run_id=site.run.run_id).update(model_id="another")

    assert moved({TAX: 77.0}, tax_is_missing).moved_by == "model"


def test_pages_name_the_source_with_the_gap(site: Site, moved: Callable[..., Ranked]) -> None:
    entity, client = moved({TAX: 77.0}, tax_is_missing), site.client("wang")

    assert [row.entity_id for row in client.get("/list/", {"moved": "data"}).context["rows"]] == [entity.entity_id]
    assert "Data arrived late, failed checks or were corrected · tax" in client.get(f"/entity/{entity.entity_id}/").content.decode()
    assert "On this day or the day before, the delivery did not arrive as expected" in client.get("/status/").content.decode()


def test_without_a_data_gap_no_indicator_is_read(moved: Callable[..., Ranked], monkeypatch: pytest.MonkeyPatch) -> None:
    def read(*_: Any) -> Any:
        raise AssertionError("nothing is to be read")

    monkeypatch.setattr("console.publishing.movement._values", read)

    assert moved({TAX: 77.0}, as_it_should).moved_by == "own"
