"""Typical faults of deliveries, planted at known rates and counted.

Each fault is an extra record, a faulty copy after a sound one. So the data keep the truth about every entity, and tests can check
the counts.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

BAD_BYTES = b"\xff\xfe\xff"
"""Invalid in GB18030 and in UTF-8."""
BAD_DATE = "2026-02-30"


@dataclass(frozen=True)
class Fault:
    """A fault of text records: name in the counts, rate, and a function from a line and its encoding to the faulty bytes."""

    name: str
    rate: float
    make: Callable[[str, str], bytes]


def _same(line: str, encoding: str) -> bytes:
    return line.encode(encoding)


def _fewer_fields(line: str, encoding: str) -> bytes:
    return line.rsplit(",", 3)[0].encode(encoding)


def _more_fields(line: str, encoding: str) -> bytes:
    return f"{line},多出,一栏".encode(encoding)


def _broken(line: str, encoding: str) -> bytes:
    return line[: len(line) * 2 // 3].encode(encoding)


def _misencoded(line: str, encoding: str) -> bytes:
    encoded = line.encode(encoding)
    return encoded[:40] + BAD_BYTES + encoded[40:]


def _field(number: int, value: str) -> Callable[[str, str], bytes]:
    """Replace a CSV field; no field before it may be quoted."""

    def make(line: str, encoding: str) -> bytes:
        fields = line.split(",", number + 1)
        fields[number] = value
        return ",".join(fields).encode(encoding)

    return make


def _member(label: str, value: str) -> Callable[[str, str], bytes]:
    """Replace a member of a JSON object."""

    def make(line: str, encoding: str) -> bytes:
        return json.dumps({**json.loads(line), label: value}, ensure_ascii=False).encode(encoding)

    return make


FAULTS = {
    "registration": (
        Fault("duplicate", 0.0015, _same),
        Fault("missing_field", 0.0004, _fewer_fields),
        Fault("extra_field", 0.0004, _more_fields),
        Fault("misencoded", 0.0004, _misencoded),
        Fault("unknown_status", 0.0004, _field(4, "待核实")),
        Fault("bad_date", 0.0004, _field(12, BAD_DATE)),
    ),
    "complaint": (
        Fault("duplicate", 0.003, _same),
        Fault("broken_json", 0.001, _broken),
        Fault("misencoded", 0.001, _misencoded),
        Fault("bad_date", 0.001, _member("受理日期", BAD_DATE)),
        Fault("unknown_category", 0.001, _member("投诉类别", "待分类")),
    ),
    "inspection": (
        Fault("duplicate", 0.002, _same),
        Fault("missing_field", 0.001, _fewer_fields),
        Fault("misencoded", 0.001, _misencoded),
        Fault("unknown_status", 0.001, _field(9, "待定")),
        Fault("bad_date", 0.001, _field(6, BAD_DATE)),
    ),
}
TAX_FAULTS = {"duplicate": 0.001, "negative_amount": 0.0003, "bad_date": 0.0003}


def faulty_records(
    rng: np.random.Generator, source: str, lines: pa.Array, encoding: str, counts: Counter[str]
) -> list[tuple[int, bytes]]:
    """Faulty copies of some lines, each with the number of the line that it follows, in order. Adds to ``counts``."""
    records: list[tuple[int, bytes]] = []
    for fault in FAULTS[source]:
        chosen = np.flatnonzero(rng.random(len(lines)) < fault.rate)
        records += [(int(row), fault.make(lines[int(row)].as_py(), encoding)) for row in chosen]
        counts[fault.name] += len(chosen)
    return sorted(records)


def add_faults(rng: np.random.Generator, table: pa.Table, amount: str, day: str, counts: Counter[str]) -> pa.Table:
    """Append faulty copies of some rows to the table, with a negative ``amount`` or an impossible ``day``. Adds to ``counts``."""
    pieces = [table]
    for name, rate in TAX_FAULTS.items():
        copies = table.filter(pa.array(rng.random(len(table)) < rate))
        counts[name] += len(copies)
        if name == "negative_amount":
            minus = pa.array([-(value or 1) for value in copies[amount].to_pylist()], table.schema.field(amount).type)
            copies = copies.set_column(table.schema.get_field_index(amount), amount, minus)
        if name == "bad_date":
            copies = copies.set_column(table.schema.get_field_index(day), day, pa.array([BAD_DATE] * len(copies), pa.string()))
        pieces.append(copies)
    return pa.concat_tables(pieces)
