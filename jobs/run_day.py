"""Run a whole day: take in the sources, link complaints, build features, train when due, score, make the list, close the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from jobs.close_day import close_day
from jobs.engine.lake import Lake
from jobs.foundation.errors import InputMissing
from jobs.foundation.log import stage
from jobs.lake.manifests import SourceManifest
from jobs.profile.profile import Profile
from jobs.steps.build_features import rebuild_features
from jobs.steps.link_complaints import rebuild_links
from jobs.steps.score_entities import score_day
from jobs.steps.target_list import target_scored_day
from jobs.take_in_source import take_in_sources
from jobs.training.train_model import train_if_due


@dataclass(frozen=True)
class Day:
    """A finished day: the verdict on each source and the manifest of the run."""

    sources: tuple[SourceManifest, ...]
    manifest: dict[str, Any]


def run_day(lake: Lake, profile: Profile, sources: Path, as_of: date) -> Day:
    """Make the list of a day from what the sources delivered by then.

    Raises:
        InputMissing: when no entity is known on the day, so that nothing can be listed.
    """
    taken_in = take_in_sources(lake, profile, sources, as_of)
    if not any(source.contract == "registration" and source.known_rows for source in taken_in):
        raise InputMissing(
            what=f"no registration was taken in by {as_of}, so no entity can be listed; "
            + "; ".join(f"{source.source}: {source.why}" for source in taken_in),
            where=str(sources),
            next_step="correct the registration source, or check --sources and --as-of",
        )
    with stage("link") as current:
        current.note(links=rebuild_links(lake, profile, as_of))
    with stage("features") as current:
        current.note(entities=rebuild_features(lake, profile, as_of))
    train_if_due(lake, profile, as_of)
    with stage("score") as current:
        current.note(entities=score_day(lake, profile, as_of))
    with stage("target") as current:
        current.note(listed=target_scored_day(lake, profile, as_of))
    return Day(taken_in, close_day(lake, profile, as_of))
