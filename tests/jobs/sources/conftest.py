"""A small profile with one registration source, and a way to deliver to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from jobs.engine.lake import Lake
from jobs.profile.load_profile import load_profile
from jobs.profile.mapping import SourceMapping, build_mapping, load_mapping
from jobs.profile.profile import Profile
from jobs.steps.ingest_source import Ingested, ingest_source

ROOT = Path(__file__).resolve().parents[3]
DATABASE_VARIABLE = "TEST_CALLS_DATABASE"
MAPPING = """
contract = "registration"
owner = "registry"
format = "csv"
files = "shops/{delivered_on}/*.csv"
delivery = "increment"
absence = "nothing"
every_days = 1
nulls = ["", "-"]
[raw]
columns = ["id", "name", "state", "opened"]
[columns]
entity_id = "id"
id_scheme = "'test'"
name = "name"
region_code = "'110101'"
established_on = "cast(try_to_timestamp(opened, 'yyyy-MM-dd') as date)"
[translate.status]
from = "state"
values = { "open" = "active", "shut" = "closed" }
"""


@dataclass
class Shop:
    """A home with one source, ``shops``, and its folder of deliveries."""

    lake: Lake
    profile: Profile
    sources: Path

    def deliver(self, day: str, *lines: str, name: str = "a.csv", header: str = "id,name,state,opened") -> Path:
        """Deliver a file on a day."""
        path = self.sources / "shops" / day / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
        return path

    def change_mapping(self, change: Callable[[str], str]) -> None:
        """Rewrite the source's mapping."""
        path = self.profile.folder / "sources" / "shops.toml"
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    @property
    def mapping(self):
        """The mapping as it is on disk now."""
        return load_mapping(self.profile.folder / "sources" / "shops.toml")

    def ingest(self, as_of: str) -> Ingested:
        """Take in what was delivered by a day."""
        return ingest_source(self.lake, self.profile, self.mapping, self.sources, date.fromisoformat(as_of))


@pytest.fixture
def shop(tmp_path: Path, spark: SparkSession) -> Shop:
    """A fresh home, profile and sources folder."""
    folder = tmp_path / "profile"
    (folder / "sources").mkdir(parents=True)
    shutil.copy(ROOT / "config" / "cn" / "profile.toml", folder)
    (folder / "sources" / "shops.toml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "sources").mkdir()
    return Shop(Lake(tmp_path / "home", spark), load_profile(str(folder)), tmp_path / "sources")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> SourceMapping:
    """A source of complaints whose records are in a database, at an address where there is none."""
    monkeypatch.setenv(DATABASE_VARIABLE, "postgresql://u:s%2Fcret@127.0.0.1:9/x")
    raw = {
        "contract": "complaint",
        "owner": "热线",
        "format": "postgresql",
        "delivery": "increment",
        "database": {"url_variable": DATABASE_VARIABLE, "table": "calls", "delivered_on": "day", "row_key": "id"},
        "raw": {"columns": ["what"]},
    }
    return build_mapping(raw, Path("calls.toml"))
