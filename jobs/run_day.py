"""The whole day, as a story: settle every source, then link, build features, train when due, score, rank, close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jobs.close_day import close_day
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.foundation.log import stage
from jobs.incremental.scored_day import lake_of_scored_day
from jobs.lake.manifests import SourceManifest
from jobs.profile.mapping import load_usable_mappings
from jobs.profile.profile import Profile
from jobs.sources.sources_of_day import mappings_of_day
from jobs.steps.feature_state import rebuild_features, rebuild_links
from jobs.steps.score_entities import score_day
from jobs.steps.target_list import target_day
from jobs.take_in_source import in_order, stop_unmapped, take_in
from jobs.training.gather_training_set import build_cohort_features
from jobs.training.train_model import is_training_due, train_day


@dataclass(frozen=True)
class Day:
    """A finished day: each source's verdict and the run's manifest."""

    sources: tuple[SourceManifest, ...]
    manifest: dict[str, Any]


def run_day(lake: Lake, profile: Profile, sources: Path, as_of: date) -> Day:
    """Make the day's list.

    Raises:
        InputMissing: when no entity is known on the day, so that there is nothing to list.
    """
    mappings = in_order(mappings_of_day(profile.folder, lake.home, as_of, sources))
    _, unusable = load_usable_mappings(profile.folder)
    stopped = stop_unmapped(lake.home, unusable, as_of)
    settled = (*stopped, *[take_in(lake, profile, mapping, sources, as_of) for mapping in mappings])
    if not any(manifest.contract == "registration" and manifest.known_rows for manifest in settled):
        raise InputMissing(
            what=f"no registration was taken in by {as_of}, so there is nobody to list; "
            + "; ".join(f"{manifest.source}: {manifest.why}" for manifest in settled),
            where=str(sources),
            next_step="mend the registration source, or check that --sources and --as-of are the ones you mean",
        )
    _staged("link", lambda: {"links": rebuild_links(lake, profile, as_of)})
    _staged("features", lambda: {"entities": rebuild_features(lake, profile, as_of)})
    if is_training_due(lake, profile, as_of):
        build_cohort_features(lake, profile, as_of)
        _staged("train", lambda: {"model": train_day(lake, profile, as_of)})
    _staged("score", lambda: {"entities": score_day(lake, profile, as_of)})
    _staged("target", lambda: {"listed": target_day(lake_of_scored_day(lake, profile, as_of), profile, as_of)})
    return Day(settled, close_day(lake, profile, as_of))


def _staged(name: str, work: Callable[[], dict[str, Any] | None]) -> None:
    with stage(name) as current:
        current.note(**(work() or {}))
