"""Can every day still be read as each of its runs left it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from jobs.engine.lake import Lake, table_name
from jobs.lake.maintenance.findings import Finding, fail, ok, some
from jobs.lake.maintenance.tables import is_whole, tables_of
from jobs.lake.manifests import runs_since


def check_runs(lake: Lake, since: date) -> Iterator[Finding]:
    """The table versions that each run's manifest names, of the days whose versions are kept."""
    there = {table_name(contract): contract for contract in tables_of(lake)}
    whole: dict[tuple[str, int], bool] = {}
    runs = [(str(run["run_id"]), run.get("tables") or {}) for run in runs_since(lake.home, since)]
    # A day's newest run has two manifests, which say the same unless one was changed.
    for run_id, tables in {(run_id, *sorted(tables.items())): (run_id, tables) for run_id, tables in runs}.values():
        lost = []
        for name, version in tables.items():
            if version is None:
                continue
            if (name, version) not in whole:
                whole[name, version] = name in there and is_whole(lake, there[name], version)
            if not whole[name, version]:
                lost.append(f"version {version} of {name}")
        if lost:
            yield fail(
                f"run {run_id}",
                "versions",
                f"it rests on what is gone: {some(lost)}",
                "bring the files back from a backup, or run the day again",
            )
        else:
            yield ok(f"run {run_id}", "versions", f"all {len(tables)} tables can be read as the run left them")
