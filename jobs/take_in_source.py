"""Take in the sources of a day: ingest, gate and conform each one, and write its verdict for the day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from jobs.engine.lake import Lake
from jobs.foundation.errors import ConfigError, CountMismatch, SteelyardError, full_disk
from jobs.foundation.log import keep_traceback, stage, warn
from jobs.lake.manifests import SourceManifest, Verdict, source_verdict, verdict_of_unusable_mapping, write_source_manifest
from jobs.profile.mapping import SourceMapping, load_usable_mappings
from jobs.profile.profile import Profile
from jobs.sources.file_source import source_of
from jobs.sources.sources_of_day import mappings_of_day
from jobs.steps.conform_source import conform_source
from jobs.steps.gate_source import gate_new_days
from jobs.steps.ingest_source import ingest_source


def take_in_sources(lake: Lake, profile: Profile, sources: Path, as_of: date) -> tuple[SourceManifest, ...]:
    """Take in every source of a day; return the verdicts, those of sources without a usable mapping first."""
    _, unusable = load_usable_mappings(profile.folder)
    stopped = [_warned(close_unusable_source(lake.home, source, error, as_of)) for source, error in unusable.items()]
    mappings = mappings_of_day(profile.folder, lake.home, as_of, sources).values()
    return (*stopped, *(take_in(lake, profile, mapping, sources, as_of) for mapping in mappings))


def take_in(lake: Lake, profile: Profile, mapping: SourceMapping, sources: Path, as_of: date) -> SourceManifest:
    """Ingest, gate and conform one source; when a step fails, the day continues with the data before it.

    Raises:
        CountMismatch: when records were lost or doubled.
        OSError: when the home cannot be written any more.
    """
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
        raise  # no list may be made from such rows
    except SteelyardError as error:
        if full := full_disk(error.__cause__ or error):
            raise full from error
        warn(f"{mapping.name}: {error}", source=mapping.name)
    except Exception as error:
        if full := full_disk(error):
            raise full from error  # the next source and the list would fail too
        what = f"{mapping.name}: a file could not be read or written: {error}"
        if not isinstance(error, OSError):
            what = f"{mapping.name}: a step failed with an internal error; details are in {keep_traceback()}"
        warn(what, source=mapping.name)
    return _warned(close_source(lake.home, mapping, sources, as_of))


def close_source(home: Path, mapping: SourceMapping, sources: Path, as_of: date) -> SourceManifest:
    """Write the source's manifest of ``as_of``, whether its steps finished or failed, and return it."""
    # Files that are not in day folders come once; nothing more is due.
    every_days = None if mapping.delivered_on is not None else mapping.every_days
    newest = source_of(mapping, sources, as_of).newest()
    manifest = source_verdict(home, mapping.name, mapping.contract.name, every_days, as_of, newest)
    write_source_manifest(home, manifest)
    return manifest


def close_unusable_source(home: Path, source: str, error: ConfigError, as_of: date) -> SourceManifest:
    """Write the manifest of a source whose mapping cannot be used, because of ``error``: it is stopped."""
    # Without folders: the same mapping gives the same manifest wherever it is.
    manifest = verdict_of_unusable_mapping(home, source, as_of, f"its mapping {source}.toml cannot be used: {error.what}")
    write_source_manifest(home, manifest)
    return manifest


def _warned(manifest: SourceManifest) -> SourceManifest:
    if manifest.verdict in (Verdict.STOPPED, Verdict.MISSING):
        warn(f"{manifest.source}: {manifest.why}", source=manifest.source, verdict=manifest.verdict.value)
    return manifest
