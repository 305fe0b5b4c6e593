"""A table made by an earlier version of its contract is brought up by steps, or read through them, and never by accident."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from expectations.contracts.contract import Column, Contract, Type, Zone
from expectations.contracts.migrations import AddColumn, DropColumn, FillColumn, Migration, RenameColumn, WidenColumn, steps_up
from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError, SteelyardError
from jobs.lake import table_version
from jobs.lake.maintenance import maintain as maintain_module
from jobs.lake.maintenance import migrate as migrate_module
from jobs.lake.maintenance.maintain import maintain
from jobs.lake.maintenance.migrate import migrate
from jobs.lake.maintenance.table_files import open_table
from jobs.lake.table_version import version_of
from jobs.profile.profile import Retention

DAY = Column("as_of", Type.DATE, "The day")
KEY = Column("key", Type.STRING, "The key")
AT = Column("at", Type.INT, "When it came")
YUAN = Column("amount", Type.INT, "An amount", unit="yuan")
NOTE = Column("note", Type.STRING, "A note")
FEN = Column("amount_minor", Type.BIGINT, "The same amount", unit="minor currency unit")
AGAIN = Column("is_revision", Type.BOOLEAN, "Whether an earlier record of the key was there")
KIND = Column("kind", Type.STRING, "A kind; before there was only one")

OLD = Contract(
    name="trial", zone=Zone.GOLD, about="", grain="", key=(KEY,), columns=(KEY, AT, YUAN, NOTE, DAY), owner="", partition_by=(DAY,)
)  # fmt: skip
NEW = replace(OLD, columns=(KEY, AT, FEN, DAY, AGAIN, KIND), version=3)
STEPS = (
    Migration(
        "gold.trial",
        2,
        "money is in minor units",
        (
            RenameColumn("amount", "amount_minor"),
            WidenColumn("amount_minor", Type.BIGINT),
            FillColumn("amount_minor", "amount_minor * 100"),
        ),
    ),
    Migration(
        "gold.trial",
        3,
        "revisions are recorded, notes are not kept",
        (
            AddColumn("is_revision", Type.BOOLEAN, "row_number() OVER (PARTITION BY key ORDER BY at) > 1"),
            AddColumn("kind", Type.STRING, "'plain'"),
            DropColumn("note"),
        ),
        within=("key",),
    ),
)  # fmt: skip
ROWS = [
    {"key": "a", "at": 1, "amount": 5, "note": "x", "as_of": date(2026, 6, 29)},
    {"key": "b", "at": 1, "amount": 2_000_000_000, "note": None, "as_of": date(2026, 6, 29)},
    {"key": "a", "at": 2, "amount": None, "note": "y", "as_of": date(2026, 6, 30)},
]
WANTED = [
    {"key": "a", "at": 1, "amount_minor": 500, "as_of": date(2026, 6, 29), "is_revision": False, "kind": "plain"},
    {"key": "a", "at": 2, "amount_minor": None, "as_of": date(2026, 6, 30), "is_revision": True, "kind": "plain"},
    {"key": "b", "at": 1, "amount_minor": 200_000_000_000, "as_of": date(2026, 6, 29), "is_revision": False, "kind": "plain"},
]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A home with one table, written under its first contract."""
    monkeypatch.setattr(table_version, "MIGRATIONS", STEPS)
    for module in (migrate_module, maintain_module):
        monkeypatch.setattr(module, "tables_of", lambda _lake: (NEW,))
    made = Lake(tmp_path)
    made.replace_arrow(pa.Table.from_pylist(ROWS), OLD, "as_of >= '2026-01-01'")
    return made


def in_order(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(rows, key=lambda row: (str(row["key"]), str(row["at"])))


def test_a_migrated_table_holds_its_rows_in_the_new_columns_and_says_its_version(lake: Lake) -> None:
    done = migrate(lake)

    assert [(table.table, table.before, table.after) for table in done] == [("gold.trial", 1, 3)]
    assert in_order(lake.arrow(NEW).to_pylist()) == WANTED
    assert version_of(open_table(lake, NEW)) == 3
    assert open_table(lake, NEW).metadata().partition_columns == ["as_of"]


def test_a_large_table_is_done_in_parts_that_keep_together_what_belongs_together(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [
        {"key": f"k{number}", "at": at, "amount": 1, "note": None, "as_of": date(2026, 6, 1)}
        for number in range(50)
        for at in (1, 2)
    ]
    lake.replace_arrow(pa.Table.from_pylist(many), OLD, "as_of = '2026-06-01'")
    monkeypatch.setattr(migrate_module, "AT_ONCE", 7)

    assert len(migrate_module._parts(open_table(lake, NEW), NEW)) == 15
    migrate(lake)

    rows = lake.arrow(NEW, where="as_of = '2026-06-01'").to_pylist()
    assert sorted((row["key"], row["at"], row["is_revision"]) for row in rows) == sorted(
        (row["key"], row["at"], row["at"] == 2) for row in many
    )


def test_a_migrated_table_takes_new_rows_and_is_migrated_once(lake: Lake) -> None:
    migrate(lake)
    before = lake.version(NEW)

    assert migrate(lake) == ()
    assert lake.version(NEW) == before
    lake.replace_arrow(pa.Table.from_pylist(WANTED[1:2]), NEW, "as_of = '2026-06-30'")
    assert in_order(lake.arrow(NEW).to_pylist()) == WANTED


def test_a_version_from_before_is_read_in_the_new_columns_by_both_readers(lake: Lake, spark: SparkSession) -> None:
    old = lake.version(OLD)
    migrate(lake)
    lake.replace_arrow(pa.Table.from_pylist([], schema=lake.arrow(NEW).schema), NEW, "as_of >= '2026-01-01'")

    then = Lake(lake.home, spark).at({"gold.trial": old})

    assert in_order(then.arrow(NEW).to_pylist()) == WANTED
    assert in_order([row.asDict() for row in then.read(NEW).collect()]) == WANTED
    assert lake.arrow(NEW).num_rows == 0


def test_a_crash_between_rows_and_version_is_repaired_by_the_same_command(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps multiply an amount: done twice, they would multiply it twice."""
    from deltalake.table import TableAlterer

    def dies(*_given: object, **_named: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TableAlterer, "set_table_properties", dies)
        with pytest.raises(KeyboardInterrupt):
            migrate(lake)
    with pytest.raises(ConfigError):
        lake.arrow(NEW)
    with pytest.raises(ConfigError, match=r"gold\.trial has version 1 of its columns"):
        maintain(lake, Retention(feature_days=1, time_travel_days=1), date(2026, 6, 30))
    migrate(lake)

    assert in_order(lake.arrow(NEW).to_pylist()) == WANTED


@pytest.mark.parametrize("way", ["read", "arrow", "replace", "replace_arrow"])
def test_an_older_table_is_neither_read_nor_written_and_the_command_that_helps_is_named(
    lake: Lake, spark: SparkSession, way: str
) -> None:
    opened, before = Lake(lake.home, spark), lake.version(OLD)
    given = {
        "read": (NEW,),
        "arrow": (NEW,),
        "replace": (spark.createDataFrame([], NEW.ddl()), NEW, "as_of = '2026-06-30'"),
        "replace_arrow": (pa.Table.from_pylist(WANTED), NEW, "as_of = '2026-06-30'"),
    }[way]

    with pytest.raises(ConfigError) as refused:
        getattr(opened, way)(*given)

    assert "gold.trial has version 1 of its columns, and this Steelyard writes version 3" in refused.value.what
    assert f"steelyard lake migrate --home {lake.home}" in refused.value.next_step
    assert lake.version(OLD) == before


def test_a_table_of_a_later_steelyard_is_left_alone(lake: Lake) -> None:
    migrate(lake)
    before = lake.version(NEW)

    for opens in (
        lambda: lake.arrow(OLD),
        lambda: lake.at({"gold.trial": before}).arrow(OLD),
        lambda: lake.replace_arrow(pa.Table.from_pylist(ROWS), OLD, "as_of = '2026-06-30'"),
    ):
        with pytest.raises(ConfigError) as refused:
            opens()
        assert "has version 3 of its columns, but this Steelyard knows only version 1" in refused.value.what
        assert "a later one" in refused.value.next_step
    assert lake.version(NEW) == before


def test_nothing_is_written_when_a_migration_is_missing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_version, "MIGRATIONS", STEPS[:1])
    before = lake.version(OLD)

    with pytest.raises(SteelyardError, match=r"no migration leads gold\.trial from version 1"):
        migrate(lake)

    assert lake.version(OLD) == before


def test_features_take_new_indicators_as_null_and_drop_old_ones() -> None:
    shape = replace(OLD, name="features", columns=(KEY, FEN))

    selects = steps_up("gold.features", shape, 1, ["gone", "key"], ())

    assert selects == [{"key": "key", "amount_minor": "CAST(NULL AS bigint)"}]
