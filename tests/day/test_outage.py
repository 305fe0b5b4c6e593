"""Sources that stop delivering: windows end with the last delivery, so that an outage changes no count of events."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.scoring import SCORES
from jobs.lake.manifests import find_run, outages_of_run
from jobs.replay import replay_run
from jobs.report.daily_report import gather
from jobs.report.page import render_page
from jobs.steps.build_features import rebuild_features
from tests.day.town import TODAY, Town

OUTAGE = timedelta(days=45)
AGES = {"age_days", "days_since_change", "days_since_complaint", "days_since_visit", "days_since_violation", "days_since_follow_up"}
DECAYED = {"breach_rate", "excess_violations", "excess_breaches", "excess_of_ties", "excess_at_address", "excess_of_name"}


def test_an_outage_of_45_days_changes_no_count_of_events(golden: Town, tmp_path: Path) -> None:
    town = golden.copy(tmp_path)
    rebuild_features(town.lake, town.profile, TODAY + OUTAGE)
    before, after = (town.rows(features_contract(), day).set_index("entity_id") for day in (TODAY, TODAY + OUTAGE))
    counts = [one.column for one in catalogue() if one.column not in AGES | DECAYED | {"base_rate", "excess_of_industry"}]
    changed = {name for name in counts if not after[name].equals(before[name])}
    assert changed == set()
    assert (after["unfiled_returns"].fillna(0) <= before["unfiled_returns"].fillna(0)).all()
    assert (after["days_since_visit"] - before["days_since_visit"]).dropna().unique().tolist() == [OUTAGE.days]


@pytest.mark.parametrize(("days", "is_known"), [(120, True), (122, False)])
def test_the_last_values_of_a_source_are_used_for_the_days_that_the_profile_states(
    golden: Town, tmp_path: Path, days: int, *, is_known: bool
) -> None:
    """Returns are expected every 31 days and carried for 90."""
    town = golden.copy(tmp_path)
    day = TODAY + timedelta(days=days)
    rebuild_features(town.lake, town.profile, day)
    assert town.rows(features_contract(), day)["sales_12m"].notna().any() == is_known


def test_classes_freeze_while_a_source_is_stopped_and_the_run_says_so(golden: Town, tmp_path: Path) -> None:
    town = golden.copy(tmp_path)
    day = TODAY + timedelta(days=1)  # complaints and the register are expected every day
    town.run(day)
    run = find_run(town.home, day)
    stopped = {name: facts["until"] for name, facts in outages_of_run(run).items()}
    assert stopped == {"complaints": str(TODAY), "shops": str(TODAY)}
    before, after = (town.rows(SCORES, on).set_index("entity_id") for on in (TODAY, day))
    pd.testing.assert_series_equal(after["risk_class"], before["risk_class"])
    assert (after["evidence"] <= before["evidence"]).all()
    assert (after["evidence"] < before["evidence"]).any()
    assert replay_run(town.lake, town.profile, run).is_same
    for language, words in (("en", "Its last values of that day are used"), ("zh-Hans", "沿用当日的最近有效值")):
        assert words in render_page(gather(town.home, town.profile, day), language)
