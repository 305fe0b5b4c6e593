"""A source's deliveries, in files or in a database: their days, facts and records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.foundation.errors import ConfigError
from jobs.foundation.paths import printable
from jobs.lake.batches import Batch, FileFacts, file_facts
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Reading, Sample
from jobs.sources.deliveries import Delivery, delivery_warnings, find_deliveries
from jobs.sources.landing import Landed, land

if TYPE_CHECKING:
    from jobs.engine.lake import Lake
    from jobs.sources.database_source import InDatabase

Progress = Callable[[Path], None]


def source_of(mapping: SourceMapping, sources: Path, as_of: date, limits: Reading | None = None) -> InFiles | InDatabase:
    """The deliveries of a source up to and including ``as_of``."""
    if mapping.database is None:
        return InFiles(mapping, sources, as_of, limits)
    from jobs.sources.database_source import InDatabase

    return InDatabase(mapping, mapping.database, as_of)


class InFiles:
    """Deliveries that are files below the sources folder."""

    def __init__(self, mapping: SourceMapping, sources: Path, as_of: date, limits: Reading | None = None) -> None:
        self._mapping, self._sources, self._as_of, self._limits = mapping, sources, as_of, limits

    @cached_property
    def _deliveries(self) -> dict[date, Delivery]:
        found = find_deliveries(self._mapping, self._sources, self._as_of)
        if isinstance(self._limits, Sample):
            found = newest_within(found, self._limits.newest_bytes)
        return {delivery.delivered_on: delivery for delivery in found}

    def facts(self, known: Mapping[date, Batch]) -> dict[date, list[FileFacts]]:
        """Size and hash of each day's files.

        Raises:
            ConfigError: when every delivery taken in before is gone, as when a folder is not mounted.
            OSError: when a folder or a file cannot be read.
        """
        if known and not self._deliveries:
            raise ConfigError(
                what=f"no delivery of {self._mapping.name} exists, although {len(known)} were taken in",
                where=f"{self._mapping.files} in {self._sources}",
                next_step="check that the folder is mounted; if all were withdrawn, put an empty file in place of one",
            )
        return {day: self._facts(day, known.get(day)) for day in self._deliveries}

    def _facts(self, day: date, known: Batch | None) -> list[FileFacts]:
        earlier = {facts.name: facts for facts in known.files} if known else {}
        names = {path: printable(path.relative_to(self._sources)) for path in self._deliveries[day].files}
        return [file_facts(path, name, earlier.get(name)) for path, name in names.items()]

    def newest(self) -> date | None:
        """The newest day with a file; None also when a folder cannot be read, which ingest reports."""
        try:
            return max(self._deliveries, default=None)
        except OSError:
            return None

    def warnings(self) -> list[str]:
        """Warnings about names that are no dates, and files that lead out of the folder."""
        return delivery_warnings(self._mapping, self._sources)

    def land(self, days: Sequence[date], folder: Path, _lake: Lake, progress: Progress, /) -> Landed:
        """Write the records of the days to Parquet, file by file, without an engine."""
        return land(self._mapping, [self._deliveries[day] for day in days], self._sources, folder, progress, self._limits)


def newest_within(deliveries: Sequence[Delivery], most_bytes: int) -> list[Delivery]:
    """The newest deliveries whose files have together at most so many bytes, oldest first; at least the newest one."""
    sizes = accumulate(sum(path.stat().st_size for path in delivery.files) for delivery in reversed(deliveries))
    within = max(1, sum(size <= most_bytes for size in sizes))
    return list(deliveries[-within:])
