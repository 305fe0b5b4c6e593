"""A day's news of an invented world: what the agencies hand over on the morrow of its last day, of one entity in two hundred.

Most of those entities have returns filed late or corrected, the others a change in the register, and any of them complaints that
are settled or new. The records are the world's own, changed as an agency would hand them over again.
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

IN_SO_MANY = 200
"""One entity in so many has news."""
COMPLAINT_DAYS = 30
"""Complaints handed over in the last so many days are settled, or come again."""
_PARTS, _TAXED = 10, 7
"""Of ten parts of those entities, seven have news of returns and three of registration."""


def deliver_tomorrow(sources: Path, as_of: date) -> dict[str, int]:
    """Write the deliveries of the day after ``as_of``; give the records of each source."""
    day = as_of + timedelta(days=1)
    return {
        "registration": _register(sources / "registration", as_of, day),
        "tax": _returns(sources / "tax", day),
        "complaint": _complaints(sources / "complaint", as_of, day),
    }


def _has_news(entity_id: str) -> bool:
    return zlib.crc32(entity_id.encode()) % IN_SO_MANY == 0


def _has_returns(entity_id: str) -> bool:
    """Whether an entity's news are of returns, else of registration."""
    return zlib.crc32(entity_id.encode()) // IN_SO_MANY % _PARTS < _TAXED


def _returns(folder: Path, day: date) -> int:
    """Returns of the last delivery once more: filed at last, or with sales that were mended by a hundredth."""
    last = max(path for path in folder.iterdir() if path.name < day.isoformat())
    table = pq.read_table(last / "returns.parquet")
    chosen = [_has_news(code) and _has_returns(code) for code in pc.fill_null(table["nsrsbh"], "").to_pylist()]
    rows = table.filter(pa.array(chosen))
    filed = pc.fill_null(rows["sbrq"], day.isoformat())
    money = rows.schema.field("xse").type
    sales = pc.multiply(pc.cast(pc.fill_null(rows["xse"], pa.scalar(0, money)), pa.float64()), 1.01)
    mended = rows.set_column(rows.schema.get_field_index("sbrq"), "sbrq", filed)
    mended = mended.set_column(rows.schema.get_field_index("xse"), "xse", pc.cast(pc.round(sales, 2), money, safe=False))
    (folder / day.isoformat()).mkdir(exist_ok=True)
    pq.write_table(mended, folder / day.isoformat() / "returns.parquet", compression="zstd")
    return mended.num_rows


def _complaints(folder: Path, as_of: date, day: date) -> int:
    """Complaints of the last month settled, and each of them followed by a new one of the same kind."""
    newest: dict[str, dict[str, str | None]] = {}
    for path in sorted(folder.glob("*/complaints.jsonl")):
        if (as_of - timedelta(days=COMPLAINT_DAYS)).isoformat() < path.parent.name < day.isoformat():
            newest |= {str(record["投诉编号"]): record for record in _records(path)}
    lines = []
    for number, record in sorted(newest.items()):
        if _has_news(record.get("被投诉主体代码") or number):
            record = {**record, "更新时间": f"{day} 10:00:00"}
            lines.append({**record, "办结日期": str(day), "处理结果": "已调解"})
            fresh = {"投诉编号": f"{number}N", "受理日期": str(as_of), "办结日期": None, "处理结果": "办理中"}
            lines.append({**record, **fresh})
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / day.isoformat()).mkdir(exist_ok=True)
    (folder / day.isoformat() / "complaints.jsonl").write_text(text, encoding="utf-8")
    return len(lines)


def _records(path: Path) -> Iterator[dict[str, str | None]]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue  # a fault that the world planted
        if isinstance(record, dict) and record.get("投诉编号") and record.get("受理日期"):
            yield record


def _register(folder: Path, as_of: date, day: date) -> int:
    """The newest entry of each chosen entity again, with a change of its business scope."""
    newest: dict[str, list[str]] = {}
    header = ""
    for path in sorted(folder.glob("*/registration.csv")):
        if path.parent.name >= day.isoformat():
            continue
        with path.open(encoding="gb18030", errors="replace") as file:
            header = file.readline()
            for line in file:
                code = line.partition(",")[0]
                if not _has_news(code) or _has_returns(code):
                    continue
                cells = line.rstrip("\n").split(",")
                if (
                    len(cells) == header.count(",") + 1
                ):  # a line with a quoted cell, or a fault that the world planted, is left alone
                    newest[code] = cells
    lines = [",".join([*cells[:-2], str(as_of), "经营范围变更"]) + "\n" for _, cells in sorted(newest.items())]
    (folder / day.isoformat()).mkdir(exist_ok=True)
    (folder / day.isoformat() / "registration.csv").write_text(header + "".join(lines), encoding="gb18030")
    return len(lines)
