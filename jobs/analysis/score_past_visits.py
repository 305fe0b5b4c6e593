"""How visits that were made would have been scored before them, by the model that the card is judged by. Reads, never writes."""

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
class HeldOut:
    """Visits that a model was kept from.

    Attributes:
        visits: as :func:`score_past_visits` gives them.
        features: their indicators as they were known on the cohort's day, row by row.
        model: what scored them; None where there are no visits.
    """

    visits: pd.DataFrame
    features: pd.DataFrame
    model: RiskModel | None


def score_past_visits(lake: Lake, profile: Profile, trained_on: date) -> pd.DataFrame:
    """Score the visits of the last two cohorts with a model that is fitted on what was known when they began, as the card judges.

    Where labels are more than ``most_labels``, they are those of the sample of businesses that is learnt from.

    Args:
        lake: a lake whose cohorts' features are there, as training leaves them.
        profile: its profile.
        trained_on: the day that the model in use was trained for; what became known later is not used.

    Returns:
        ``entity_id, cohort_on, inspected_on, found`` (0 or 1), ``margin, probability`` (NaN from the rule that stands in where too
        few visits are known), ``past_record`` and ``selected_by``; no rows where there are fewer than four cohorts of visits, or
        where all that were held out ended alike.

    Raises:
        NothingToDo: when the features of the day of training are not there.
    """
    return hold_out(lake, profile, trained_on).visits


def hold_out(lake: Lake, profile: Profile, trained_on: date) -> HeldOut:
    """The same visits with the indicators that they were scored by, and the model that scored them.

    Raises:
        NothingToDo: when the features of the day of training are not there.
    """
    known = stored_training_set(lake, profile, trained_on)
    columns = [
        str(ENTITY_ID), COHORT_ON, str(inspection.INSPECTED_ON), FOUND, str(MARGIN), str(PROBABILITY), PAST_RECORD,
        str(inspection.SELECTED_BY),
    ]  # fmt: skip
    held_out = judge_model.hold_out(lake, known, profile)
    if held_out is None:
        return HeldOut(pd.DataFrame(columns=columns), known.features.head(0), None)
    labels, features = known.labels[held_out.rows], known.features[held_out.rows]
    found = labels[inspection.FOUND_VIOLATION]
    visits = labels.assign(**{FOUND: found, **held_out.scores, PAST_RECORD: past_record(features)})
    return HeldOut(visits[columns].reset_index(drop=True), features.reset_index(drop=True), held_out.model)
