"""The input of the hand-written program: files, day, and settings of the profile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from deltalake import DeltaTable

from expectations.contracts import silver
from expectations.contracts.indicators import PEER_SUFFIX, catalogue, features_contract
from jobs.incremental.coverage import coverage_of_day
from jobs.lake.tables import LakeTables
from jobs.profile.profile import Profile
from jobs.transforms.coverage import Coverage

TABLES = (silver.ENTITY, silver.INSPECTION, silver.FILING, silver.COMPLAINT, silver.LINK)
"""The tables that the program reads."""
SCRIPTS = Path(__file__).parent / "duckdb"
_WRITTEN = {word for script in SCRIPTS.glob("*.sql") for word in re.findall(r"\w+", script.read_text(encoding="utf-8"))}
LEFT_OUT = tuple(indicator.column for indicator in catalogue() if indicator.column not in _WRITTEN)
"""Indicators that the program does not compute; the comparison names them and leaves them out."""
PEER_INDICATORS = tuple(indicator.column for indicator in catalogue() if indicator.peer and indicator.column not in LEFT_OUT)
COLUMNS = tuple(str(column) for column in features_contract().columns if column.removesuffix(PEER_SUFFIX) not in LEFT_OUT)


@dataclass(frozen=True)
class FeatureRequest:
    """A request for the features of a day.

    Attributes:
        files: current Parquet files by silver table; their paths give the partitions.
        coverage: the day, and up to which day each source has delivered.
        cutoff: end of the day (UTC, naive); records known from then on are ignored.
        sales_floor: minimum yearly sales in complaint rates, in minor units.
        per_million: minor units in a million of the currency.
        minimum: minimum size of a peer group.
        size_bands: lower bounds of yearly sales, in minor units.
        age_bands: lower bounds of age, in years.
    """

    files: dict[str, list[str]]
    coverage: Coverage
    cutoff: datetime
    sales_floor: int
    per_million: int
    minimum: int
    size_bands: tuple[int, ...]
    age_bands: tuple[float, ...]

    @property
    def days_of_sources(self) -> dict[str, str]:
        """SQL of the days that depend on the coverage of a record's ``source``, by name."""
        coverage = self.coverage
        days = {"window_end": coverage.window_end, "unfiled_before": coverage.unfiled_before, "closed_month": coverage.closed_month}
        return {name: coverage.by_source(day_of) for name, day_of in days.items()}


def feature_request(home: Path, profile: Profile, as_of: date) -> FeatureRequest:
    """The request that equals ``steelyard features`` for a home and a day.

    Raises:
        deltalake.exceptions.TableNotFoundError: a silver table does not exist.
    """
    lake = LakeTables(home)
    unit = 10**profile.minor_units
    return FeatureRequest(
        files={table.name: sorted(DeltaTable(str(lake.path(table))).file_uris()) for table in TABLES},
        coverage=coverage_of_day(home, profile, as_of),
        cutoff=profile.end_of(as_of),
        sales_floor=10_000 * unit,
        per_million=1_000_000 * unit,
        minimum=profile.peers.minimum,
        size_bands=profile.peers.size_bands_minor,
        age_bands=profile.peers.age_bands_years,
    )
