"""What must not change a list: the layout of records in files, and records that were not known or events that had not happened."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from expectations.contracts.registration import STATUS
from jobs.lake.model_store import ModelStore
from jobs.steps.known_entities import known_entities
from jobs.training import gather_training_set
from jobs.training.train_model import train_day
from models.labels.cohorts import LeakedLabelError
from models.labels.sampling import sampled
from tests.day.deliveries import add_not_yet_known, append, rearrange, write
from tests.day.town import PROFILE, TODAY, Town, found_town, gold, listed

LATER = TODAY + timedelta(days=15)


def test_row_order_duplicate_rows_and_split_files_change_nothing(golden: Town, town: Town) -> None:
    rearrange(town.sources, random.Random(1))
    day = town.run()
    assert sum(batch["duplicates"] for source in day.sources for batch in source.batches) > 0
    assert gold(town) == gold(golden)


def add_later_deliveries(sources: Path) -> None:
    """Deliveries of the days after today: visits that found much, complaints, closures, returns, each also about the past."""
    shops = (sources / "shops" / "2026-06-30" / "changes.csv").read_text(encoding="utf-8").splitlines()[0]
    write(
        sources / "shops" / "2026-07-10" / "changes.csv",
        shops,
        "S15,Oak Provisions,shut,grocer,north,15 Mill Lane,80000,44000,2017-07-15,2026-06-20,P15,2026-06-20,shut",
        "S01,Amber Kitchen,open,restaurant,south,1 Dock Street,80000,80000,2017-02-15,,P77,2026-06-21,address",
    )
    write(
        sources / "returns" / "2026-07-10" / "late.csv",
        "shop;month;filed;sales;out;in;owed;paid;arrears;invoices;void;staff",
        *[f"S15;2026-0{month};2026-06-30;50000;6500;4000;2500;2500;0;120;0;4" for month in (3, 4, 5)],
        "S01;2026-06;2026-07-08;50000;6500;4000;2500;2500;0;120;0;4",
    )
    write(
        sources / "complaints" / "2026-07-10" / "day.jsonl",
        *[
            json.dumps(
                {"no": f"C9{number}", "on": "2026-06-28", "shop": "S02", "about": "food", "grade": "4", "outcome": "upheld"}
                | {"settled": "2026-07-09", "by": f"B9{number}", "updated": "2026-07-09 12:00"}
            )
            for number in range(6)
        ],
    )
    write(
        sources / "visits" / "2026-07-10" / "reports.csv",
        "no,shop,why,planned,visited,reported,state,items,breaches,grade,found",
        *[f"V{50 + n},S{1 + n:02},chosen,2026-06-10,2026-06-10,2026-07-0{1 + n % 9} 09:00,made,20,8,4,yes" for n in range(20)],
    )


@pytest.mark.slow
def test_unknown_records_and_announced_changes_change_nothing_yet(golden: Town, town: Town) -> None:
    add_not_yet_known(town.sources)
    append(
        town.sources / "shops" / "2026-06-30" / "changes.csv",
        "S20,Tin Roof Tools,shut,repair,south,20 Mill Lane yard,60000,24000,2010-03-15,2026-07-15,P20,2026-07-15,shut",
    )
    town.run()
    assert listed(town) == listed(golden)
    assert gold(town) == gold(golden)


def test_later_deliveries_do_not_change_a_day_that_is_run_after_them(golden: Town, town: Town) -> None:
    add_later_deliveries(town.sources)
    for source in ("shops", "returns", "complaints", "visits"):
        assert town.settle(source, LATER).verdict != "stopped"
    assert "closed" in set(known_entities(town.lake, town.profile, LATER).set_index("entity_id").loc[["S15"], STATUS])
    town.run()
    assert gold(town) == gold(golden)
    assert ModelStore(town.home).newest(TODAY) == ModelStore(golden.home).newest(TODAY)


def test_entities_closed_since_are_among_the_unvisited_of_earlier_days(golden: Town, tmp_path: Path) -> None:
    town = golden.copy(tmp_path)
    header, *shops = (town.sources / "shops" / "2026-04-01" / "register.csv").read_text(encoding="utf-8").splitlines()
    number, name, _, trade, area, address, *money = next(shop for shop in shops if shop.startswith("S21,")).split(",")[:9]
    closed = [number, name, "shut", trade, area, address, *money, "2026-07-05", "P21", "2026-07-05", "shut"]
    write(town.sources / "shops" / "2026-07-10" / "changes.csv", header, ",".join(closed))
    town.settle("shops", LATER)
    known = gather_training_set.training_set(town.lake, town.profile, LATER)
    today = known_entities(town.lake, town.profile, LATER).set_index("entity_id")[STATUS]
    assert known.unvisited is not None
    # S22 shut in February, before every cohort.
    assert (today["S21"], today["S22"]) == ("closed", "closed")
    assert {"S21", "S22"} & set(known.unvisited["entity_id"]) == {"S21"}


def test_the_engine_samples_the_same_entities_as_python(golden: Town) -> None:
    everybody = known_entities(golden.lake, golden.profile, TODAY)["entity_id"].tolist()
    some = known_entities(golden.lake, golden.profile, TODAY, share=0.5)["entity_id"].tolist()
    assert some == sampled(everybody, 0.5)
    assert 0 < len(some) < len(everybody)


@pytest.fixture(scope="module")
def reported_later(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Town:
    """The town where ten visits are enough to learn from, with twenty more reported later and taken in; for copying."""
    town = found_town(tmp_path_factory.mktemp("reported_later"), spark)
    folder = town.home.with_name("eager")
    shutil.copytree(PROFILE, folder)
    settings = (folder / "profile.toml").read_text(encoding="utf-8")
    settings = settings.replace("minimum_labels = 300", "minimum_labels = 10").replace(
        "minimum_positives = 30", "minimum_positives = 2"
    )
    write(folder / "profile.toml", settings)
    add_later_deliveries(town.sources)
    eager = Town(town.home, town.sources, town.session, folder)
    for source in ("shops", "returns", "complaints", "visits"):
        eager.settle(source, LATER)
    return eager


@pytest.fixture
def eager(reported_later: Town, tmp_path: Path) -> Town:
    """That town, to be changed."""
    return reported_later.copy(tmp_path)


def test_a_visit_reported_later_is_not_used_for_training(eager: Town) -> None:
    then = gather_training_set.training_set(eager.lake, eager.profile, TODAY)
    later = gather_training_set.training_set(eager.lake, eager.profile, LATER)
    # The planted visits come first of their cohort and would have trained, had they been known.
    assert (len(then.labels), len(later.labels)) == (7, 20)
    facts = ModelStore(eager.home).facts(train_day(eager.lake, eager.profile, TODAY))
    assert (facts["kind"], facts["visits"]) == ("rule", 7)


def test_with_too_many_labels_those_of_a_sample_of_businesses_are_used(eager: Town) -> None:
    whole = gather_training_set.training_set(eager.lake, eager.profile, LATER)
    wanting = replace(eager.profile, training=replace(eager.profile.training, most_labels=8))
    some = gather_training_set.training_set(eager.lake, wanting, LATER)
    assert 0 < len(some.labels) < len(whole.labels)
    assert some.labels_share == 8 / 20
    # Who was visited and is not learnt from is none of the unvisited.
    assert some.unvisited is not None
    at = ["entity_id", "cohort_on"]
    assert not some.unvisited.empty
    assert some.unvisited[at].merge(whole.labels[at]).empty


@pytest.mark.parametrize(
    ("businesses", "most", "more", "is_thinned"),
    [
        pytest.param(20, 68, {}, False, id="no plenty"),
        pytest.param(20, 22, {}, True, id="plenty"),
        pytest.param(20, 22, {"label_days": 45}, False, id="many visits would label no cohort"),
        pytest.param(20, 22, {"cohorts": 7}, False, id="too few cohorts would be left"),
        pytest.param(1, 5, {"cohorts": 11}, False, id="no more labels would be left than are learnt from"),
    ],
)
def test_with_many_labels_only_every_second_month_is_a_cohort(
    eager: Town, monkeypatch: pytest.MonkeyPatch, businesses: int, most: int, more: dict[str, int], is_thinned: bool
) -> None:
    days = pd.date_range("2026-05-05", "2027-04-10", freq="5D")
    visits = pd.DataFrame(
        {
            "entity_id": [f"S{number % businesses:02}" for number in range(len(days))], "inspected_on": days, "known_at": days,
            "found_violation": True, "selected_by": "targeted", "inclusion_probability": None, "inspector_id": None,
        }
    )  # fmt: skip
    asked: list[date] = []
    monkeypatch.setattr(gather_training_set, "known_visits", lambda *_: visits)
    monkeypatch.setattr(gather_training_set, "has_features", lambda _lake, _profile, day: asked.append(day) or True)
    training = replace(eager.profile.training, **{"cohorts": 12, "label_days": 60, "most_labels": most, **more})
    gather_training_set.build_cohort_features(eager.lake, replace(eager.profile, training=training), date(2027, 4, 15))

    assert {day.month % 2 for day in asked} == ({0} if is_thinned else {0, 1})
    assert len(asked) == training.cohorts // (2 if is_thinned else 1)


def test_visits_before_the_first_registration_give_no_labels(eager: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[date] = []
    monkeypatch.setattr(gather_training_set, "has_features", lambda _lake, _profile, day: asked.append(day) or True)
    long_ago = pd.DataFrame(
        {
            "entity_id": ["S01"], "inspected_on": ["2020-03-05"], "known_at": ["2020-03-06"], "found_violation": [True],
            "selected_by": ["targeted"], "inclusion_probability": [None], "inspector_id": [None],
        }
    )  # fmt: skip
    monkeypatch.setattr(gather_training_set, "known_visits", lambda *_: long_ago)
    training = replace(eager.profile.training, cohorts=120)
    gather_training_set.build_cohort_features(eager.lake, replace(eager.profile, training=training), LATER)
    assert asked == []


def test_a_planted_leak_is_refused(eager: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    known_too_early = gather_training_set.known_visits(eager.lake, eager.profile, LATER)
    everything = partial(_labels_known_whenever, build=gather_training_set.build_labels)
    monkeypatch.setattr(gather_training_set, "known_visits", lambda *_: known_too_early)
    monkeypatch.setattr(gather_training_set, "build_labels", everything)
    with pytest.raises(LeakedLabelError, match="must not train"):
        gather_training_set.training_set(eager.lake, eager.profile, TODAY)


def _labels_known_whenever(
    visits: pd.DataFrame, cohorts: object, *, label_days: int, known_before: object, build: object
) -> object:
    del known_before
    return build(visits, cohorts, label_days=label_days, known_before=pd.Timestamp("2099-01-01"))  # type: ignore[operator]
