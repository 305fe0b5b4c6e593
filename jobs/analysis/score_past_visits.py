"""Score past visits with what was known before them, by the model that the model card evaluates. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from expectations.contracts import inspection
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import MARGIN, PROBABILITY
from jobs.engine.lake import Lake
from jobs.profile.profile import Profile
from jobs.training import judge_model
from jobs.training.gather_training_set import stored_training_set
from models.evaluation.baselines import past_record
from models.labels.cohorts import COHORT_ON
from models.risk_model import RiskModel

FOUND, PAST_RECORD = "found", "past_record"


@dataclass(frozen=True)
class ScoredVisits:
    """Visits that a model was not fitted on.

    Attributes:
        visits: as :func:`score_past_visits` returns them.
        features: their indicators as known on the cohort's day, row by row.
        model: the model that scored them; None if there are no visits.
    """

    visits: pd.DataFrame
    features: pd.DataFrame
    model: RiskModel | None


def score_past_visits(lake: Lake, profile: Profile, trained_on: date) -> pd.DataFrame:
    """Score the visits of the last two cohorts with a model fitted on what was known before them, as the model card does.

    If there are more than ``most_labels`` labels, only those of the sampled businesses are used.

    Args:
        lake: a lake with the features of its cohorts, as training writes them.
        profile: its profile.
        trained_on: the day for which the model in use was trained; later knowledge is not used.

    Returns:
        ``entity_id, cohort_on, inspected_on, found`` (0 or 1), ``margin, probability`` (NaN from the fallback rule if too
        few visits are known), ``past_record`` and ``selected_by``; no rows for fewer than four cohorts of visits, or if all
        held-out visits ended alike.

    Raises:
        InputMissing: when the features of the day of training do not exist.
    """
    return hold_out(lake, profile, trained_on).visits


def hold_out(lake: Lake, profile: Profile, trained_on: date) -> ScoredVisits:
    """The same visits with their indicators, and the model that scored them.

    Raises:
        InputMissing: when the features of the day of training do not exist.
    """
    known = stored_training_set(lake, profile, trained_on)
    columns = [
        str(ENTITY_ID), COHORT_ON, str(inspection.INSPECTED_ON), FOUND, str(MARGIN), str(PROBABILITY), PAST_RECORD,
        str(inspection.SELECTED_BY),
    ]  # fmt: skip
    held_out = judge_model.hold_out(lake, known, profile)
    if held_out is None:
        return ScoredVisits(pd.DataFrame(columns=columns), known.features.head(0), None)
    labels, features = known.labels[held_out.rows], known.features[held_out.rows]
    found = labels[inspection.FOUND_VIOLATION]
    visits = labels.assign(**{FOUND: found, **held_out.scores, PAST_RECORD: past_record(features)})
    return ScoredVisits(visits[columns].reset_index(drop=True), features.reset_index(drop=True), held_out.model)
