"""Small sources of several formats and contracts, and the sound records that they deliver."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from jobs.profile.mapping import SourceMapping, load_mapping

RECORDS = 12
"""The records of a sound delivery."""
Value = str | int | bool | date | datetime | None
Rows = list[list[Value]]


@dataclass(frozen=True)
class Source:
    """A source: its mapping's TOML, and the columns of its files; those of Parquet with their types."""

    name: str
    mapping: str
    columns: dict[str, pa.DataType]
    lookup: str = ""

    def write_mapping(self, folder: Path) -> SourceMapping:
        """Write the mapping to a profile's folder and load it."""
        path = folder / "sources" / f"{self.name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.mapping, encoding="utf-8")
        return load_mapping(path)

    def sound_rows(self, day: date) -> Rows:
        """The records of a day, in the order of the columns."""
        return [[_value(name, day, place) for name in self.columns] for place in range(RECORDS)]

    def sound_file(self, mapping: SourceMapping, day: date) -> bytes:
        """The records of a day as a file."""
        rows = self.sound_rows(day)
        if mapping.format == "parquet":
            return parquet_bytes(table_of(self.columns, rows))
        return encode(mapping, list(self.columns), rows)


def _value(name: str, day: date, place: int) -> Value:
    values: dict[str, Value] = {
        "id": f"{day:%y%m%d}{place:04}",
        "key": f"91330100{place:010}",
        "shop": f"S{place % 7}",
        "name": "Bäckerei, am Markt",
        "名称": f"杭州示例餐饮有限公司{place}",
        "state": "open",
        "on": day - timedelta(days=1),
        "month": date(2025, 12, 1),
        "kind": "LMW"[place % 3],
        "licence": f"{day:%y%m%d}{place // 3}",
        "amount": 100 + place,
        "found": place % 4 == 0,
        "at": datetime(day.year, day.month, day.day, 8, place),
        "note": None if place % 5 else 'said "late"',
        "scope": "other" if place == 0 else "food",
    }
    return values[name]


def encode(mapping: SourceMapping, header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Records as a file of a text format."""
    if mapping.format == "jsonl":
        lines = [json.dumps(dict(zip(header, row, strict=False)), ensure_ascii=False, default=str) for row in rows]
    else:
        lines = [mapping.delimiter.join(_cell(value, mapping.delimiter) for value in row) for row in (header, *rows)]
    return "".join(f"{line}\n" for line in lines).encode(mapping.encoding, errors="replace")


def _cell(value: object, delimiter: str) -> str:
    text = "" if value is None else str(value)
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ('"', "\n", delimiter)) else text


def table_of(columns: dict[str, pa.DataType], rows: Rows) -> pa.Table:
    """Records as an Arrow table."""
    return pa.table({name: pa.array([row[at] for row in rows], kind) for at, (name, kind) in enumerate(columns.items())})


def parquet_bytes(table: pa.Table, row_group_size: int = 5) -> bytes:
    """A table as a Parquet file."""
    sink = io.BytesIO()
    parquet.write_table(table, sink, row_group_size=row_group_size)
    return sink.getvalue()


def records_in(mapping: SourceMapping, content: bytes) -> int | None:
    """The records of a file, counted without the project's readers; None where that is not simple."""
    if mapping.format == "parquet":
        try:
            return parquet.ParquetFile(io.BytesIO(content)).metadata.num_rows
        except (pa.ArrowException, OSError):
            return None
    if mapping.encoding == "utf-16" or (mapping.format == "csv" and b'"' in content):
        return None
    lines = [line.removesuffix(b"\r") for line in content.removeprefix(codecs.BOM_UTF8).split(b"\n")]
    if mapping.format == "jsonl":
        return sum(bool(line.strip()) for line in lines)
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    return sum(bool(line) for line in lines[first + 1 :])


def _settings(contract: str, form: str, more: str = "") -> str:
    return f'contract = "{contract}"\nowner = "o"\nformat = "{form}"\nfiles = "{{name}}/{{delivered_on}}/*"\n{more}\n'


def _source(name: str, mapping: str, columns: str | dict[str, pa.DataType], lookup: str = "") -> Source:
    kinds = dict.fromkeys(columns.split(), pa.string()) if isinstance(columns, str) else columns
    raw = f"[raw]\ncolumns = {json.dumps(list(kinds), ensure_ascii=False)}\n"
    return Source(name, mapping.replace("{name}", name).replace("[raw]\n", raw), kinds, lookup)


_DATE = "cast(try_to_timestamp({}, 'yyyy-MM-dd') as date)"
_VISITS = {"id": pa.string(), "shop": pa.string(), "on": pa.date32(), "found": pa.bool_(), "amount": pa.int64(),
           "at": pa.timestamp("us"), "note": pa.string()}  # fmt: skip
_VISIT_COLUMNS = """
[columns]
inspection_id = "id"
entity_id = "shop"
selected_by = "'random'"
visit_status = "'inspected'"
inspected_on = "cast(`on` as date)"
found_violation = "cast(found as boolean)"
penalty_minor = "cast(amount as bigint)"
reported_at = "cast(`at` as timestamp)"
result = "note"
"""
SOURCES = (
    _source(
        "shops",
        _settings("registration", "csv", 'delivery = "increment"\nnulls = ["", "-"]')
        + f"""[raw]
[columns]
entity_id = "id"
id_scheme = "'test'"
name = "name"
region_code = "'110101'"
established_on = "{_DATE.format("`on`")}"
[translate.status]
from = "state"
values = {{ "open" = "active", "shut" = "closed" }}
""",
        "id name state on note",
    ),
    _source(
        "register",
        _settings("registration", "csv", 'encoding = "gb18030"\ndelimiter = "|"\ndelivery = "snapshot"\nabsence = "removed"')
        + f"""[raw]
[columns]
entity_id = "trim(key)"
id_scheme = "'USCC'"
name = "`名称`"
region_code = "'110101'"
status = "'active'"
established_on = "{_DATE.format("`on`")}"
""",
        "key 名称 on",
    ),
    _source(
        "returns",
        _settings("tax_filing", "csv", 'delimiter = ";"\ndelivery = "increment"\n[group_by]\nsums = ["tax_due_minor"]')
        + f"""[raw]
[columns]
entity_id = "licence"
tax_type = "'excise'"
period_start = "{_DATE.format("month")}"
period_end = "last_day({_DATE.format("month")})"
filed_on = "{_DATE.format("`on`")}"
tax_due_minor = "cast(amount as bigint)"
""",
        "licence month kind amount on",
    ),
    _source(
        "calls",
        _settings("complaint", "jsonl", 'delivery = "increment"\nkeep = "scope <> \'other\'"')
        + f"""[raw]
[columns]
complaint_id = "id"
received_on = "{_DATE.format("`on`")}"
entity_id = "shop"
entity_name = "place.name"
category = "'other'"
amount_claimed_minor = "cast(round(cast(amount as double) * 100) as bigint)"
[[lookups]]
name = "place"
files = "places.csv"
format = "csv"
key = "shop"
""",
        "id shop on amount scope note",
        "shop,name\nS1,One\nS2,Two\nS2,Again\n",
    ),
    _source(
        "wide",
        _settings("complaint", "csv", 'encoding = "utf-16"\ndelimiter = "\\t"\ndelivery = "increment"')
        + 'known_at = "cast(`at` as timestamp)"\n'
        + f"""[raw]
[columns]
complaint_id = "id"
received_on = "{_DATE.format("`on`")}"
entity_name = "concat(name, ' ', n)"
severity = "cast(length(shop) as int)"
[row_number]
name = "n"
within = ["shop"]
""",
        "id name shop on at",
    ),
    _source(
        "visits",
        _settings("inspection", "parquet", 'delivery = "increment"\nnewest_by = "reported_at"') + "[raw]\n" + _VISIT_COLUMNS,
        _VISITS,
    ),
    _source(
        "typed",
        _settings("inspection", "parquet", 'delivery = "increment"')
        + '[raw]\ntypes = { id = "string", on = "date", found = "boolean", amount = "bigint", at = "timestamp", note = "string" }\n'
        + _VISIT_COLUMNS,
        _VISITS,
    ),
)
