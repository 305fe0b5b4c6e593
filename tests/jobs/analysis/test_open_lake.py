"""The lake opened for analysts: rows in one line, nothing written, what is wrong explained."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from expectations.contracts import inspection, scoring, silver
from expectations.contracts.quarantine import quarantine_of
from jobs.analysis.open_lake import OpenLake, open_lake
from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.lake.tables import arrow_schema

JUNE, MAY = date(2026, 6, 30), date(2026, 5, 31)
SCORES = [
    # entity, day, margin, class
    ("a", MAY, 0.5, "B"),
    ("a", JUNE, 1.5, "C"),
    ("b", JUNE, -0.5, "A"),
]


def score(entity: str, as_of: date, margin: float, letter: str) -> dict[str, object]:
    return {
        "entity_id": entity, "as_of": as_of, "model_id": "m", "margin": margin, "probability": None, "anomaly": 0.0,
        "credit_points": 500, "risk_class": letter, "probability_low": None, "probability_high": None, "evidence": 1.0,
        "held_class": None, "held_source": None,
    }  # fmt: skip


VISIT = {
    "inspection_id": "v1", "entity_id": "a", "selected_by": "random", "visit_status": "inspected", "found_violation": True,
    "inspected_on": MAY, "inspector_id": "R0086", "source": "inspection", "source_file": "i.csv", "source_row": 2,
    "content_hash": "c", "delivered_on": MAY, "known_at": None, "is_absent": False, "is_revision": False,
}  # fmt: skip
TURNED_AWAY = {
    "source": "tax", "source_file": "t.csv", "source_row": 7, "delivered_on": MAY, "stage": "read", "rule_id": "not_utf8",
    "column_name": None, "bad_value": "13800000000", "reason": "line 7 is not UTF-8", "raw": "13800000000,…",
}  # fmt: skip


@pytest.fixture
def lake(tmp_path: Path) -> OpenLake:
    written = Lake(tmp_path)
    tax = quarantine_of("tax")
    for contract, rows in ((scoring.SCORES, [score(*row) for row in SCORES]), (silver.INSPECTION, [VISIT]), (tax, [TURNED_AWAY])):
        table = pa.Table.from_pylist(rows, arrow_schema(contract))
        for day in sorted({row.get("as_of", row.get("delivered_on")) for row in rows}):
            column = "as_of" if contract is scoring.SCORES else "delivered_on"
            part = table.filter(pa.compute.equal(table[column], pa.scalar(day)))
            written.replace_arrow(part, contract, f"{column} = '{day}'")
    return open_lake(tmp_path)


def bytes_under(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_tables_that_are_there_are_named_in_the_order_data_passes_through_them(lake: OpenLake) -> None:
    assert lake.names() == ["quarantine.tax", "silver.inspection", "gold.scores"]


def test_contents_count_rows_and_say_the_grain(lake: OpenLake) -> None:
    contents = lake.contents().set_index("table")

    assert contents["rows"].to_dict() == {"quarantine.tax": 1, "silver.inspection": 1, "gold.scores": 3}
    assert contents.loc["gold.scores", "grain"] == "entity × as_of"


def test_pandas_gives_the_rows_and_columns_asked_for(lake: OpenLake) -> None:
    found = lake.pandas("gold.scores", where="as_of = '2026-06-30' AND margin > 0", columns=["risk_class", "entity_id"])

    assert found.to_dict("records") == [{"risk_class": "C", "entity_id": "a"}]
    assert list(found.columns) == ["risk_class", "entity_id"]


def test_duckdb_has_a_view_of_every_table_under_its_own_name(lake: OpenLake) -> None:
    connection = lake.duckdb()

    found = connection.sql("SELECT as_of, max(margin) FROM gold.scores GROUP BY as_of ORDER BY as_of").fetchall()
    joined = connection.sql("SELECT s.entity_id FROM silver.inspection AS v JOIN gold.scores AS s USING (entity_id)").fetchall()

    assert found == [(MAY, 0.5), (JUNE, 1.5)]
    assert joined == [("a",), ("a",)]


def test_pandas_and_duckdb_give_the_same_rows(lake: OpenLake) -> None:
    for table in lake.names():
        by_duckdb = lake.duckdb().sql(f"SELECT * FROM {table}").arrow().read_all().to_pylist()

        assert sorted(map(repr, by_duckdb)) == sorted(map(repr, pa.Table.from_pandas(lake.pandas(table)).to_pylist())), table


@pytest.mark.parametrize("table", ["silver.inspection", "quarantine.tax"])
def test_columns_that_tell_of_a_person_are_shut_everywhere(lake: OpenLake, table: str) -> None:
    personal = {str(inspection.INSPECTOR_ID), "bad_value", "raw"}

    assert not personal & set(lake.pandas(table).columns)
    assert not personal & set(lake.columns(table)["column"])
    assert not personal & set(lake.duckdb().sql(f"SELECT * FROM {table}").columns)
    assert not personal & set(lake.duckdb().sql(f'SELECT * FROM "rows of {table}"').columns)


def test_columns_that_tell_of_a_person_are_shown_to_who_asks_for_them(lake: OpenLake) -> None:
    asked = open_lake(lake.home, personal=True)

    assert asked.pandas("silver.inspection", columns=["inspector_id"])["inspector_id"].item() == "R0086"
    assert asked.duckdb().sql("SELECT inspector_id FROM silver.inspection").fetchall() == [("R0086",)]
    with pytest.raises(ConfigError, match=r"holds personal data.*personal=True"):
        lake.pandas("silver.inspection", columns=["inspector_id"])


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO gold.scores SELECT * FROM gold.scores",
        "DELETE FROM gold.scores",
        "UPDATE gold.scores SET margin = 9",
        "COPY (SELECT 1) TO '{home}/lake/gold/scores/new.parquet'",
        "ATTACH '{home}/lake/new.db'",
        "SELECT * FROM read_text('{home}/secret.txt')",
        "INSTALL delta",
        "SET enable_external_access = true",
    ],
)
def test_duckdb_can_neither_write_nor_reach_files(lake: OpenLake, statement: str) -> None:
    (lake.home / "secret.txt").write_text("secret", encoding="utf-8")
    before = bytes_under(lake.home)

    with pytest.raises(duckdb.Error):
        lake.duckdb().execute(statement.replace("{home}", str(lake.home)))

    assert bytes_under(lake.home) == before


def test_reading_changes_no_byte_of_the_home(lake: OpenLake) -> None:
    before = bytes_under(lake.home)

    for table in lake.names():
        lake.pandas(table)
        lake.duckdb().sql(f"SELECT count(*) FROM {table}").fetchall()
    lake.contents()

    assert bytes_under(lake.home) == before


@pytest.mark.parametrize("where", ["1 = 1; DROP TABLE t", "nosuch = 1", "margin >"])
def test_a_condition_that_cannot_be_used_is_explained(lake: OpenLake, where: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot be chosen by .*gold\.scores.*SQL over entity_id, as_of") as raised:
        lake.pandas("gold.scores", where=where)

    assert repr(where) in raised.value.what


def test_a_column_that_is_not_there_is_explained_with_those_that_are(lake: OpenLake) -> None:
    with pytest.raises(ConfigError, match=r"no column 'marg'.*entity_id, as_of, model_id, margin"):
        lake.pandas("gold.scores", columns=["marg"])


def test_a_table_that_is_not_there_is_explained_with_those_that_are(lake: OpenLake) -> None:
    for ask in (lake.pandas, lake.columns):
        with pytest.raises(InputMissing, match=r"no table 'gold.risk'.*quarantine.tax, silver.inspection, gold.scores"):
            ask("gold.risk")


def test_a_home_that_is_not_there_or_empty_is_explained(tmp_path: Path) -> None:
    with pytest.raises(InputMissing, match=r"there is no such folder .*steelyard run"):
        open_lake(tmp_path / "nowhere")
    with pytest.raises(InputMissing, match=r"there is no lake here .*steelyard run"):
        open_lake(tmp_path)


def test_a_folder_without_a_contract_is_no_table(lake: OpenLake) -> None:
    (lake.home / "lake" / "gold" / "mine").mkdir()

    assert "gold.mine" not in open_lake(lake.home).names()
