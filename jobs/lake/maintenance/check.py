"""Is a home sound? Every table, every finished day, every source's counts, each with a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from jobs.engine.lake import Lake, table_name
from jobs.lake.maintenance.check_counts import check_counts
from jobs.lake.maintenance.check_published import check_published
from jobs.lake.maintenance.check_runs import check_runs
from jobs.lake.maintenance.check_table import check_table
from jobs.lake.maintenance.findings import Finding, Verdict, warn
from jobs.lake.maintenance.kept_versions import named_versions
from jobs.lake.maintenance.table_log import LOG
from jobs.lake.maintenance.tables import tables_of
from jobs.lake.manifests import time_travel_since


def check(lake: Lake) -> Iterator[Finding]:
    """Check a home. While a run writes it, its tables and its books are apart; so hold the writer's lock."""
    since = time_travel_since(lake.home) or date.min
    named = named_versions(lake.home, since)
    unsound: set[str] = set()
    for contract in tables_of(lake):
        for finding in check_table(lake, contract, named):
            if finding.verdict is Verdict.FAIL:
                unsound.add(table_name(contract))
            yield finding
    yield from _unknown(lake)
    yield from check_runs(lake, since)
    yield from check_published(lake, since, unsound)
    if unsound:
        yield warn("sources", "counts", "not counted, since a table is not sound", "mend the tables above, then check again")
    else:
        yield from check_counts(lake)


def _unknown(lake: Lake) -> Iterator[Finding]:
    """Folders of the lake that are no table of a contract."""
    root = lake.home / "lake"
    there = {".".join(path.parent.relative_to(root).parts) for path in root.glob(f"*/*/{LOG}")}
    for name in sorted(there - {table_name(contract) for contract in tables_of(lake)}):
        yield warn(name, "contract", "no contract of this Steelyard knows it", "move it away if nobody needs it")
