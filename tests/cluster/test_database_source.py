"""A source in PostgreSQL is ingested by day and quarantined by table and key, the same on every engine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from benchmarks.harness.postgresql_server import PASSWORD
from expectations.contracts.quarantine import quarantine_of
from expectations.contracts.registry import BRONZE
from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError
from jobs.lake.manifests import Verdict
from jobs.profile.load_profile import load_profile
from jobs.profile.mapping import load_mapping
from jobs.profile.profile import Profile
from jobs.steps.ingest_source import Ingested, ingest_source
from jobs.take_in_source import close_source
from tests.cluster.conftest import ROOT, Run
from tests.cluster.homes import differences

pytestmark = pytest.mark.cluster
VARIABLE = "TEST_REGISTRY_DATABASE"
MAPPING = f"""
contract = "registration"
owner = "registry"
format = "postgresql"
delivery = "increment"
same_key = "versions"
nulls = ["", "-"]
[database]
url_variable = "{VARIABLE}"
table = "registry.Shops"
delivered_on = "loaded on"
row_key = "id"
[raw]
columns = ["code", "名称", "state", "opened", "capital", "changed_at"]
[columns]
entity_id = "code"
id_scheme = "'test'"
name = "`名称`"
region_code = "'110101'"
established_on = "cast(try_to_timestamp(opened, 'yyyy-MM-dd') as date)"
registered_capital_minor = "cast(round(try_cast(capital as decimal(20,6)) * 100) as bigint)"
changed_on = "cast(try_to_timestamp(substring(changed_at, 1, 19), 'yyyy-MM-dd HH:mm:ss') as date)"
[translate.status]
from = "state"
values = {{ "open" = "active", "shut" = "closed" }}
"""
TABLE = """
CREATE SCHEMA registry;
CREATE TABLE registry."Shops" (
    id text, code text, "名称" text, state text, opened text, capital numeric, changed_at timestamptz, "loaded on" date
)
"""
# id, code, name, state, opened, capital, changed at, loaded on
FIRST_DAY = """
('1', 'S1', '秤店 "A"', 'open', '2020-01-01', 1234.50, '2020-06-01 23:30:00+08', '2026-01-05'),
('2', 'S2', 'B', 'open', '2026-13-45', 1, NULL, '2026-01-05'),
('3', 'S3', 'C', 'asleep', '2020-01-01', 1, NULL, '2026-01-05'),
('4', 'S4', 'D', 'shut', ' - ', NULL, 'infinity', '2026-01-05'),
('5', 'S5', 'E', 'open', '2020-01-01', 'NaN', NULL, '2026-01-05'),
('x6', 'S6', 'F', 'open', '2020-01-01', 1, NULL, '2026-01-05'),
(NULL, 'S7', 'G', 'open', '2020-01-01', 1, NULL, '2026-01-05'),
('9', 'S8', 'H', 'open', '2020-01-01', 1, NULL, '2026-01-05'),
('9', 'S9', 'I', 'open', '2020-01-01', 1, NULL, '2026-01-05'),
('10', 'S10', 'J', 'open', '2020-01-01', 1, NULL, NULL),
('11', 'S11', 'K', 'open', '2020-01-01', 1, NULL, 'infinity')
"""
SECOND_DAY = """
('12', 'S1', '秤店 "A"', 'open', '2020-01-01', 1234.50, '2020-06-01 23:30:00+08', '2026-01-06'),
('13', 'S1', '秤店 "A"', 'shut', '2020-01-01', 1234.50, '2020-06-01 23:30:00+08', '2026-01-06'),
('14', 'S12', 'L', 'open', '2020-01-01', 1, NULL, '2026-02-01')
"""
QUARANTINED = [
    ("registry.Shops/2026-01-05", 0, "no_row_key", "read"),
    ("registry.Shops/2026-01-05", 0, "no_row_key", "read"),
    ("registry.Shops/2026-01-05", 2, "established_on_unreadable", "map"),
    ("registry.Shops/2026-01-05", 3, "status_unreadable", "map"),
    ("registry.Shops/2026-01-05", 4, "changed_on_unreadable", "map"),
    ("registry.Shops/2026-01-05", 5, "registered_capital_minor_unreadable", "map"),
    ("registry.Shops/2026-01-05", 9, "row_key_twice", "read"),
    ("registry.Shops/2026-01-05", 9, "row_key_twice", "read"),
]


@dataclass
class Registry:
    """A home with one source, ``shops``, and its database table."""

    lake: Lake
    profile: Profile
    address: str

    @property
    def mapping_path(self) -> Path:
        return self.profile.folder / "sources" / "shops.toml"

    def do(self, *statements: str) -> None:
        """Change the database."""
        from adbc_driver_postgresql import dbapi

        with dbapi.connect(self.address, autocommit=True) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def insert(self, rows: str) -> None:
        """Deliver rows."""
        self.do(f'INSERT INTO registry."Shops" VALUES {rows}')

    def ingest(self, as_of: str = "2026-01-06") -> Ingested:
        """Ingest the deliveries up to a day."""
        mapping = load_mapping(self.mapping_path)
        return ingest_source(self.lake, self.profile, mapping, self.profile.folder, date.fromisoformat(as_of))

    def kept(self) -> list[tuple[str, str, str, int]]:
        """Entity, status, file and row of the bronze rows."""
        rows = self.lake.arrow(BRONZE["registration"]).to_pylist()
        return sorted((row["entity_id"], row["status"], row["source_file"], row["source_row"]) for row in rows)

    def quarantined(self) -> list[tuple[str, int, str, str]]:
        """File, row, rule and stage of the quarantined records."""
        rows = self.lake.arrow(quarantine_of("shops")).to_pylist()
        return sorted((row["source_file"], row["source_row"], row["rule_id"], row["stage"]) for row in rows)


@pytest.fixture
def registry(tmp_path: Path, spark: SparkSession, postgresql: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A fresh home, profile and table with its first day."""
    monkeypatch.setenv(VARIABLE, postgresql)
    (tmp_path / "profile" / "sources").mkdir(parents=True)
    shutil.copy(ROOT / "config" / "cn" / "profile.toml", tmp_path / "profile")
    made = Registry(Lake(tmp_path / "home", spark), load_profile(str(tmp_path / "profile")), postgresql)
    made.mapping_path.write_text(MAPPING, encoding="utf-8")
    made.do(*TABLE.split(";"))
    made.insert(FIRST_DAY)
    yield made
    made.do("DROP SCHEMA registry CASCADE")


def test_records_are_kept_or_turned_away_by_table_day_and_key(registry: Registry) -> None:
    done = registry.ingest()
    assert registry.kept() == [("S1", "active", "registry.Shops/2026-01-05", 1)]
    assert registry.quarantined() == QUARANTINED
    (batch,) = done.known
    assert (batch.counts.read, batch.counts.kept, batch.counts.quarantined) == (9, 1, 8)
    assert list(done.warnings) == ["2 records of registry.Shops are left out: their loaded on is no date of a calendar"]


def test_values_are_written_alike_whatever_the_servers_zone_and_a_records_text_is_whole(registry: Registry) -> None:
    registry.ingest()
    (row,) = registry.lake.arrow(BRONZE["registration"]).to_pylist()
    assert (row["name"], row["registered_capital_minor"], row["changed_on"]) == ('秤店 "A"', 123450, date(2020, 6, 1))
    quarantined = registry.lake.arrow(quarantine_of("shops")).to_pylist()
    raw = {row["reason"]: row["raw"] for row in quarantined}["its row key id is 'x6', which is no whole number of up to 18 digits"]
    assert '"code":"S6"' in raw
    assert '"changed_at":null' in raw


def test_only_new_or_changed_days_are_read_again(registry: Registry) -> None:
    registry.ingest()
    assert registry.ingest().taken_in == ()
    registry.insert(SECOND_DAY)
    done = registry.ingest()
    assert done.taken_in == (date(2026, 1, 6),)
    assert (done.known[1].counts.read, done.known[1].counts.kept, done.known[1].counts.duplicates) == (2, 1, 1)
    assert registry.kept()[-1] == ("S1", "closed", "registry.Shops/2026-01-06", 13)
    registry.do("""UPDATE registry."Shops" SET code = code""")
    assert registry.ingest().taken_in == ()
    registry.do("""UPDATE registry."Shops" SET opened = '2021-02-03' WHERE id = '2'""")
    assert registry.ingest().taken_in == (date(2026, 1, 5), date(2026, 1, 6))
    assert [entity for entity, *_ in registry.kept()] == ["S1", "S1", "S2"]


def test_days_before_the_look_back_period_are_not_read_again(registry: Registry) -> None:
    text = MAPPING.replace('row_key = "id"', 'row_key = "id"\nlook_back_days = 3')
    registry.mapping_path.write_text(text, encoding="utf-8")
    registry.insert(SECOND_DAY.replace("2026-01-06", "2026-01-20"))
    assert registry.ingest("2026-01-20").taken_in == (date(2026, 1, 5), date(2026, 1, 20))
    registry.do("""UPDATE registry."Shops" SET opened = '2021-02-03' WHERE id = '2'""")
    assert registry.ingest("2026-01-20").taken_in == ()
    registry.do("""UPDATE registry."Shops" SET opened = '2021-02-03' WHERE id = '13'""")
    assert registry.ingest("2026-01-20").taken_in == (date(2026, 1, 20),)


@pytest.mark.parametrize("looked_back", ["", "\nlook_back_days = 3"])
def test_an_empty_table_withdraws_nothing(registry: Registry, looked_back: str) -> None:
    text = MAPPING.replace('row_key = "id"', f'row_key = "id"{looked_back}')
    registry.mapping_path.write_text(text, encoding="utf-8")
    registry.insert(SECOND_DAY)
    registry.ingest()
    kept = registry.kept()
    registry.do("""CREATE TABLE registry.aside AS TABLE registry."Shops" """, """TRUNCATE registry."Shops" """)
    with pytest.raises(ConfigError, match=r"no record of .* exists, although 2 days were taken in"):
        registry.ingest()
    assert registry.kept() == kept
    registry.do("""INSERT INTO registry."Shops" TABLE registry.aside""")
    assert registry.ingest().taken_in == ()


def test_a_single_deleted_day_is_withdrawn(registry: Registry) -> None:
    text = MAPPING.replace('row_key = "id"', 'row_key = "id"\nlook_back_days = 3')
    registry.mapping_path.write_text(text, encoding="utf-8")
    registry.insert(SECOND_DAY.replace("2026-01-06", "2026-01-20"))
    registry.ingest("2026-01-20")
    registry.do("""DELETE FROM registry."Shops" WHERE "loaded on" = '2026-01-20'""")
    registry.ingest("2026-01-20")
    assert {source_file for *_, source_file, _ in registry.kept()} == {"registry.Shops/2026-01-05"}


def test_a_query_gives_records_like_a_table(registry: Registry) -> None:
    number = "row_number() OVER (ORDER BY code) AS id"
    chosen = """code, "名称", state, opened, capital, changed_at, "loaded on" FROM registry."Shops" WHERE code = 'S1'"""
    query = f'query = """SELECT {number}, {chosen}"""'
    registry.mapping_path.write_text(MAPPING.replace('table = "registry.Shops"', query), encoding="utf-8")
    registry.ingest()
    assert registry.kept() == [("S1", "active", "query/2026-01-05", 1)]


@pytest.mark.parametrize(
    ("variable", "change", "said"),
    [
        ("", "", f"the environment variable {VARIABLE} is not set"),
        ("mysql://root:secret@127.0.0.1/db", "", f"the environment variable {VARIABLE} holds no address of PostgreSQL"),
        ("postgresql://u:secret@127.0.0.1:9/db", "", "the database cannot be read: .*onnection refused"),
        (None, 'ALTER TABLE registry."Shops" DROP COLUMN opened', "the records lack the columns: opened"),
        (None, 'ALTER TABLE registry."Shops" RENAME opened TO opened_on', "columns: opened; 'opened_on' resembles 'opened'"),
        (None, 'ALTER TABLE registry."Shops" RENAME TO gone', "the database cannot be read: .*does not exist"),
    ],
)
def test_an_unreadable_database_stops_its_source_without_showing_secrets(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, variable: str | None, change: str, said: str
) -> None:
    if variable is not None:
        monkeypatch.setenv(VARIABLE, variable)
    if change:
        registry.do(change)
    with pytest.raises(ConfigError, match=said) as failed:
        registry.ingest()
    assert "secret" not in str(failed.value)
    assert PASSWORD not in str(failed.value)
    settled = close_source(registry.lake.home, load_mapping(registry.mapping_path), registry.profile.folder, date(2026, 1, 6))
    assert settled.verdict in (Verdict.MISSING, Verdict.STOPPED)


def test_apache_spark_ingests_the_same_over_jdbc_as_sail(
    registry: Registry, run_on: Run, way: str, tmp_path: Path, postgresql: str
) -> None:
    registry.insert(SECOND_DAY)
    registry.ingest()
    profile = ["--profile", registry.profile.folder, "--source", "shops", "--sources", registry.profile.folder]
    run_on(way, "jobs.cli", "ingest", *profile, "--home", tmp_path / way, "--as-of", "2026-01-06", **{VARIABLE: postgresql})
    assert differences(registry.lake.home, tmp_path / way, [BRONZE["registration"]]) == []
    there = Registry(Lake(tmp_path / way), registry.profile, postgresql)
    assert there.quarantined() == QUARANTINED
    reasons = [sorted(map(str, home.lake.arrow(quarantine_of("shops")).to_pylist())) for home in (registry, there)]
    assert reasons[0] == reasons[1]
