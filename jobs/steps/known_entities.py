"""Read the entities known on a day, each in its latest version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd
from pyspark.sql import functions as F

from expectations.contracts import registration, silver
from expectations.contracts.contract import Column
from expectations.contracts.lineage import ENTITY_ID
from jobs.engine.lake import Lake
from jobs.profile.profile import Profile
from jobs.transforms.latest_known import keep_known, keep_latest
from models.labels.sampling import hash_bound

COLUMNS = (
    ENTITY_ID, registration.NAME, registration.STATUS, registration.INDUSTRY_CODE, registration.REGION_CODE,
    silver.REGION_MIDDLE, silver.REGION_TOP, registration.ADDRESS,
)  # fmt: skip
REGION_OF_LEVEL = {"own": registration.REGION_CODE, "middle": silver.REGION_MIDDLE, "top": silver.REGION_TOP}
"""The region column that capacity is counted by, for each ``capacity.region_level`` of a profile."""


def known_entities(
    lake: Lake, profile: Profile, as_of: date, columns: Sequence[Column] = COLUMNS, *, share: float = 1.0
) -> pd.DataFrame:
    """One row per entity known by the end of ``as_of``, in order of ``entity_id``, which must be one of the columns.

    With a ``share`` below 1, only the sample of :func:`models.labels.sampling.sampled` is read.
    """
    versions = lake.read(silver.ENTITY)
    if share < 1:
        versions = versions.where(F.sha2(F.col(ENTITY_ID), 256) < hash_bound(share))
    known = versions.transform(keep_known, cutoff=profile.end_of(as_of), as_of=as_of, event_on=silver.ENTITY.event_on)
    frame = known.transform(keep_latest, (ENTITY_ID,)).select(*[str(column) for column in columns]).toPandas()
    return frame.sort_values(ENTITY_ID, ignore_index=True)


def active_ids(entities: pd.DataFrame, profile: Profile) -> pd.Index:
    """The identifiers of the entities that may be listed."""
    return pd.Index(entities.loc[entities[registration.STATUS].isin(profile.objective.statuses), ENTITY_ID])
