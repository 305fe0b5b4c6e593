"""A small town whose sources are text in this folder, and ways to run its day and to show what the day made."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from expectations.contracts import scoring
from expectations.contracts.contract import Contract
from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE, GOLD, SILVER
from jobs.engine.lake import Lake
from jobs.lake.manifests import SourceManifest
from jobs.profile.load_profile import load_profile
from jobs.profile.mapping import load_mapping
from jobs.profile.profile import Profile
from jobs.run_day import Day, run_day
from jobs.steps.target_list import TIE_KEY_VARIABLE
from jobs.take_in_source import take_in

HERE = Path(__file__).resolve().parent
PROFILE = HERE / "profile"
SOURCES = HERE / "sources"
YESTERDAY, TODAY = date(2026, 6, 29), date(2026, 6, 30)


@dataclass(frozen=True)
class Town:
    """A home, a folder of deliveries and the profile they are read by."""

    home: Path
    sources: Path
    session: SparkSession
    profile_folder: Path = PROFILE

    @property
    def profile(self) -> Profile:
        """The profile as it is on disk."""
        return load_profile(str(self.profile_folder))

    @property
    def lake(self) -> Lake:
        """The home's lake."""
        return Lake(self.home, self.session)

    def run(self, as_of: date = TODAY) -> Day:
        """Do a whole day."""
        return run_day(self.lake, self.profile, self.sources, as_of)

    def settle(self, source: str, as_of: date = TODAY) -> SourceManifest:
        """Do the steps of one source."""
        mapping = load_mapping(self.profile_folder / "sources" / f"{source}.toml")
        return take_in(self.lake, self.profile, mapping, self.sources, as_of)

    def copy(self, folder: Path) -> Town:
        """The same town, home and deliveries copied into ``folder``; times are kept, so nothing looks new."""
        for part, to in ((self.home, folder / "home"), (self.sources, folder / "sources")):
            if part.is_dir():
                shutil.copytree(part, to)
        return Town(folder / "home", folder / "sources", self.session, self.profile_folder)

    def rows(self, contract: Contract, as_of: date = TODAY) -> pd.DataFrame:
        """A gold table's rows of a day, in order of its key."""
        table = self.lake.arrow(contract, where=f"as_of = '{as_of}'").to_pandas()
        return table.sort_values([str(column) for column in contract.key], ignore_index=True)

    def quarantined(self, source: str, delivered_on: date = TODAY) -> list[tuple[str, int, str]]:
        """File, row and rule of the records of a delivery that were turned away."""
        table = quarantine_of(source)
        if not self.lake.exists(table):
            return []
        found = self.lake.arrow(table, where=f"delivered_on = '{delivered_on}'").to_pylist()
        return sorted((row["source_file"], row["source_row"], row["rule_id"]) for row in found)


def record_tables(lake: Lake) -> list[Contract]:
    """The bronze and silver tables of a home; its profile may have no source of a kind."""
    return [table for table in (*BRONZE.values(), *SILVER.values()) if lake.exists(table)]


def found_town(folder: Path, session: SparkSession, *days: date) -> Town:
    """The town in a folder of its own, with these days run, one after the other."""
    shutil.copytree(SOURCES, folder / "sources")
    town = Town(folder / "home", folder / "sources", session)
    for day in days:
        town.run(day)
    return town


@contextmanager
def public_tie_key() -> Iterator[None]:
    """Equal objectives are ordered as in the list written down, whatever this machine's own key is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(TIE_KEY_VARIABLE, raising=False)
        yield


def listed(town: Town, as_of: date = TODAY) -> str:
    """The day's list as a small text table: rank, region and rank in it, entity, class, points, objective, strongest reason."""
    reasons = town.rows(scoring.REASONS, as_of)
    strongest = reasons[reasons["reason_rank"] == 1].set_index("entity_id")
    lines = ["rank  region   entity  class  points  objective  strongest reason        adds"]
    for row in town.rows(scoring.RISK_LIST, as_of).sort_values("list_rank").to_dict("records"):
        reason = strongest.loc[row["entity_id"]]
        lines.append(
            f"{row['list_rank']:4}  {row['capacity_region']} {row['region_rank']}  {row['entity_id']:6}  {row['risk_class']:5}  "
            f"{row['credit_points']:6}  {row['objective']:9.6f}  {reason['indicator']:22}  {reason['contribution']:.6f}"
        )
    return "\n".join(lines) + "\n"


def gold(town: Town, as_of: date = TODAY) -> dict[str, str]:
    """Every gold row of a day as text, by table, exact to the last bit of each float."""
    return {
        contract.name: town.rows(contract, as_of).map(_exact).to_csv(index=False)  # one cell a value, NaN and NULL distinguished
        for contract in GOLD
    }


def _exact(value: object) -> str:
    return value.hex() if isinstance(value, float) else repr(value)


def gold_files(town: Town, as_of: date) -> dict[str, bytes]:
    """The files that hold a day's gold rows now, with their bytes."""
    files = {}
    for contract in GOLD:
        folder = town.lake.path(contract)
        for name in DeltaTable(str(folder)).file_uris([("as_of", "=", as_of.isoformat())]):
            files[f"{contract.name}/{Path(name).name}"] = Path(name).read_bytes()
    return files


def manifests(town: Town, as_of: date) -> dict[str, bytes]:
    """The manifests of a day, run and sources, with their bytes."""
    folder = town.home / "manifests"
    found = [folder / "runs" / f"{as_of}.json", *sorted(folder.glob(f"sources/*/{as_of}.json"))]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
