"""Which sources a day has, and in which order they are taken in.

A day has the profile's sources, and those that come with Steelyard, such as the results that the console exports. Such a default
source is part of a day from its first delivery on; before that nothing is due, so nothing is missing. A mapping of the profile
replaces the default of the same name.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from expectations.contracts.registry import SOURCES
from jobs.lake.batches import BatchBook
from jobs.lake.manifests import read_source_manifest
from jobs.profile.mapping import DEFAULTS, SourceMapping, every_path, load_mapping, load_usable_mappings, mapped_sources
from jobs.sources.file_source import source_of


def mappings_of_day(profile_folder: Path, home: Path, as_of: date, sources: Path | None = None) -> dict[str, SourceMapping]:
    """The mappings of a day's sources by name, in the order in which they are taken in.

    Unusable mappings of the profile are left out; :func:`jobs.take_in_source.close_unusable_source` closes their sources.

    Args:
        home: the lake's home, which records what was taken in.
        sources: the folder of deliveries; None when every delivery of the day is taken in already.
    """
    own, _ = load_usable_mappings(profile_folder)
    mapped = mapped_sources(profile_folder)
    defaults = {name: load_mapping(path) for name, path in every_path(profile_folder).items() if name not in mapped}
    begun = {name: mapping for name, mapping in defaults.items() if has_begun(mapping, home, as_of, sources)}
    return {mapping.name: mapping for mapping in in_order({**own, **begun})}


def newest_delivery(profile_folder: Path, sources: Path) -> date | None:
    """The day of the newest delivery of the profile's usable sources; None when there is none."""
    mappings, _ = load_usable_mappings(profile_folder)
    days = (source_of(mapping, sources, date.max).newest() for mapping in mappings.values())
    return max(filter(None, days), default=None)


def in_order(mappings: dict[str, SourceMapping]) -> list[SourceMapping]:
    """The mappings in the order of the registry's source kinds, then by name."""
    kinds = list(SOURCES)
    return sorted(mappings.values(), key=lambda mapping: (kinds.index(mapping.contract.name), mapping.name))


def has_begun(mapping: SourceMapping, home: Path, as_of: date, sources: Path | None) -> bool:
    """Whether a source is part of a day: a source that comes with Steelyard only from its first delivery on."""
    if mapping.path.parent != DEFAULTS:
        return True
    if BatchBook(home, mapping.name).until(as_of) or read_source_manifest(home, mapping.name, as_of) is not None:
        return True
    return sources is not None and source_of(mapping, sources, as_of).newest() is not None
