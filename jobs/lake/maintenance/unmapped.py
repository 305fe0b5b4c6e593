"""Sources that a profile maps no more: what they delivered stays in silver, and so in lists, until it is taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from expectations.contracts.lineage import SOURCE
from expectations.contracts.silver import OF
from jobs.engine.lake import Lake

NOT_MAPPED = "not mapped"
"""What a run's manifest says of such a source, in the place of a verdict."""


def rows_of_unmapped(lake: Lake, mapped: Iterable[str]) -> dict[str, int]:
    """The number of rows in silver of each source that is not among those mapped, by name in order."""
    found: Counter[str] = Counter()
    for table in OF.values():
        for source in {part[SOURCE] for part in lake.partitions(table)} - set(mapped):
            found[source] += lake.arrow(table, columns=[str(SOURCE)], where=f"{SOURCE} = '{source}'").num_rows
    return dict(sorted(found.items()))
