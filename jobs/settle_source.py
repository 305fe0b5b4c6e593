"""Settle a source for a day: write down what it found of its deliveries, whatever became of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from jobs.foundation.errors import ConfigError
from jobs.lake.manifests import SourceManifest, settled, stopped_by_mapping, write_source_manifest
from jobs.profile.mapping import SourceMapping
from jobs.sources.file_source import arrivals_of


def settle_source(home: Path, mapping: SourceMapping, sources: Path, as_of: date) -> SourceManifest:
    """Write the source's manifest of ``as_of`` from the state that its steps left, ended or not, and give it."""
    # Files that are not in day folders come once; nothing more is due.
    every_days = None if mapping.delivered_on is not None else mapping.every_days
    newest = arrivals_of(mapping, sources, as_of).newest()
    manifest = settled(home, mapping.name, mapping.contract.name, every_days, as_of, newest)
    write_source_manifest(home, manifest)
    return manifest


def settle_unmapped(home: Path, source: str, error: ConfigError, as_of: date) -> SourceManifest:
    """Settle a source as stopped whose mapping cannot be used, for ``error``, so that the day goes on with the others."""
    # Without folders: the same mapping gives the same manifest wherever it is.
    manifest = stopped_by_mapping(home, source, as_of, f"its mapping {source}.toml cannot be used: {error.what}")
    write_source_manifest(home, manifest)
    return manifest
