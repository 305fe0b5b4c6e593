"""Homes made row by row, without an engine: gold tables of some days, and the manifests of the runs that left them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pyarrow as pa

from expectations.contracts import scoring
from expectations.contracts.contract import Contract, Type
from expectations.contracts.indicators import features_contract
from jobs.engine.lake import Lake
from jobs.foundation.files import write_json
from jobs.lake.manifests import note_path, run_manifest_path, run_manifest_path_by_id
from jobs.lake.tables import arrow_schema

ENTITIES = ("E1", "E2", "E3", "E4")
LISTED = ("E2", "E4")
FEATURES = features_contract()


def put(lake: Lake, contract: Contract, as_of: date, rows: Iterable[dict[str, object]]) -> None:
    """Replace a day of a gold table by these rows; columns that they do not name are null."""
    schema = arrow_schema(contract)
    names = [str(column) for column in contract.columns]
    whole = [{name: row.get(name) for name in names} | {"as_of": as_of} for row in rows]
    lake.replace_arrow(pa.Table.from_pylist(whole, schema=schema), contract, f"as_of = '{as_of}'")


def put_day(
    lake: Lake, as_of: date, entities: Iterable[str] = ENTITIES, listed: Iterable[str] = LISTED, value: float = 1.0
) -> None:
    """What a day leaves in gold: features of every entity, and the list."""
    put(lake, FEATURES, as_of, [{"entity_id": name, "peer_size": 3, "age_days": value} for name in entities])
    put(lake, scoring.RISK_LIST, as_of, [{"entity_id": name, "list_rank": at} for at, name in enumerate(listed, start=1)])


def put_state(lake: Lake, table: Contract, day: str, settled: str, parts: list[str]) -> None:
    """A day's part of a table of state, and the note of it: which month is settled, and with which parts it is read."""
    schema = arrow_schema(table)
    zeros = {str(column): 0 for column in table.columns if column.type is Type.BIGINT}
    row = {**dict.fromkeys(schema.names), **zeros, "entity_id": "E", "as_of": date.fromisoformat(day)}
    lake.replace_arrow(pa.Table.from_pylist([row], schema), table, f"as_of = '{day}'")
    note = {"code": "c", "settled": settled, "deliveries": {}, "parts": parts}
    write_json(note_path(lake.home, f"state/{table.name}", date.fromisoformat(day)), note)


def close(
    lake: Lake,
    as_of: date,
    run: str = "run",
    profile: str = "cn",
    tables: Iterable[Contract] = (FEATURES, scoring.RISK_LIST),
) -> str:
    """Say that the day is finished, with these tables as they are now; give the run's id."""
    versions = {table.full_name: lake.version(table) for table in tables}
    manifest = {"as_of": as_of, "run_id": f"{as_of}-{run}", "profile": profile, "model_id": None, "tables": versions}
    write_json(run_manifest_path_by_id(lake.home, f"{as_of}-{run}"), manifest)
    write_json(run_manifest_path(lake.home, as_of), manifest)
    return f"{as_of}-{run}"


def home_of(folder: Path, days: Iterable[date]) -> Lake:
    """A home in which those days are finished, in that order."""
    lake = Lake(folder)
    for at, day in enumerate(days):
        put_day(lake, day, value=float(at))
        close(lake, day)
    return lake


def entities_of(lake: Lake, as_of: date) -> list[str]:
    """Whose features a day holds, in order."""
    table = lake.arrow(FEATURES, columns=["entity_id"], where=f"as_of = '{as_of}'")
    return sorted(table["entity_id"].to_pylist())


def data_files(lake: Lake) -> set[str]:
    """Every data file of the lake, by its path."""
    return {str(path) for path in (lake.home / "lake").rglob("*.parquet") if "_delta_log" not in path.parts}


def log_files(lake: Lake) -> set[str]:
    """Every file of the tables' logs, by its path."""
    return {str(path) for path in (lake.home / "lake").rglob("_delta_log/*")}
