"""Every change of a table's columns has its version and its way up; and a home made before it gives the same list after it."""

from __future__ import annotations

import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from expectations.contracts import lineage, scoring, silver
from expectations.contracts.contract import Column, Contract, Type
from expectations.contracts.migrations import BUILT_AGAIN, MIGRATIONS
from expectations.contracts.registry import every_table
from jobs.analysis.trace import trace_entity
from jobs.engine.lake import Lake
from jobs.foundation.files import read_json, write_json
from jobs.foundation.findings import Verdict
from jobs.lake.maintenance import migrate as module
from jobs.lake.maintenance.check import check
from jobs.lake.maintenance.migrate import migrate
from jobs.lake.maintenance.table_files import open_table, select
from jobs.lake.manifests import lake_of_finished_day, run_manifest_path
from jobs.lake.table_version import VERSION, is_current
from jobs.lake.tables import arrow_schema
from tests.day.command import steelyard
from tests.day.town import TODAY, YESTERDAY, Town, gold, listed, record_tables

SHAPES = tomllib.loads((Path(__file__).parent / "contract_shapes.toml").read_text(encoding="utf-8"))
VERSIONED = [contract for contract in every_table() if contract.full_name not in BUILT_AGAIN]


def named(contract: Contract) -> str:
    return contract.full_name.replace("<source>", "SOURCE")


def shapes_of(contract: Contract) -> dict[str, str]:
    zone, name = named(contract).split(".")
    found: dict[str, str] = SHAPES.get(zone, {}).get(name, {})
    return found


@pytest.mark.parametrize("contract", VERSIONED, ids=named)
def test_a_contract_whose_columns_change_gets_a_new_version(contract: Contract) -> None:
    now = ", ".join(f"{column} {column.type.value}" for column in contract.columns)

    assert shapes_of(contract).get(str(contract.version)) == now, (
        f"the columns of {named(contract)} are not those written down for its version {contract.version}: where they changed, "
        "raise the contract's version, add a Migration in expectations/contracts/migrations.py, and write the new columns down "
        f'beside the old in contract_shapes.toml; for a new table write\n[{named(contract)}]\n{contract.version} = "{now}"'
    )


def test_migrations_are_of_tables_and_versions_that_there_are() -> None:
    versions = {contract.full_name: contract.version for contract in every_table()}
    steps = sorted((migration.table, migration.version) for migration in MIGRATIONS)

    assert steps == sorted((table, number) for table, version in versions.items() for number in range(2, version + 1))


@pytest.mark.parametrize(
    ("contract", "version"),
    [(contract, version) for contract in VERSIONED for version in shapes_of(contract) if int(version) < contract.version],
    ids=lambda value: named(value) if isinstance(value, Contract) else f"from-{value}",
)
def test_every_version_written_down_has_a_way_to_the_contract(
    contract: Contract, version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (column.split(" ") for column in shapes_of(contract)[version].split(", "))
    old = replace(contract, key=(), columns=tuple(Column(name, Type(kind), "") for name, kind in columns))
    lake = Lake(tmp_path)
    DeltaTable.create(
        str(lake.path(contract)),
        schema=arrow_schema(old),
        partition_by=[str(column) for column in contract.partition_by],
        configuration={VERSION: version},
        raise_if_key_not_exists=False,
    )
    monkeypatch.setattr(module, "tables_of", lambda _lake: (contract,))

    migrate(lake)

    table = open_table(lake, contract)
    assert is_current(table, contract)
    assert {field.name: field.type for field in pa.schema(table.schema().to_arrow())} == {
        field.name: field.type for field in arrow_schema(contract)
    }


def make_old(town: Town) -> None:
    """Turn the home into one from before revisions were recorded: no such column, no version, and runs with such tables."""
    for contract in record_tables(town.lake):
        path, rows = str(town.lake.path(contract)), town.lake.arrow(contract).drop_columns([str(lineage.IS_REVISION)])
        shutil.rmtree(path)
        write_deltalake(path, rows, partition_by=[str(column) for column in contract.partition_by])
    for day in (YESTERDAY, TODAY):
        said = read_json(run_manifest_path(town.home, day))
        old = {
            name: town.lake.version(contract)
            for contract in record_tables(town.lake)
            if (name := contract.full_name) in said["tables"]
        }
        write_json(run_manifest_path(town.home, day), {**said, "tables": {**said["tables"], **old}})


def revisions(lake: Lake, contract: Contract) -> list[dict[str, object]]:
    columns = ", ".join((lineage.SOURCE_FILE, lineage.SOURCE_ROW, lineage.IS_REVISION))
    found: list[dict[str, object]] = select(lake, f"SELECT {columns} FROM t ORDER BY {columns}", t=contract).to_pylist()
    return found


@pytest.mark.slow
def test_a_home_from_before_revisions_were_recorded_gives_the_same_list_once_migrated(
    town: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    before, list_before = gold(town), listed(town)
    expected = {contract.full_name: revisions(town.lake, contract) for contract in record_tables(town.lake)}
    make_old(town)

    refused = steelyard(capfd, "link", "--profile", town.profile_folder, "--home", town.home, "--as-of", TODAY)
    migrated = steelyard(capfd, "lake", "migrate", "--home", town.home)
    again = steelyard(capfd, "lake", "migrate", "--home", town.home)
    for what in ("links", "features", "state"):  # so that the run builds on what was migrated
        shutil.rmtree(town.home / "manifests" / what, ignore_errors=True)
    town.run(TODAY)

    assert refused.code == 2
    assert "steelyard lake migrate --home" in refused.err
    assert (migrated.code, len(migrated.out.splitlines())) == (0, len(record_tables(town.lake)))
    assert again.out.strip() == "every table is up to date"
    assert {contract.full_name: revisions(town.lake, contract) for contract in record_tables(town.lake)} == expected
    assert (gold(town), listed(town)) == (before, list_before)
    assert [finding for finding in check(town.lake) if finding.verdict is not Verdict.OK] == []


def test_a_day_from_before_revisions_were_recorded_is_traced_as_it_was(town: Town) -> None:
    entity = town.lake.arrow(scoring.RISK_LIST, where=f"as_of = '{YESTERDAY}'")["entity_id"][0].as_py()
    before = trace_entity(town.lake, town.profile, entity, YESTERDAY)
    make_old(town)
    migrate(town.lake)

    assert lake_of_finished_day(town.lake, YESTERDAY).arrow(silver.ENTITY).num_rows == town.lake.arrow(silver.ENTITY).num_rows
    assert trace_entity(town.lake, town.profile, entity, YESTERDAY) == before
