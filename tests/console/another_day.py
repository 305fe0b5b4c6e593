"""A further finished day in a copy of a home: the same tables a day later, with some scores changed by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

from jobs.lake.finished_run import FinishedRun, finished_run

TABLES = ("gold/scores", "gold/reasons", "gold/risk_list", "gold/peers", "gold/features", "silver/link")


def add_day(
    home: Path,
    into: Path,
    as_of: date,
    *,
    run: str = "b" * 12,
    days: int = 1,
    change: Callable[[str, pd.DataFrame], pd.DataFrame] | None = None,
) -> FinishedRun:
    """Copy the home to ``into`` unless that exists, and finish the day ``days`` later in it."""
    if not into.exists():
        shutil.copytree(home, into)
    manifest: dict[str, Any] = json.loads((into / "manifests" / "runs" / f"{as_of}.json").read_text(encoding="utf-8"))
    later = as_of + timedelta(days=days)
    for name in TABLES:
        path = str(into / "lake" / name)
        table = DeltaTable(path)
        frame = table.to_pyarrow_table(filters=[("as_of", "=", as_of)]).to_pandas().assign(as_of=later)
        frame = change(name, frame) if change else frame
        rows = pa.Table.from_pandas(frame, schema=pa.schema(table.schema().to_arrow()), preserve_index=False)
        write_deltalake(path, rows, mode="overwrite", predicate=f"as_of = '{later}'")
        manifest["tables"][name.replace("/", ".")] = DeltaTable(path).version()
    manifest |= {"as_of": str(later), "run_id": f"{later}-{run}"}
    (into / "manifests" / "runs" / f"{later}.json").write_text(json.dumps(manifest), encoding="utf-8")
    return finished_run(into, later)
