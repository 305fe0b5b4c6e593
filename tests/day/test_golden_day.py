"""A whole day from text files to a list that is written down: too few visits to learn from, so the declared rule scores.

When a change of the rule, the indicators or the anomaly is meant, the failing test shows the new list; read it as a
regulator would, and put it in ``expected_list.txt``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from expectations.contracts import scoring
from expectations.contracts.indicators import features_contract
from jobs.foundation.files import read_json
from jobs.lake.manifests import run_manifest_path
from jobs.lake.model_store import ModelStore
from tests.day.town import HERE, PROFILE, SOURCES, TODAY, Town, gold, listed, manifests

EXPECTED = HERE / "expected_list.txt"


def test_the_list_is_the_expected_one(golden: Town) -> None:
    assert listed(golden) == EXPECTED.read_text(encoding="utf-8")


def test_too_few_visits_give_the_fallback_rule_and_no_probability(golden: Town) -> None:
    scores = golden.rows(scoring.SCORES)
    (model_id,) = scores["model_id"].unique()
    facts = ModelStore(golden.home).facts(model_id)
    # V05 and V07 in May, V08 to V12 in June; V06 met nobody, and the others lie before the cohorts of April and May.
    assert (facts["kind"], facts["visits"], facts["found"]) == ("rule", 7, 2)
    assert scores["probability"].isna().all()


def test_every_known_business_is_scored_and_only_active_ones_are_listed(golden: Town) -> None:
    assert list(golden.rows(scoring.SCORES)["entity_id"]) == [f"S{number:02}" for number in range(1, 27)]
    # S22 shut in February, S23 was struck off on the 25th.
    assert not {"S22", "S23"} & set(golden.rows(scoring.RISK_LIST)["entity_id"])


def test_indicators_equal_those_counted_by_hand_in_the_files(golden: Town) -> None:
    features = golden.rows(features_contract()).set_index("entity_id")
    assert features.loc["S15", "unfiled_returns"] == 3  # March, April and May were never filed
    assert features.loc["S16", "late_filing_share"] == 1  # all three came, each after its 15th
    assert features.loc["S18", "complaint_points"] == 8 + 8 + 2 + 8  # safety, safety, quality, safety
    assert features.loc["S16", "complaints_12m"] == 2  # both name no number: found by name and address, and by name
    assert features.loc["S20", "violations_36m"] == 2  # V03 in December, V08 in June
    assert features.loc["S21", "rep_and_address_changed"] == 1  # 5 June and 20 June
    assert features.loc["S26", "age_days"] == 1  # opened yesterday
    assert features.loc["S10", "changes_12m"] == 1


def test_equal_entities_are_ordered_by_the_keyed_hash(golden: Town) -> None:
    twins = golden.rows(scoring.RISK_LIST).set_index("entity_id").loc[["S05", "S07"]]
    assert twins["objective"].nunique() == 1
    assert list(twins.sort_values("list_rank")["tie_break"]) == sorted(twins["tie_break"])


def test_ranks_count_from_one_without_a_gap_and_no_region_exceeds_its_capacity(golden: Town) -> None:
    rows = golden.rows(scoring.RISK_LIST).sort_values("list_rank")
    assert list(rows["list_rank"]) == list(range(1, len(rows) + 1))
    assert rows["objective"].is_monotonic_decreasing
    by_region = {region: list(ranks) for region, ranks in rows.groupby("capacity_region")["region_rank"]}
    assert by_region == {"north": [1, 2, 3, 4, 5, 6], "south": [1, 2, 3, 4, 5]}


def test_the_manifest_describes_the_day(golden: Town) -> None:
    run = read_json(run_manifest_path(golden.home, TODAY))
    assert run["sources"] == dict.fromkeys(("complaints", "returns", "shops", "visits"), "passed")
    assert (run["entities"], run["listed"]) == (26, 11)


def test_the_same_day_in_another_home_and_process_is_the_same_to_the_bit(golden: Town, tmp_path: Path) -> None:
    command = ["run", "--profile", str(PROFILE), "--sources", str(SOURCES), "--home", str(tmp_path / "home"), "--as-of", str(TODAY)]
    done = subprocess.run(
        [sys.executable, "-m", "jobs.cli", *command],
        env=os.environ | {"PYTHONHASHSEED": "4711"},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    other = Town(tmp_path / "home", SOURCES, golden.session)
    assert gold(other) == gold(golden)
    assert manifests(other, TODAY) == manifests(golden, TODAY)
    assert ModelStore(other.home).newest(TODAY) == ModelStore(golden.home).newest(TODAY)
