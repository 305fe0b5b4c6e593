"""Sources that come with Steelyard itself, so that no profile need copy their mappings: the results that the console delivers.

Such a source is part of a day from its first delivery on. Before that nothing was promised, so nothing is missing; and a day that
was done before is made of the same sources when it is done again. A profile's own mapping of the same name comes before it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from jobs.lake.batches import BatchBook
from jobs.lake.manifests import read_source_manifest
from jobs.profile.mapping import SourceMapping, load_mapping, load_usable_mappings, mapped_sources, mapping_paths
from jobs.profile.profile import CONFIG_ROOT
from jobs.sources.file_source import source_of

FOLDER = CONFIG_ROOT / "console" / "sources"
_ORDER = ("registration", "inspection", "tax_filing", "complaint")


def every_path(profile_folder: Path) -> dict[str, Path]:
    """The mapping file of each source that a verb can name, the profile's own before those that come with Steelyard."""
    paths = {path.stem: path for path in (*sorted(FOLDER.glob("*.toml")), *mapping_paths(profile_folder))}
    return dict(sorted(paths.items()))


def mappings_of_day(profile_folder: Path, home: Path, as_of: date, sources: Path | None = None) -> dict[str, SourceMapping]:
    """The mappings of a day, in the order in which to take them in: the profile's, and the defaults that something came of.

    A mapping of the profile that cannot be used is not among them: its source is settled as stopped
    (:func:`jobs.take_in_source.close_unusable_source`).

    Args:
        profile_folder: the profile's folder.
        home: the lake's home, which knows what was taken in or settled.
        as_of: the day.
        sources: the folder of deliveries; None where what came is settled already.
    """
    own, _ = load_usable_mappings(profile_folder)
    mapped = mapped_sources(profile_folder)
    defaults = {name: load_mapping(path) for name, path in every_path(profile_folder).items() if name not in mapped}
    began = {name: mapping for name, mapping in defaults.items() if _has_begun(mapping, home, as_of, sources)}
    return {mapping.name: mapping for mapping in in_order({**own, **began})}


def in_order(mappings: dict[str, SourceMapping]) -> list[SourceMapping]:
    """Registration first, since the checks of other sources ask whether an entity is registered."""
    return sorted(mappings.values(), key=lambda mapping: (_ORDER.index(mapping.contract.name), mapping.name))


def _has_begun(mapping: SourceMapping, home: Path, as_of: date, sources: Path | None) -> bool:
    if BatchBook(home, mapping.name).until(as_of) or read_source_manifest(home, mapping.name, as_of) is not None:
        return True
    return sources is not None and source_of(mapping, sources, as_of).newest() is not None
