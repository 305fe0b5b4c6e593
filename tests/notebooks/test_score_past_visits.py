"""Past visits are scored by a model that could not have known them."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from jobs.training import gather_training_set
from jobs.training import judge_model
from jobs.analysis.score_past_visits import score_past_visits
from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.profile.profile import Profile
from tests.conftest import FinishedDay

pytestmark = pytest.mark.timeout(900)


def learning_from_few(finished_day: FinishedDay) -> Profile:
    """The day's profile, with fewer visits asked to learn from."""
    policy = load_profile(finished_day.profile)
    return replace(policy, training=replace(policy.training, minimum_labels=60, minimum_positives=5))


def test_visits_are_scored_by_the_model_that_the_card_is_judged_by(finished_day: FinishedDay, spark: SparkSession) -> None:
    lake, profile = Lake(finished_day.home, spark), learning_from_few(finished_day)
    known = gather_training_set.training_set(lake, profile, finished_day.as_of)
    held_out = judge_model.hold_out(lake, known, profile)
    assert held_out is not None
    scored = score_past_visits(lake, profile, finished_day.as_of)
    assert scored["margin"].tolist() == held_out.scores["margin"].tolist()
    assert scored["probability"].tolist() == held_out.scores["probability"].tolist()


def test_what_the_scored_visits_found_changes_no_score(
    finished_day: FinishedDay, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, profile = Lake(finished_day.home, spark), learning_from_few(finished_day)
    scored = score_past_visits(lake, profile, finished_day.as_of)
    begin = scored["cohort_on"].min()
    known_visits = gather_training_set.known_visits
    visits = known_visits(lake, profile, finished_day.as_of)
    is_later = pd.to_datetime(visits["inspected_on"]) > begin
    flipped = visits.assign(found_violation=visits["found_violation"].astype(bool) ^ is_later)
    monkeypatch.setattr(
        gather_training_set, "known_visits", lambda *day, **only: known_visits(*day, **only) if only else flipped
    )

    again = score_past_visits(lake, profile, finished_day.as_of)

    assert len(scored) > 10
    assert scored["probability"].notna().all()
    assert (scored["inspected_on"] > scored["cohort_on"]).all()
    assert scored["cohort_on"].nunique() == 2
    # Among the first and only visits of an entity and day, what was found is turned round; no score moves.
    assert (again["found"] != scored["found"]).mean() > 0.9
    pd.testing.assert_frame_equal(again.drop(columns="found"), scored.drop(columns="found"))
