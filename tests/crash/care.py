"""Upkeep, a restore and a migration to be killed in. Their homes are made row by row, without an engine."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
from deltalake import write_deltalake

from expectations.contracts import scoring, silver
from expectations.contracts.core import Contract
from expectations.contracts.lineage import IS_REVISION
from jobs.lake_care.tables import open_table
from jobs.runtime.files import write_json
from jobs.runtime.lake import Lake, arrow_schema
from jobs.runtime.manifest import note_path
from jobs.runtime.settings import CONFIG_ROOT
from tests.crash.contents import Contents, contents
from tests.crash.forks import Forks
from tests.crash.sequences import Sequence
from tests.crash.steps import Words
from tests.lake.homes import ENTITIES, FEATURES, close, data_files, put_day

D = date(2026, 6, 30)
BEFORE, LONG_BEFORE = D - timedelta(days=1), D - timedelta(days=9)
COMPLAINTS = (silver.BRONZE["complaint"], silver.COMPLAINT)
RUN = "0123456789ab"
FINISHED = (FEATURES, scoring.RISK_LIST, silver.COMPLAINT)


def _deliver_nothing(sources: Path) -> None:
    """No deliveries; beside their folder a profile that keeps little."""
    sources.mkdir()
    shutil.copytree(CONFIG_ROOT / "cn", _profile(sources))
    path = _profile(sources) / "profile.toml"
    text = re.sub(r"feature_days = \d+", "feature_days = 2", path.read_text(encoding="utf-8"))
    path.write_text(re.sub(r"time_travel_days = \d+", "time_travel_days = 2", text), encoding="utf-8")


def _profile(sources: Path) -> Path:
    return sources.parent / "profile"


def _neglect(_forks: Forks, home: Path, _sources: Path) -> None:
    """Old days, small files, versions that nobody needs, and a log as earlier releases kept it."""
    lake = Lake(home)
    for day in (LONG_BEFORE, BEFORE, D):
        put_day(lake, day)
        write_deltalake(str(lake.path(FEATURES)), lake.arrow(FEATURES, where=f"as_of = '{day}'"), mode="append")
        close(lake, day)
        write_json(note_path(home, "features", day), {"rests_on": "x"})
    put_day(lake, D, entities=["E9"], listed=["E9"])
    put_day(lake, D)
    table = open_table(lake, scoring.RISK_LIST)
    table.alter.set_table_properties({"delta.checkpointInterval": "10"})
    table.create_checkpoint()


def _with_files(home: Path) -> Contents:
    """Besides all contents, how many data files each partition has on the disk."""
    lake = Lake(home)
    return {**contents(home), "files": Counter(str(Path(path).parent.relative_to(home)) for path in data_files(lake))}


def _two_days(_forks: Forks, home: Path, _sources: Path) -> None:
    """Two finished days, each with a delivery of complaints and a note."""
    lake = Lake(home)
    for day in (BEFORE, D):
        _put_complaints(lake, silver.COMPLAINT, day)
        put_day(lake, day)
        close(lake, day, RUN, tables=FINISHED)
        write_json(note_path(home, "features", day), {"rests_on": "x"})


def _of_an_earlier_version(_forks: Forks, home: Path, _sources: Path) -> None:
    """A finished day whose complaints do not say yet whether they are revisions."""
    lake = Lake(home)
    for day in (BEFORE, D):
        for contract in COMPLAINTS:
            columns = tuple(column for column in contract.columns if column != IS_REVISION)
            _put_complaints(lake, replace(contract, columns=columns, version=1), day)
    put_day(lake, D)
    close(lake, D, RUN, tables=FINISHED)


def _put_complaints(lake: Lake, contract: Contract, delivered_on: date) -> None:
    schema = arrow_schema(contract)
    given = {"source": "complaints", "delivered_on": delivered_on}
    rows = [
        dict.fromkeys(schema.names) | given | {"complaint_id": f"C{row}", "entity_id": name, "source_row": row}
        for row, name in enumerate(ENTITIES)
    ]
    where = f"source = 'complaints' AND delivered_on = '{delivered_on}'"
    lake.replace_arrow(pa.Table.from_pylist(rows, schema=schema), contract, where)


def _maintain(home: Path, sources: Path) -> Words:
    return ["lake", "maintain", "--home", home, "--as-of", D, "--profile", _profile(sources)]


def _restore(home: Path, _sources: Path) -> Words:
    return ["lake", "restore", "--home", home, "--as-of-run", BEFORE, "--yes"]


def _migrate(home: Path, _sources: Path) -> Words:
    return ["lake", "migrate", "--home", home]


CARE = (
    Sequence("upkeep", _deliver_nothing, _neglect, _maintain, finished=BEFORE, compared=_with_files),
    Sequence("restore", _deliver_nothing, _two_days, _restore, finished=BEFORE),
    Sequence("migration", _deliver_nothing, _of_an_earlier_version, _migrate, finished=D),
)
