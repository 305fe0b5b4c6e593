"""The whole day, as a story: settle every source, then link, build features, train when due, score, rank, close."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jobs.close_day import close_day
from jobs.conform_source import conform_source
from jobs.feature_state import rebuild_features, rebuild_links
from jobs.gate_source import judge_source
from jobs.ingest_source import ingest_source
from jobs.runtime.errors import CountsDiffer, NothingToDo, SteelyardError
from jobs.runtime.lake import Lake
from jobs.runtime.log import keep_traceback, stage, warn
from jobs.runtime.manifest import SourceManifest, Verdict
from jobs.runtime.mapping import SourceMapping
from jobs.runtime.mapping_defaults import mappings_of_day
from jobs.runtime.settings import Profile
from jobs.runtime.versions_read import as_scored
from jobs.score_entities import score_day
from jobs.settle_source import settle_source
from jobs.target_list import target_day
from jobs.train_model import is_training_due, train_day

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""What ends the day rather than a source: the home cannot be written any more."""
_ORDER = ("registration", "inspection", "tax_filing", "complaint")


@dataclass(frozen=True)
class Day:
    """A finished day: each source's verdict and the run's manifest."""

    sources: tuple[SourceManifest, ...]
    manifest: dict[str, Any]


def run_day(lake: Lake, profile: Profile, sources: Path, as_of: date) -> Day:
    """Make the day's list.

    Raises:
        NothingToDo: when no entity is known on the day, so that there is nothing to list.
    """
    mappings = in_order(mappings_of_day(profile.folder, lake.home, as_of, sources))
    settled = tuple(settle(lake, profile, mapping, sources, as_of) for mapping in mappings)
    if not any(manifest.contract == "registration" and manifest.known_rows for manifest in settled):
        raise NothingToDo(
            what=f"no registration was taken in by {as_of}, so there is nobody to list; "
            + "; ".join(f"{manifest.source}: {manifest.why}" for manifest in settled),
            where=str(sources),
            then="mend the registration source, or check that --sources and --as-of are the ones you mean",
        )
    _staged("link", lambda: {"links": rebuild_links(lake, profile, as_of)})
    _staged("features", lambda: {"entities": rebuild_features(lake, profile, as_of)})
    if is_training_due(lake, profile, as_of):
        _staged("train", lambda: {"model": train_day(lake, profile, as_of)})
    _staged("score", lambda: {"entities": score_day(lake, profile, as_of)})
    _staged("target", lambda: {"listed": target_day(as_scored(lake, as_of), profile, as_of)})
    return Day(settled, close_day(lake, profile, as_of))


def settle(lake: Lake, profile: Profile, mapping: SourceMapping, sources: Path, as_of: date) -> SourceManifest:
    """Take in, gate and conform one source; whatever befalls it, the day goes on with the data before."""
    try:
        with stage("ingest", source=mapping.name) as current:
            ingested = ingest_source(lake, profile, mapping, sources, as_of)
            current.note(**ingested.totals())
        for warning in ingested.warnings:
            warn(warning, source=mapping.name)
        with stage("gate", source=mapping.name) as current:
            batches = judge_source(lake, profile, mapping, sources, as_of)
            current.note(stopped=sum(not batch.is_usable for batch in batches))
        with stage("conform", source=mapping.name) as current:
            current.note(days=conform_source(lake, profile, mapping, as_of))
    except CountsDiffer:
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
    manifest = settle_source(lake.home, mapping, sources, as_of)
    if manifest.verdict in (Verdict.STOPPED, Verdict.MISSING):
        warn(f"{mapping.name}: {manifest.why}", source=mapping.name, verdict=manifest.verdict.value)
    return manifest


def in_order(mappings: dict[str, SourceMapping]) -> list[SourceMapping]:
    """Registration first, since the checks of other sources ask whether an entity is registered."""
    return sorted(mappings.values(), key=lambda mapping: (_ORDER.index(mapping.contract.name), mapping.name))


def _staged(name: str, work: Callable[[], dict[str, Any] | None]) -> None:
    with stage(name) as current:
        current.note(**(work() or {}))
