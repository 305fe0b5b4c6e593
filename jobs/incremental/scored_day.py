"""What a day's list may be made of: scores of its features, both as this profile and this code would make them."""

from __future__ import annotations

from datetime import date

from expectations.contracts.scoring import SCORES
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.incremental.previous_classes import previous_classes
from jobs.incremental.versions_read import as_scored, read_feature_inputs, scores_noted
from jobs.lake.manifests import note_path
from jobs.profile.profile import Profile
from jobs.steps.feature_state import features_fingerprint
from jobs.steps.score_entities import scores_fingerprint


def lake_of_scored_day(lake: Lake, profile: Profile, as_of: date) -> Lake:
    """The lake with the tables that the scored features were built from as they were then.

    A manifest names the profile and the code of the step that writes it; each step of a day reads them anew, and they may have been
    changed in between. What was made under others would then come out differently when the day is done again.

    Raises:
        InputMissing: when the day's scores are not of its features, when either was made under other policies or by other code, or
            when the classes they were held against are others by now.
    """
    there = as_scored(lake, as_of)
    scores = scores_noted(lake.home, as_of)
    for step, noted, wanted in (
        ("features", read_feature_inputs(lake.home, as_of), features_fingerprint(profile)),
        ("scores", scores, scores_fingerprint(profile)),
    ):
        if noted.get("made_under") != wanted:
            raise _again(lake, as_of, f"the {step} of {as_of} were made under other policies, or by another Steelyard")
    if lake.version(SCORES) != scores.get("table_version") and previous_classes(lake, as_of).facts != scores["classes_before"]:
        raise _again(lake, as_of, f"the classes that the scores of {as_of} were held against are others by now")
    return there


def _again(lake: Lake, as_of: date, what: str) -> InputMissing:
    return InputMissing(
        what=what,
        where=str(note_path(lake.home, "scores", as_of)),
        next_step="give the steps `features`, `score` and `target` of the day again, in this order",
    )
