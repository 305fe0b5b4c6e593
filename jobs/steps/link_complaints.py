"""Say which entity each complaint without an identifier speaks of, as far as could be told on a day."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import complaint, lineage, silver
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.profile.profile import Profile
from jobs.transforms.latest_known import keep_standing
from jobs.transforms.links import complaint_keys, entity_keys, keep_meant, link_complaints, versions_of_unnamed


def link_day(lake: Lake, profile: Profile, as_of: date, register: DataFrame) -> int:
    """Replace the day's links by those that the complaints and entities known on it give; give their number.

    Each day has all its links: whether a name is one entity's alone changes as entities come, go and are renamed, so a link
    made on another day says nothing of this one.

    Args:
        register: what the register says of each entity on the day.
    """
    known = {"cutoff": profile.end_of(as_of), "as_of": as_of}
    where = f"{lineage.AS_OF} = '{as_of}'"
    with Scratch(lake.home, "links") as scratch:
        # Finding the newest versions reads all versions several times: few rows are read off the table once.
        complaints = scratch.materialise(lake.read(silver.COMPLAINT).transform(versions_of_unnamed))
        standing = complaints.transform(keep_standing, (complaint.COMPLAINT_ID,), **known, event_on=complaint.RECEIVED_ON)
        given = scratch.materialise(standing.transform(complaint_keys))
        meant = scratch.materialise(register.transform(entity_keys).transform(keep_meant, given))
        links = link_complaints(given, meant)
        lake.replace(links.withColumn(lineage.AS_OF, F.lit(as_of)).orderBy(complaint.COMPLAINT_ID), silver.LINK, where)
    return lake.read(silver.LINK).where(where).count()
