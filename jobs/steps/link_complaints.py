"""Link each complaint without an identifier to the entity it is about, as far as was known on a day: ``silver.link``."""

from __future__ import annotations

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts import complaint, lineage, silver
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.incremental.entity_state import REGISTER_STATE, read_state, update_state
from jobs.incremental.staleness import record_link_inputs
from jobs.profile.profile import Profile
from jobs.transforms.latest_known import keep_latest_known
from jobs.transforms.links import complaint_keys, entity_keys, keep_meant, link_complaints, versions_of_unnamed


def rebuild_links(lake: Lake, profile: Profile, as_of: date, *, full_refresh: bool = False) -> int:
    """Link a day's complaints and note the inputs of the links; return their number.

    Args:
        full_refresh: use no stored state, neither of earlier days nor of the day itself.
    """
    update_state(REGISTER_STATE, lake, profile, as_of, full_refresh=full_refresh)
    with record_link_inputs(lake, profile, as_of), Scratch(lake.home, "register") as scratch:
        return link_day(lake, profile, as_of, read_state(REGISTER_STATE, lake, as_of, scratch.materialise))


def link_day(lake: Lake, profile: Profile, as_of: date, register: DataFrame) -> int:
    """Replace the day's links; return their number.

    Every day has all its links. Whether a name belongs to one entity alone changes as entities come, go and change their names, so
    a link made on another day may be wrong on this one.

    Args:
        register: one row per entity, as of the day.
    """
    known = {"cutoff": profile.end_of(as_of), "as_of": as_of}
    where = f"{lineage.AS_OF} = '{as_of}'"
    with Scratch(lake.home, "links") as scratch:
        # Finding a complaint's newest version reads all versions several times, so the few rows are read from the table once.
        versions = scratch.materialise(lake.read(silver.COMPLAINT).transform(versions_of_unnamed))
        newest = versions.transform(keep_latest_known, (complaint.COMPLAINT_ID,), **known, event_on=complaint.RECEIVED_ON)
        unnamed = scratch.materialise(newest.transform(complaint_keys))
        candidates = scratch.materialise(register.transform(entity_keys).transform(keep_meant, unnamed))
        links = link_complaints(unnamed, candidates)
        lake.replace(links.withColumn(lineage.AS_OF, F.lit(as_of)).orderBy(complaint.COMPLAINT_ID), silver.LINK, where)
    return lake.read(silver.LINK).where(where).count()
