"""Link the day's complaints that name no entity; a link already made is kept with the day it was made on."""

from __future__ import annotations

from datetime import date

from pyspark.sql import functions as F

from expectations.contracts import complaint, lineage, silver
from jobs.runtime.lake import Lake
from jobs.runtime.settings import Profile
from jobs.transforms.latest_known import keep_known, keep_latest
from jobs.transforms.links import link_complaints


def link_day(lake: Lake, profile: Profile, as_of: date) -> int:
    """Write the links that are new on ``as_of``; give their number."""
    cutoff = profile.end_of(as_of)
    complaints = lake.read(silver.COMPLAINT).transform(keep_known, cutoff=cutoff, as_of=as_of, event_on=complaint.RECEIVED_ON)
    entities = lake.read(silver.ENTITY).transform(keep_known, cutoff=cutoff, as_of=as_of, event_on=silver.ENTITY.event_on)
    made = lake.read(silver.LINK).where(F.col(lineage.AS_OF) < F.lit(as_of)).select(complaint.COMPLAINT_ID, lineage.ENTITY_ID)
    links = link_complaints(
        complaints.transform(keep_latest, (complaint.COMPLAINT_ID,)), entities.transform(keep_latest, (lineage.ENTITY_ID,))
    )
    new = links.join(made, on=[str(complaint.COMPLAINT_ID), str(lineage.ENTITY_ID)], how="left_anti")
    where = f"{lineage.AS_OF} = '{as_of}'"
    lake.replace(new.withColumn(lineage.AS_OF, F.lit(as_of)), silver.LINK, where)
    return lake.read(silver.LINK).where(where).count()
