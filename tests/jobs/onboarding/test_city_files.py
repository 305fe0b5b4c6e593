"""`source infer` on files as cities and countries publish them: contract, encoding, columns, and a mapping that runs."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from expectations.contracts.registry import SOURCES
from jobs.onboarding.mapping_check import sql_problems
from jobs.onboarding.mapping_draft import draft_mapping
from jobs.profile.mapping import build_mapping, select_expressions
from jobs.profile.mapping_schema import shape_problems

FILES: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "city_files.toml").read_text(encoding="utf-8"))
RAW = Path(__file__).resolve().parents[4] / "shared" / "data"


def drafted(folder: Path, name: str) -> str:
    """The draft of a file that has no telling name."""
    file = folder / "file.csv"
    file.write_bytes(FILES[name]["text"].lstrip("\n").encode(FILES[name]["encoding"]))
    return draft_mapping(file)


@pytest.mark.parametrize("name", FILES)
def test_contract_and_encoding_are_found(tmp_path: Path, name: str) -> None:
    draft = tomllib.loads(drafted(tmp_path, name))
    assert (draft["contract"], draft["encoding"]) == (FILES[name]["contract"], FILES[name]["encoding"])


@pytest.mark.parametrize("name", FILES)
def test_columns_are_found_by_names_and_values(tmp_path: Path, name: str) -> None:
    text = drafted(tmp_path, name)
    draft = tomllib.loads(text)
    settings = {**draft["columns"], **{column: table["from"] for column, table in draft.get("translate", {}).items()}}
    wrong = {column: raw for column, raw in FILES[name]["columns"].items() if raw not in settings.get(column, "")}
    assert not wrong, text


@pytest.mark.parametrize("name", FILES)
def test_a_draft_is_a_mapping_that_reads_every_value_of_its_file(tmp_path: Path, name: str, spark: SparkSession) -> None:
    draft = tomllib.loads(drafted(tmp_path, name))
    assert [problem for problem in shape_problems(draft) if problem.is_error] == []
    mapping = build_mapping(draft, tmp_path / "file.toml")
    assert [problem for problem in sql_problems(mapping, spark) if problem.is_error] == []
    lines = [line.encode() for line in FILES[name]["text"].strip().split("\n")]
    (tmp_path / "utf8.csv").write_bytes(b"\n".join(lines))
    raw = spark.read.csv(str(tmp_path / "utf8.csv"), header=True, sep=draft["delimiter"], quote='"', escape='"')
    columns = select_expressions(mapping)
    found = raw.selectExpr("*", *(f"{sql} AS `__{column}`" for column, sql in columns.items())).toPandas()
    contract = SOURCES[draft["contract"]]
    for column in columns:
        values = found[f"__{column}"]
        inputs = [name for name in mapping.raw_inputs(column) if column not in mapping.optional]
        given = found[inputs].notna().all(axis=1) if inputs else values.notna()
        assert values[given].notna().all(), (column, found.loc[given & values.isna(), inputs].to_dict("records"))
        assert column not in contract.required or values.notna().all(), column


def test_the_parts_of_a_return_are_added_up(tmp_path: Path) -> None:
    file = tmp_path / "excise.csv"
    rows = [f"L{number},2026-0{month}-01,{goods},{number + month}.5" for number in (1, 2) for month in (1, 2) for goods in "LMW"]
    file.write_text("\n".join(["License Number,Reporting Period,Category,Gallons", *rows]), encoding="utf-8")
    draft = tomllib.loads(draft_mapping(file))
    assert (draft["group_by"], draft["columns"]["quantity_unit"]) == ({"sums": ["quantity_milli"]}, "'us_gallon'")
    assert [problem for problem in shape_problems(draft) if problem.is_error] == []
    file.write_text("\n".join(["License Number,Reporting Period,Category,Gallons", rows[0], rows[4]]), encoding="utf-8")
    assert "group_by" not in tomllib.loads(draft_mapping(file))


def test_the_time_zone_is_never_assumed(tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("inspection id,inspection date,reported at\n1,2026-01-05,2026-01-05 10:00:00\n", encoding="utf-8")
    assert "reported_at" not in tomllib.loads(draft_mapping(file, "inspection"))["columns"]
    assert "Asia/Shanghai" not in draft_mapping(file, "inspection")
    zoned = tomllib.loads(draft_mapping(file, "inspection", "America/Toronto"))["columns"]["reported_at"]
    assert zoned.endswith("'America/Toronto')")


def test_personal_data_is_neither_mapped_nor_shown(tmp_path: Path) -> None:
    text = drafted(tmp_path, "new_york_inspections") + drafted(tmp_path, "german_trade_notices")
    assert "555" not in text


def test_day_and_month_that_could_be_exchanged_are_a_question(tmp_path: Path) -> None:
    file = tmp_path / "visits.csv"
    file.write_text("inspection id,inspection date\n1,02/03/2026\n2,04/03/2026\n", encoding="utf-8")
    assert "day and month may be exchanged" in draft_mapping(file, "inspection")
    file.write_text("inspection id,inspection date\n1,02/03/2026\n2,25/03/2026\n", encoding="utf-8")
    assert "'dd/MM/yyyy') as date)\"\n" in draft_mapping(file, "inspection")


@pytest.mark.skipif(not RAW.is_dir(), reason="the real files are not on this machine")
@pytest.mark.parametrize(
    ("file", "contract", "columns"),
    [
        ("missouri_alcohol/excise_tax_reported.parquet", "tax_filing", {"entity_id", "tax_type", "period_start", "quantity_milli"}),
        ("missouri_alcohol/licences_renewed.parquet", "registration", {"entity_id", "name", "trading_name", "address", "latitude"}),
        ("missouri_alcohol/licences_out_of_business.parquet", "registration", {"entity_id", "status", "changed_on", "address"}),
        ("san_francisco/businesses.csv", "registration", {"entity_id", "name", "address", "region_code", "latitude", "longitude"}),
        ("san_francisco/inspections.csv", "inspection", {"entity_id", "inspected_on", "selected_by", "result"}),
        ("san_francisco/violations.csv", "inspection", {"entity_id", "inspected_on", "severity", "found_violation"}),
        ("chicago/inspections.parquet", "inspection", {"inspection_id", "entity_id", "inspected_on", "selected_by", "result"}),
        ("chicago/inspector_visits_all_types.parquet", "inspection", {"entity_id", "inspected_on", "selected_by"}),
        (
            "chicago/licences_at_inspection.parquet",
            "registration",
            {"entity_id", "name", "trading_name", "status", "established_on"},
        ),
        ("chicago/complaints_311_sanitation.parquet", "complaint", {"complaint_id", "received_on", "category", "resolved_on"}),
    ],
)
def test_real_files_get_their_contract_and_columns(file: str, contract: str, columns: set[str]) -> None:
    draft = tomllib.loads(draft_mapping(RAW / file))
    assert draft["contract"] == contract
    assert columns <= {*draft["columns"], *draft.get("translate", {})}
    assert draft.get("encoding", "utf-8") == ("cp1252" if file == "san_francisco/businesses.csv" else "utf-8")
