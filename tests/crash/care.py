"""Upkeep, a restore, a migration and more to be killed in. Their homes are made row by row, without an engine, where that does."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from expectations.contracts import scoring, silver
from expectations.contracts.contract import Contract
from expectations.contracts.lineage import IS_REVISION
from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE
from expectations.contracts.state import STATE
from jobs.engine.lake import Lake
from jobs.foundation.errors import CountMismatch, InputMissing
from jobs.foundation.files import write_json
from jobs.lake.batches import Batch, BatchBook
from jobs.lake.maintenance.backup import BEGUN, FACTS, newest_backup, verify
from jobs.lake.maintenance.table_files import open_table
from jobs.lake.manifests import note_path
from jobs.lake.tables import arrow_schema
from jobs.profile.profile import CONFIG_ROOT
from tests.crash.contents import Contents, contents
from tests.crash.forks import Forks
from tests.crash.sequences import Sequence, deliver_town
from tests.crash.steps import Words
from tests.day.town import PROFILE, TODAY
from tests.jobs.lake.homes import ENTITIES, FEATURES, close, data_files, put, put_day, put_state

D = date(2026, 6, 30)
BEFORE, LONG_BEFORE = D - timedelta(days=1), D - timedelta(days=9)
LONGEST_BEFORE = D - timedelta(days=12)
COMPLAINTS = (BRONZE["complaint"], silver.COMPLAINT)
RUN = "0123456789ab"
CUT_DOWN = (
    (silver.LINK, "links", "complaint_id"),
    (scoring.SCORES, "scores", "model_id"),
    (scoring.PEERS, "features", "peer_group"),
)
"""What upkeep cuts down besides features: a table, what its days' notes are called, and a column of its key."""
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
    """Old days of all that upkeep cuts down, small files, versions that nobody needs, and a log as earlier releases kept it."""
    lake = Lake(home)
    for day in (LONGEST_BEFORE, LONG_BEFORE, BEFORE, D):
        put_day(lake, day)
        for table, note, key in CUT_DOWN:
            put(lake, table, day, [{"entity_id": name, key: name} for name in ENTITIES])
            write_json(note_path(home, note, day), {"rests_on": "x"})
        write_deltalake(str(lake.path(FEATURES)), lake.arrow(FEATURES, where=f"as_of = '{day}'"), mode="append")
        close(lake, day)
    for table in STATE:
        put_state(lake, table, str(LONG_BEFORE), "2026-05-01", [str(LONG_BEFORE)])
        put_state(lake, table, str(D), "2026-06-01", [str(D)])
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
    given = {"source": "complaints", "delivered_on": delivered_on, "stage": "read"}
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


def _given_up(_forks: Forks, home: Path, _sources: Path) -> None:
    """Two finished days, and all that is there of a source that the profile does not map."""
    lake = Lake(home)
    for day in (BEFORE, D):
        for contract in (*COMPLAINTS, quarantine_of("complaints")):
            _put_complaints(lake, contract, day)
        put_day(lake, day)
        close(lake, day, RUN, tables=FINISHED)
    book = BatchBook(home, "complaints")
    book.put([Batch(day, "chain", [], gated="g", conformed="g:usable:") for day in (BEFORE, D)])
    book.save()


def _forget(home: Path, sources: Path) -> Words:
    return ["lake", "forget", "complaints", "--home", home, "--profile", _profile(sources), "--yes"]


def _copied_before(forks: Forks, folder: Path, sources: Path) -> None:
    """In one folder a home and its copies: one was made after the first day, and a day followed."""
    lake = Lake(folder / "home")
    for day in (BEFORE, D):
        put_day(lake, day)
        close(lake, day, RUN)
        if day == BEFORE:
            assert forks.run(_back_up(folder, sources)) == 0, forks.said()


def _back_up(folder: Path, _sources: Path) -> Words:
    return ["lake", "backup", "--home", folder / "home", "--to", folder / "copies"]


def _newest_copy(folder: Path) -> Contents:
    """The newest copy, what is wrong with it, and what is beside the copies; a copy too many is none too few."""
    copies = folder / "copies"
    copy = newest_backup(copies)
    assert copy is not None
    beside = sorted(path.name for path in copies.iterdir() if not path.is_dir() or path.name == BEGUN)
    found = {name: value for name, value in contents(copy).items() if name != FACTS}
    return {**found, "wrong": verify(copy), "beside": beside, "home": sorted(contents(folder / "home").items())}


def _one_row_short(forks: Forks, home: Path, sources: Path) -> None:
    """Visits were taken in and judged, and since then bronze lost one."""
    for verb in ("ingest", "gate"):
        assert forks.run([verb, *_of_visits(home, sources)]) == 0, forks.said()
    table = Lake(home).path(BRONZE["inspection"])
    rows = DeltaTable(str(table)).to_pyarrow_table(columns=["inspection_id"])["inspection_id"].to_pylist()
    DeltaTable(str(table)).delete(f"inspection_id = '{min(rows)}'")


def _conform(home: Path, sources: Path) -> Words:
    return ["conform", *_of_visits(home, sources)]


def _of_visits(home: Path, sources: Path) -> Words:
    return ["--profile", PROFILE, "--source", "visits", "--sources", sources, "--home", home, "--as-of", TODAY]


CARE = (
    Sequence("upkeep", _deliver_nothing, _neglect, _maintain, finished=BEFORE, compared=_with_files),
    Sequence("restore", _deliver_nothing, _two_days, _restore, finished=BEFORE),
    Sequence("migration", _deliver_nothing, _of_an_earlier_version, _migrate, finished=D),
    # Given again when all is done, it says that there is nothing to forget.
    Sequence("forgetting", _deliver_nothing, _given_up, _forget, finished=D, ends=(0, InputMissing.exit_code)),
    Sequence("backup", _deliver_nothing, _copied_before, _back_up, compared=_newest_copy),
    Sequence("refused", deliver_town, _one_row_short, _conform, ends=(CountMismatch.exit_code,), is_quick=False),
)
