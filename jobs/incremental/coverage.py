"""Read from the books of deliveries up to which day each source has delivered."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from jobs.lake.batches import Batch, BatchBook
from jobs.profile.mapping import expected_deliveries
from jobs.profile.profile import Profile
from jobs.transforms.coverage import Coverage, Delivered


def coverage_of_day(home: Path, profile: Profile, as_of: date) -> Coverage:
    """The coverage of a day: of each source, the deliveries in use with a record known by then, or made by then without one.

    Files that are not in day folders come once. Nothing more is due, so they cover every day, and so does a source that the profile
    no longer maps.
    """
    found, carried, delivering = {}, set(), set()
    for name, (contract, every_days) in expected_deliveries(profile.folder).items():
        book = BatchBook(home, name)
        known = [batch for batch in book.batches.values() if _is_known(batch, profile, as_of)]
        if not known:
            continue
        delivering.add(contract)
        newest = max(batch.delivered_on for batch in known)
        if every_days is None or newest >= as_of:
            carried.add(contract)
            continue
        due = newest + timedelta(days=every_days)
        is_refused = any(batch.delivered_on > newest for batch in book.until(as_of))
        is_carried = as_of < due + timedelta(days=profile.coverage.carry_days)
        found[name] = Delivered(contract, newest, every_days, is_refused or as_of >= due, is_carried)
        carried |= {contract} if is_carried else set()
    return Coverage(as_of, found, tuple(sorted(delivering - carried)))


def _is_known(batch: Batch, profile: Profile, as_of: date) -> bool:
    is_of_day = batch.delivered_on <= as_of
    return batch.is_in_use and (is_of_day or "" < batch.known_from < profile.end_of(as_of).isoformat(sep=" "))
