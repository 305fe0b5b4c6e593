"""A column that a delivery no longer has is named with the new one that resembles it, and an alias makes both headers readable."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from jobs.formats.raw_records import FileProblem, resembling
from jobs.onboarding.mapping_check import header_problems
from jobs.profile.mapping import SourceMapping
from jobs.profile.mapping_schema import shape_problems

from .raw_reading import mapping_of, read_all

COLUMNS = ("licence_no", "street", "opened")
RENAMED = {"Licence Number": "7", "street": "Mill", "opened": "2026-01-05"}
WANTED = {"licence_no": "7", "street": "Mill", "opened": "2026-01-05"}
SENTENCE = "lacks the columns: licence_no; 'Licence Number' resembles 'licence_no': if it was renamed, list it under [raw.aliases]"


def delivered(folder: Path, form: str, record: dict[str, str], copies: int = 1) -> Path:
    path = folder / "c" / "2026-01-06" / f"a.{form}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "parquet":
        parquet.write_table(pa.Table.from_pylist([record] * copies), path)
    elif form == "csv":
        path.write_text("\n".join([",".join(record)] + [",".join(record.values())] * copies) + "\n", encoding="utf-8")
    else:
        line = "{" + ", ".join(f'"{name}": "{value}"' for name, value in record.items()) + "}\n"
        path.write_text(line * copies, encoding="utf-8")
    return path


def mapping_for(form: str, *aliases: str, columns: tuple[str, ...] = COLUMNS) -> SourceMapping:
    raw = {"columns": list(columns), "aliases": {"licence_no": list(aliases)} if aliases else {}}
    return mapping_of(form, columns, raw=raw)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_renamed_column_stops_the_file_and_the_check_and_the_new_name_is_said(tmp_path: Path, form: str) -> None:
    path, mapping = delivered(tmp_path, form, RENAMED), mapping_for(form)
    with pytest.raises(FileProblem) as raised:
        read_all(path, mapping)
    assert (raised.value.rule_id, raised.value.reason) == ("missing_columns", f"the file a.{form} {SENTENCE}")
    (problem,) = header_problems(mapping, tmp_path)
    assert (problem.is_error, problem.what) == (True, f"the file a.{form} {SENTENCE}")


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("record", [RENAMED, WANTED, {**WANTED, "Licence Number": "8"}])
def test_with_an_alias_both_headers_are_read_and_the_own_name_has_precedence(
    tmp_path: Path, form: str, record: dict[str, str]
) -> None:
    path, mapping = delivered(tmp_path, form, record, copies=3), mapping_for(form, "licence", "Licence Number")
    found = read_all(path, mapping)
    assert found.values == [WANTED] * 3
    assert bool(found.unexpected) == (len(record) > 3)
    assert list(header_problems(mapping, tmp_path)) == []


def test_a_key_that_no_object_has_is_a_warning_where_nothing_resembles_it(tmp_path: Path) -> None:
    path, mapping = delivered(tmp_path, "jsonl", {"licence_no": "7", "street": "Mill", "phone": "1"}), mapping_for("jsonl")
    assert read_all(path, mapping).warnings[0] == "the file a.jsonl has no record with the keys: opened"
    (problem,) = header_problems(mapping, tmp_path)
    assert (problem.is_error, problem.what) == (False, "the file a.jsonl lacks the columns: opened")


@pytest.mark.parametrize(
    ("missing", "new", "pairs"),
    [
        (["Licence No"], ["LICENCE_NO", "street"], [("Licence No", "LICENCE_NO")]),
        (["受理日期"], ["受理时间", "投诉编号"], [("受理日期", "受理时间")]),
        (["opened"], ["phone"], []),
        (["from_a", "from_b"], ["from_b2"], [("from_a", "from_b2")]),
    ],
)
def test_names_resemble_whatever_their_case_spaces_and_signs(
    missing: list[str], new: list[str], pairs: list[tuple[str, str]]
) -> None:
    assert list(resembling(missing, new)) == pairs


@pytest.mark.parametrize(
    ("aliases", "problem"),
    [
        ({"licence": ["x"]}, "raw.aliases.licence: is not among raw.columns"),
        ({"street": ["opened"]}, "raw.aliases.street: has 'opened', which is another column's name"),
        ({"street": ["x"], "opened": ["x"]}, "raw.aliases.opened: has 'x', which is another column's name"),
        ({"street": "x"}, "raw.aliases.street: is 'x'"),
    ],
)
def test_an_alias_that_names_no_column_or_another_is_refused(aliases: dict[str, object], problem: str) -> None:
    raw = {"contract": "complaint", "owner": "o", "format": "csv", "files": "c/{delivered_on}/*", "delivery": "increment"}
    sentences = [one.sentence() for one in shape_problems({**raw, "raw": {"columns": list(COLUMNS), "aliases": aliases}})]
    assert problem in sentences
