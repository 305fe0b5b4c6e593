"""Make the day's list: rank the entities that may be visited within each region's capacity, with reasons for each."""

from __future__ import annotations

import os
from datetime import date

import pandas as pd
import pyarrow as pa

from expectations.contracts import scoring
from expectations.contracts.lineage import AS_OF, ENTITY_ID
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.incremental.staleness import scored_day
from jobs.profile.profile import Profile
from jobs.steps.explain_listed import explain
from jobs.steps.known_entities import REGION_OF_LEVEL, active_ids, known_entities
from jobs.transforms.coverage import Coverage
from models.targeting.ranking import drop_without_reasons, rank_list

TIE_KEY_VARIABLE = "STEELYARD_TIE_KEY"
PUBLIC_TIE_KEY = "steelyard"
UNKNOWN_REGION = "unknown"


def target_scored_day(lake: Lake, profile: Profile, as_of: date) -> int:
    """Make the day's list from the table versions that its scored features were built from; return how many are listed.

    Raises:
        InputMissing: as for :func:`jobs.incremental.staleness.scored_day`.
    """
    lake = scored_day(lake, profile, as_of).lake
    return target_day(lake, profile, as_of)


def target_day(lake: Lake, profile: Profile, as_of: date, *, coverage: Coverage | None = None) -> int:
    """Replace the day's list and its reasons; return how many entities are listed.

    Args:
        coverage: up to which day each source has delivered, by default as noted with the day's features.

    Raises:
        InputMissing: when the day has no scores.
    """
    scores = lake.arrow(scoring.SCORES, where=f"{AS_OF} = '{as_of}'").to_pandas()
    if scores.empty:
        raise InputMissing(
            what=f"there are no scores for {as_of}", where=str(lake.path(scoring.SCORES)), next_step="run `steelyard score`"
        )
    candidates = list_candidates(scores, known_entities(lake, profile, as_of), profile)
    listed = rank_list(candidates, profile.capacity.of, tie_key(as_of))
    explained = explain(lake, profile, as_of, listed, coverage)
    listed = drop_without_reasons(explained.listed, set(explained.reasons[ENTITY_ID].to_pylist()))
    where = f"{AS_OF} = '{as_of}'"
    # Reasons first, so that there is never a list without reasons.
    lake.replace_arrow(explained.reasons, scoring.REASONS, where)
    lake.replace_arrow(pa.Table.from_pandas(listed, preserve_index=False), scoring.RISK_LIST, where)
    return len(listed)


def list_candidates(scores: pd.DataFrame, entities: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """The scored entities that may be listed, with their capacity region and the objective that the list is ranked by."""
    candidates = scores.merge(entities[entities[ENTITY_ID].isin(active_ids(entities, profile))], on=ENTITY_ID)
    # Entities without a region are ranked too, as a region of their own.
    candidates[scoring.CAPACITY_REGION] = candidates[REGION_OF_LEVEL[profile.capacity.region_level]].fillna(UNKNOWN_REGION)
    # The fallback rule has no probability; it ranks by its margin.
    kind = profile.objective.kind
    candidates[scoring.OBJECTIVE] = candidates[scoring.MARGIN if candidates[kind].isna().all() else kind]
    return candidates


def has_tie_key() -> bool:
    """Whether the operator set a secret for the tie-break; with the public word anyone can compute the order of equal entities."""
    return bool(os.environ.get(TIE_KEY_VARIABLE))


def tie_key(as_of: date) -> bytes:
    """The key of the tie-break: the secret of the profile's operator, changed each year."""
    return f"{os.environ.get(TIE_KEY_VARIABLE) or PUBLIC_TIE_KEY}:{as_of.year}".encode()
