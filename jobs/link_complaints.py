"""Say which entity each complaint without an identifier speaks of, as far as could be told on a day."""

from __future__ import annotations

from datetime import date

from pyspark.sql import functions as F

from expectations.contracts import complaint, lineage, silver
from jobs.runtime.lake import Lake
from jobs.runtime.scratch import Scratch
from jobs.runtime.settings import Profile
from jobs.transforms.latest_known import keep_known, keep_latest, keep_standing
from jobs.transforms.links import (
    link_complaints,
    versions_of_unnamed,
    versions_that_may_be_meant,
    what_complaints_give,
    what_entities_bear,
)


def link_day(lake: Lake, profile: Profile, as_of: date) -> int:
    """Replace the day's links by those that the complaints and entities known on it give; give their number.

    Each day has all its links: whether a name is one entity's alone changes as entities come, go and are renamed, so a link
    made on another day says nothing of this one.
    """
    known = {"cutoff": profile.end_of(as_of), "as_of": as_of}
    complaints = lake.read(silver.COMPLAINT).transform(versions_of_unnamed)
    standing = complaints.transform(keep_standing, (complaint.COMPLAINT_ID,), **known, event_on=complaint.RECEIVED_ON)
    versions = lake.read(silver.ENTITY).transform(keep_known, **known, event_on=silver.ENTITY.event_on)
    where = f"{lineage.AS_OF} = '{as_of}'"
    with Scratch(lake.home, "links") as scratch:
        given = scratch.materialise(standing.transform(what_complaints_give))
        meant = scratch.materialise(versions.transform(versions_that_may_be_meant, given))
        latest = meant.transform(keep_latest, (lineage.ENTITY_ID,))
        links = link_complaints(given, scratch.materialise(latest.transform(what_entities_bear)))
        lake.replace(links.withColumn(lineage.AS_OF, F.lit(as_of)).orderBy(complaint.COMPLAINT_ID), silver.LINK, where)
    return lake.read(silver.LINK).where(where).count()
