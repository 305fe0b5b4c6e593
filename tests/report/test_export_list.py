"""The exported files are correct, safe and complete, and errors explain what to do."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.contracts import registration
from expectations.contracts.contract import Contract, Zone
from expectations.contracts.lineage import ENTITY_ID
from expectations.contracts.scoring import BETTER_CHANGES, RISK_LIST
from jobs.foundation.errors import ConfigError, InputMissing
from jobs.foundation.files import escape_formula
from jobs.profile.profile import Profile
from jobs.report.export_list import EXPORT_FORMATS, export_list, mask_personal

AS_OF = date(2026, 1, 31)


def exported(home: Path, profile: Profile, folder: Path, format: str, language: str = "en") -> bytes:
    out = folder / f"list.{format}"
    export_list(home, profile, AS_OF, format=format, out=out, language=language)
    return out.read_bytes()


def test_csv_is_utf8_with_one_row_per_listed_entity(home: Path, profile: Profile, tmp_path: Path) -> None:
    content = exported(home, profile, tmp_path, "csv")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert [(row["list_rank"], row["risk_class"], row["industry_name"][:9], row["reason_1"]) for row in rows] == [
        ("1", "D", "Wholesale", "Late <b>filing</b>"),
        ("2", "C", "Manufactu", "'-2 standard deviations complaints"),
        ("3", "B", "Wholesale", ""),
    ]
    assert [row["probability"] for row in rows] == ["0.91", "0.62", ""]


def test_csv_has_every_column_of_the_list(home: Path, profile: Profile, tmp_path: Path) -> None:
    heads = next(csv.reader(exported(home, profile, tmp_path, "csv").decode("utf-8-sig").splitlines()))
    reasons = [f"reason_{n}" for n in range(1, 6)]
    better = ["better_en", "better_zh_hans", "better_zh_hant"]
    assert heads == [
        *(str(column) for column in RISK_LIST.columns if column != BETTER_CHANGES),
        *better,
        "industry_name",
        "region_name",
        "class_begins",
        *reasons,
    ]


def test_csv_is_in_the_requested_language(home: Path, profile: Profile, tmp_path: Path) -> None:
    text = exported(home, profile, tmp_path, "csv", "zh-Hant").decode("utf-8-sig")
    assert "投訴激增" in text
    assert "浙江省杭州市" in text
    assert "批發和零售業" in text


def test_a_name_that_is_a_formula_is_escaped_in_csv(home: Path, profile: Profile, tmp_path: Path) -> None:
    assert "'=SUM(A1:A9)" in exported(home, profile, tmp_path, "csv").decode("utf-8-sig")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_every_start_of_a_formula_is_escaped(start: str) -> None:
    assert escape_formula(start + "1") == f"'{start}1"


@pytest.mark.parametrize("hidden", [*"\u200b\ufeff\u3164\u115f\u2800\uffa0\u034f\ufe0f", " \u3164\u200b"])
def test_a_formula_behind_invisible_characters_is_escaped(hidden: str) -> None:
    assert escape_formula(f"{hidden}=1") == f"'{hidden}=1"


def test_no_cell_of_the_csv_ends_early_in_another_program(home: Path, profile: Profile, tmp_path: Path) -> None:
    row = exported(home, profile, tmp_path, "csv").decode("utf-8-sig").splitlines()[1]
    assert '"91330106MA0000001A"' in row


@pytest.mark.parametrize("cell", [-2.5, 7, None, "plain", "a=b", ""])
def test_numbers_and_plain_text_are_not_escaped(cell: object) -> None:
    assert escape_formula(cell) == cell


def test_parquet_holds_each_entitys_reasons_in_order(home: Path, profile: Profile, tmp_path: Path) -> None:
    table = pq.read_table(io.BytesIO(exported(home, profile, tmp_path, "parquet")))
    assert [
        (row["entity_id"][-1], [(reason["reason_rank"], reason["indicator"]) for reason in row["reasons"]])
        for row in table.to_pylist()
    ] == [
        ("A", [(1, "late_filing_ratio"), (2, "complaint_burst")]),
        ("B", [(1, "complaint_burst")]),
        ("C", []),
    ]
    assert table.column("as_of").type == pa.date32()


def test_personal_columns_are_masked() -> None:
    contract = Contract(
        name="t", zone=Zone.GOLD, about="", grain="", key=(ENTITY_ID,), columns=(ENTITY_ID, registration.OWNER_ID), owner=""
    )
    table = pa.table({"entity_id": ["e1", "e2"], "owner_id": ["p7", None]})
    assert mask_personal(table, contract).to_pydict() == {"entity_id": ["e1", "e2"], "owner_id": ["***", None]}


@pytest.mark.parametrize("format", sorted(EXPORT_FORMATS))
def test_the_same_day_gives_the_same_bytes(home: Path, profile: Profile, tmp_path: Path, format: str) -> None:
    first = exported(home, profile, tmp_path, format)
    assert exported(home, profile, tmp_path, format) == first


def test_a_report_in_the_home_links_to_the_data_docs_of_its_day(home: Path, profile: Profile, tmp_path: Path) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy)
    docs = copy / "gx/uncommitted/data_docs/local_site/days"
    docs.mkdir(parents=True)
    for day in (AS_OF - timedelta(days=1), AS_OF + timedelta(days=1)):
        (docs / f"{day}.html").touch()
    link = f'href="../gx/uncommitted/data_docs/local_site/days/{AS_OF - timedelta(days=1)}.html"'
    for out, is_linked in ((copy / "reports" / "list.html", True), (tmp_path / "list.html", False)):
        export_list(copy, profile, AS_OF, format="html", out=out, language="zh-Hans")
        assert (link in out.read_text(encoding="utf-8")) is is_linked


def test_an_older_file_is_replaced_without_leftover_files(home: Path, profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("old")
    assert exported(home, profile, tmp_path, "csv") != b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["list.csv"]


def test_a_day_without_a_list_names_the_days_that_have_one(home: Path, profile: Profile, tmp_path: Path) -> None:
    for format in EXPORT_FORMATS:
        with pytest.raises(InputMissing, match=r"no list for 2026-02-01.*2026-01-31"):
            export_list(home, profile, date(2026, 2, 1), format=format, out=tmp_path / "x", language="en")
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_or_language_is_explained(home: Path, profile: Profile, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"'xls'.*csv, parquet, html"):
        export_list(home, profile, AS_OF, format="xls", out=tmp_path / "x", language="en")
    with pytest.raises(ConfigError, match=r"'fr'.*en, zh-Hans, zh-Hant"):
        export_list(home, profile, AS_OF, format="csv", out=tmp_path / "x", language="fr")


def test_a_file_that_cannot_be_written_is_explained(home: Path, profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path, tmp_path / "file" / "list.csv"):
        with pytest.raises(ConfigError, match="--out"):
            export_list(home, profile, AS_OF, format="csv", out=out, language="en")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
