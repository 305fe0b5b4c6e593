"""What the hand-written programs are asked for: the files that they read, the day, and the profile's decisions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable

from expectations.contracts import silver
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.registry import SILVER
from jobs.engine.lake import Lake
from jobs.profile.profile import Profile

TABLES = (*SILVER.values(), silver.LINK)
PEER_INDICATORS = tuple(indicator.column for indicator in catalogue() if indicator.peer)
COLUMNS = tuple(str(column) for column in features_contract().columns)


@dataclass(frozen=True)
class Asked:
    """Features of a day.

    Attributes:
        files: of each table of silver, by its name, the Parquet files that it consists of now; partitions are in their paths.
        as_of: the day.
        cutoff: the first instant (UTC, naive) that is too late to have been known.
        sales_floor: yearly sales, minor units, below which a complaint rate takes them for this much.
        per_million: minor units in a million of the currency.
        minimum: peers that a group must have.
        size_bands: lower bounds of yearly sales, minor units.
        age_bands: lower bounds of age, years.
    """

    files: dict[str, list[str]]
    as_of: date
    cutoff: datetime
    sales_floor: int
    per_million: int
    minimum: int
    size_bands: tuple[int, ...]
    age_bands: tuple[float, ...]

    @property
    def settled(self) -> date:
        """The first day of the last month whose returns were due."""
        return (self.as_of - timedelta(days=45)).replace(day=1)

    @property
    def history_from(self) -> date:
        """The first day of the oldest of the 36 settled months that are read."""
        return self.settled.replace(year=self.settled.year - 3 + self.settled.month // 12, month=self.settled.month % 12 + 1)


def asked_of(home: Path, profile: Profile, as_of: date) -> Asked:
    """The question that ``steelyard features`` answers for a home and a day.

    Raises:
        deltalake.exceptions.TableNotFoundError: when a table of silver was never written.
    """
    lake = Lake(home)
    unit = 10**profile.minor_units
    return Asked(
        files={table.name: sorted(DeltaTable(str(lake.path(table))).file_uris()) for table in TABLES},
        as_of=as_of,
        cutoff=profile.end_of(as_of),
        sales_floor=10_000 * unit,
        per_million=1_000_000 * unit,
        minimum=profile.peers.minimum,
        size_bands=profile.peers.size_bands_minor,
        age_bands=profile.peers.age_bands_years,
    )
