"""The tables of a home: which are there, what files they are made of, and what they hold."""

from __future__ import annotations

from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable, QueryBuilder
from deltalake.exceptions import DeltaError

from expectations.contracts.contract import Contract
from jobs.engine.lake import Lake, table_name
from jobs.foundation.errors import ConfigError
from jobs.lake.maintenance.table_log import LOG, readable_versions
from jobs.lake.maintenance.tables_there import tables_of


def table_of(lake: Lake, name: str) -> Contract:
    """The contract of a table that is there, named with its zone, or without where one zone alone has such a table.

    Raises:
        ConfigError: when there is none of that name, or several.
    """
    there = tables_of(lake)
    found = [contract for contract in there if name in (table_name(contract), contract.name)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(table_name(contract) for contract in (found or there))
    raise ConfigError(
        what=f"{name!r} names {'several tables' if found else 'no table'}",
        where=str(lake.home / "lake"),
        then=f"name one of {names}" if names else "give the home that holds the tables with --home",
    )


def open_table(lake: Lake, contract: Contract, version: int | None = None) -> DeltaTable:
    """A table as Delta's own library sees it, at a version or the newest."""
    return DeltaTable(str(lake.path(contract)), version=version)


def select(lake: Lake, sql: str, **tables: Contract) -> pa.Table:
    """What a SELECT finds in the newest versions of tables, by the names that ``sql`` gives them; no engine is needed."""
    query = QueryBuilder()
    for name, contract in tables.items():
        query = query.register(name, open_table(lake, contract))
    # The reader gives string views, which few of Arrow's own functions take.
    return _without_views(pa.table(query.execute(sql).read_all()))


def sizes_of(table: DeltaTable) -> dict[str, int]:
    """The files that a version of a table is made of, by their path in its folder, with their sizes in bytes."""
    added = table.get_add_actions()
    # The log writes a path as an address does.
    paths = [unquote(path) for path in added["path"].to_pylist()]
    return dict(zip(paths, added["size_bytes"].to_pylist(), strict=True))


def _without_views(table: pa.Table) -> pa.Table:
    plain = [field.with_type(pa.string()) if field.type == pa.string_view() else field for field in table.schema]
    return table.cast(pa.schema(plain))


def files_on_disk(lake: Lake, contract: Contract) -> dict[str, int]:
    """The data files in a table's folder, whoever names them, by their path in it, with their sizes in bytes.

    The checksum that Hadoop's file system keeps beside a file, ``.<file>.crc``, is none.
    """
    folder = lake.path(contract)
    there = {path for path in folder.rglob("*") if path.is_file() and LOG not in path.relative_to(folder).parts}
    data = there - {path.with_name(f".{path.name}.crc") for path in there}
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in data}


def is_whole(lake: Lake, contract: Contract, version: int) -> bool:
    """Whether a version of a table can be read: its log tells it, and its data files are all there in their sizes."""
    if version not in readable_versions(lake.path(contract)):
        return False
    try:
        sizes = sizes_of(open_table(lake, contract, version))
    except DeltaError:
        return False
    return sizes.items() <= files_on_disk(lake, contract).items()
