"""All steps of one source: take in what came, judge it, bring it to silver, and settle the source for the day.

Settle a source for a day: write down what it found of its deliveries, whatever became of them.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError, CountMismatch, SteelyardError
from jobs.foundation.log import keep_traceback, stage, warn
from jobs.lake.manifests import SourceManifest, Verdict, source_verdict, verdict_of_unusable_mapping, write_source_manifest
from jobs.profile.mapping import SourceMapping
from jobs.profile.profile import Profile
from jobs.sources.file_source import source_of
from jobs.steps.conform_source import conform_source
from jobs.steps.gate_source import gate_new_days
from jobs.steps.ingest_source import ingest_source


def close_source(home: Path, mapping: SourceMapping, sources: Path, as_of: date) -> SourceManifest:
    """Write the source's manifest of ``as_of`` from the state that its steps left, ended or not, and give it."""
    # Files that are not in day folders come once; nothing more is due.
    every_days = None if mapping.delivered_on is not None else mapping.every_days
    newest = source_of(mapping, sources, as_of).newest()
    manifest = source_verdict(home, mapping.name, mapping.contract.name, every_days, as_of, newest)
    write_source_manifest(home, manifest)
    return manifest


def close_unusable_source(home: Path, source: str, error: ConfigError, as_of: date) -> SourceManifest:
    """Settle a source as stopped whose mapping cannot be used, for ``error``, so that the day goes on with the others."""
    # Without folders: the same mapping gives the same manifest wherever it is.
    manifest = verdict_of_unusable_mapping(home, source, as_of, f"its mapping {source}.toml cannot be used: {error.what}")
    write_source_manifest(home, manifest)
    return manifest


FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""What ends the day rather than a source: the home cannot be written any more."""
_ORDER = ("registration", "inspection", "tax_filing", "complaint")


def take_in(lake: Lake, profile: Profile, mapping: SourceMapping, sources: Path, as_of: date) -> SourceManifest:
    """Take in, gate and conform one source; whatever befalls it, the day goes on with the data before."""
    try:
        with stage("ingest", source=mapping.name) as current:
            ingested = ingest_source(lake, profile, mapping, sources, as_of)
            current.note(**ingested.totals())
        for warning in ingested.warnings:
            warn(warning, source=mapping.name)
        with stage("gate", source=mapping.name) as current:
            batches = gate_new_days(lake, profile, mapping, sources, as_of)
            current.note(stopped=sum(not batch.is_usable for batch in batches))
        with stage("conform", source=mapping.name) as current:
            current.note(days=conform_source(lake, profile, mapping, as_of))
    except CountMismatch:
        raise  # records were lost or doubled: no list may rest on that
    except OSError as error:
        if error.errno in FULL:
            raise  # the next source, and the list, would fail alike
        warn(f"{mapping.name}: a file could not be read or written: {error}", source=mapping.name)
    except SteelyardError as error:
        warn(f"{mapping.name}: {error}", source=mapping.name)
    except Exception:
        warn(
            f"{mapping.name}: its steps failed through a fault of ours; the details are in {keep_traceback()}", source=mapping.name
        )
    return _told(close_source(lake.home, mapping, sources, as_of))


def stop_unmapped(home: Path, unusable: Mapping[str, ConfigError], as_of: date) -> list[SourceManifest]:
    """Settle each source whose mapping cannot be used as stopped, and warn of it."""
    return [_told(close_unusable_source(home, source, error, as_of)) for source, error in unusable.items()]


def _told(manifest: SourceManifest) -> SourceManifest:
    if manifest.verdict in (Verdict.STOPPED, Verdict.MISSING):
        warn(f"{manifest.source}: {manifest.why}", source=manifest.source, verdict=manifest.verdict.value)
    return manifest


def in_order(mappings: dict[str, SourceMapping]) -> list[SourceMapping]:
    """Registration first, since the checks of other sources ask whether an entity is registered."""
    return sorted(mappings.values(), key=lambda mapping: (_ORDER.index(mapping.contract.name), mapping.name))
