"""A source's deliveries, in files or in a database: their days, facts and records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from jobs.foundation.errors import ConfigError
from jobs.lake.batches import Batch, FileFacts, file_facts
from jobs.profile.mapping import SourceMapping
from jobs.sources.deliveries import Delivery, delivery_warnings, find_deliveries
from jobs.sources.landing import Landed, land

if TYPE_CHECKING:
    from jobs.engine.lake import Lake
    from jobs.sources.database_source import InDatabase

Progress = Callable[[Path], None]


def source_of(mapping: SourceMapping, sources: Path, as_of: date) -> InFiles | InDatabase:
    """The deliveries of a source up to and including ``as_of``."""
    if mapping.database is None:
        return InFiles(mapping, sources, as_of)
    from jobs.sources.database_source import InDatabase

    return InDatabase(mapping, mapping.database, as_of)


class InFiles:
    """Deliveries that are files below the sources folder."""

    def __init__(self, mapping: SourceMapping, sources: Path, as_of: date) -> None:
        self._mapping, self._sources, self._as_of = mapping, sources, as_of

    @cached_property
    def _deliveries(self) -> dict[date, Delivery]:
        found = find_deliveries(self._mapping, self._sources, self._as_of)
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
        names = {path: path.relative_to(self._sources).as_posix() for path in self._deliveries[day].files}
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
        return land(self._mapping, [self._deliveries[day] for day in days], self._sources, folder, progress)
