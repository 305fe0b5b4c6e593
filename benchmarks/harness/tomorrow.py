"""Add the deliveries of the next day to a simulated world: new records of one entity in two hundred.

Most of these entities have returns that are filed late or corrected, the others a change of registration. Any of them can have
resolved and new complaints. The records are copies of the world's records, changed as an agency would deliver them again.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

ONE_IN = 200
"""One entity in this many has new records."""
COMPLAINT_DAYS = 30
"""Complaints delivered in these last days are resolved, and followed by a new one."""
_PARTS, _WITH_RETURNS = 10, 7
"""Seven in ten of these entities have new returns, three a change of registration."""


def deliver_next_day(sources: Path, as_of: date) -> dict[str, int]:
    """Write the deliveries of the day after ``as_of``. Returns the number of records by source."""
    day = as_of + timedelta(days=1)
    return {
        "registration": _register(sources / "registration", as_of, day),
        "tax": _returns(sources / "tax", day),
        "complaint": _complaints(sources / "complaint", as_of, day),
    }


def _is_chosen(entity_id: str) -> bool:
    return zlib.crc32(entity_id.encode()) % ONE_IN == 0


def _has_returns(entity_id: str) -> bool:
    """Whether an entity has new returns; if not, it has a change of registration."""
    return zlib.crc32(entity_id.encode()) // ONE_IN % _PARTS < _WITH_RETURNS


def _returns(folder: Path, day: date) -> int:
    """Deliver returns of the last delivery again, now filed or with sales corrected by 1 %."""
    last = max(path for path in folder.iterdir() if path.name < day.isoformat())
    table = pq.read_table(last / "returns.parquet")
    chosen = [_is_chosen(code) and _has_returns(code) for code in pc.fill_null(table["nsrsbh"], "").to_pylist()]
    rows = table.filter(pa.array(chosen))
    filed = pc.fill_null(rows["sbrq"], day.isoformat())
    money = rows.schema.field("xse").type
    sales = pc.multiply(pc.cast(pc.fill_null(rows["xse"], pa.scalar(0, money)), pa.float64()), 1.01)
    corrected = rows.set_column(rows.schema.get_field_index("sbrq"), "sbrq", filed)
    corrected = corrected.set_column(rows.schema.get_field_index("xse"), "xse", pc.cast(pc.round(sales, 2), money, safe=False))
    (folder / day.isoformat()).mkdir(exist_ok=True)
    pq.write_table(corrected, folder / day.isoformat() / "returns.parquet", compression="zstd")
    return corrected.num_rows


def _complaints(folder: Path, as_of: date, day: date) -> int:
    """Resolve the complaints of the last month, and add a new one of the same kind for each."""
    newest: dict[str, dict[str, str | None]] = {}
    for path in sorted(folder.glob("*/complaints.jsonl")):
        if (as_of - timedelta(days=COMPLAINT_DAYS)).isoformat() < path.parent.name < day.isoformat():
            newest |= {str(record["投诉编号"]): record for record in _records(path)}
    lines = []
    for number, record in sorted(newest.items()):
        if _is_chosen(record.get("被投诉主体代码") or number):
            record = {**record, "更新时间": f"{day} 10:00:00"}
            lines.append({**record, "办结日期": str(day), "处理结果": "已调解"})
            received = {"投诉编号": f"{number}N", "受理日期": str(as_of), "办结日期": None, "处理结果": "办理中"}
            lines.append({**record, **received})
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / day.isoformat()).mkdir(exist_ok=True)
    (folder / day.isoformat() / "complaints.jsonl").write_text(text, encoding="utf-8")
    return len(lines)


def _records(path: Path) -> Iterator[dict[str, str | None]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # a planted fault
        if isinstance(record, dict) and record.get("投诉编号") and record.get("受理日期"):
            yield record


def _register(folder: Path, as_of: date, day: date) -> int:
    """Deliver the newest registration of each chosen entity again, with a change of its business scope."""
    newest: dict[str, list[str]] = {}
    header = ""
    for path in sorted(folder.glob("*/registration.csv")):
        if path.parent.name >= day.isoformat():
            continue
        with path.open(encoding="gb18030", errors="replace") as file:
            header = file.readline()
            for line in file:
                code = line.partition(",")[0]
                if not _is_chosen(code) or _has_returns(code):
                    continue
                cells = line.rstrip("\n").split(",")
                if len(cells) == header.count(",") + 1:  # skip lines with a quoted cell or a planted fault
                    newest[code] = cells
    lines = [",".join([*cells[:-2], str(as_of), "经营范围变更"]) + "\n" for _, cells in sorted(newest.items())]
    (folder / day.isoformat()).mkdir(exist_ok=True)
    (folder / day.isoformat() / "registration.csv").write_text(header + "".join(lines), encoding="gb18030")
    return len(lines)
