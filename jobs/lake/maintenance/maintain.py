"""Keep a home small: trim old days, delete their Data Docs, compact small files, delete files of versions that are not retained,
shorten logs.

Each part commits atomically and does nothing when there is nothing to do, so the same command can be repeated after a crash.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from expectations.contracts.contract import Contract
from expectations.contracts.indicators import features_contract
from expectations.contracts.silver import LINK
from expectations.contracts.state import STATE
from jobs.foundation.fault_points import around
from jobs.foundation.log import stage
from jobs.lake.data_docs import trim_data_docs
from jobs.lake.maintenance.retention import (
    first_day_kept,
    named_versions,
    retained_versions,
    trim_peers,
    trim_scores,
    trim_state,
    trim_to_listed,
    vacuum,
)
from jobs.lake.maintenance.table_files import open_table, shorten_log, tables_of
from jobs.lake.manifests import finished_days, keep_time_travel_since
from jobs.lake.table_version import check_current
from jobs.lake.tables import PROPERTIES, LakeTables
from jobs.profile.profile import Retention


@dataclass(frozen=True)
class Maintained:
    """The result of maintenance.

    Attributes:
        since: the first day whose run's table versions are retained.
        trimmed: days that keep only the features, links, scores and peers of listed entities.
        joined: small files that were compacted.
        freed: bytes of deleted data files.
        log_files: deleted files of the tables' logs.
    """

    since: date
    trimmed: tuple[date, ...]
    joined: int
    freed: int
    log_files: int


def maintain(lake: LakeTables, retention: Retention, as_of: date) -> Maintained:
    """Apply the retention policy as of a day. Only the holder of the home's lock may call this.

    Days are counted back from the newest finished day if that is earlier, so that a future ``as_of`` deletes nothing that the last
    runs left.

    Raises:
        ConfigError: when a table must be migrated first. A killed migration is recognised by its newest commit, so no other
            commit may follow it.
    """
    contracts = tables_of(lake)
    for contract in contracts:
        check_current(open_table(lake, contract), contract, lake.home)
    as_of = min(as_of, max(finished_days(lake.home), default=as_of))
    trimmed = {
        day
        for contract, note in ((features_contract(), "features"), (LINK, "links"))
        for day in trim_to_listed(lake, contract, note, as_of, retention.feature_days)
    }
    trimmed |= {*trim_peers(lake, as_of, retention.feature_days), *trim_scores(lake, as_of, retention.feature_days)}
    for table in STATE:
        trim_state(lake, table, as_of)
    # Noted before anything is deleted: from then on readers do not look for a version that may be gone.
    since = keep_time_travel_since(lake.home, first_day_kept(as_of, retention.time_travel_days))
    trim_data_docs(lake.home, since)
    named = named_versions(lake.home, since)
    joined = freed = log_files = 0
    for contract in contracts:
        with stage("maintain", table=contract.full_name) as current:
            _set_properties(lake, contract)
            joined_here = _join_small_files(lake, contract)
            versions = retained_versions(lake, contract, named)
            freed_here = vacuum(lake, contract, versions)
            log_here = shorten_log(lake.path(contract), versions[0])
            current.note(versions=len(versions), joined=joined_here, freed=freed_here, log_files=log_here)
        joined, freed, log_files = joined + joined_here, freed + freed_here, log_files + log_here
    return Maintained(since, tuple(sorted(trimmed)), joined, freed, log_files)


def _set_properties(lake: LakeTables, contract: Contract) -> None:
    """Set the log properties of a table that an earlier Steelyard created."""
    table = open_table(lake, contract)
    if not PROPERTIES.items() <= table.metadata().configuration.items():
        with around(f"settings of {contract.full_name}"):
            table.alter.set_table_properties(PROPERTIES)


def _join_small_files(lake: LakeTables, contract: Contract) -> int:
    """Join a table's small files; return how many were replaced."""
    with around(f"joined {contract.full_name}"):
        return int(open_table(lake, contract).optimize.compact()["numFilesRemoved"])
