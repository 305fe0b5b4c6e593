"""The stages of a day, one command each; ``steelyard run`` runs all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobs.commands.options import (
    AsOfOption,
    FormerFullRefreshOption,
    FullRefreshOption,
    HomeOption,
    IfDueOption,
    ProfileOption,
    SourceOption,
    SourcesOption,
    StrictOption,
    day,
    sources_folder,
)
from jobs.foundation.errors import ConfigError, SourceStopped
from jobs.foundation.locks import hold_home_lock
from jobs.foundation.log import stage, warn

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from jobs.profile.mapping import SourceMapping
    from jobs.profile.profile import Profile


def ingest(profile: ProfileOption, source: SourceOption, sources: SourcesOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Load a source's new deliveries into bronze; records that cannot be read go to quarantine."""
    from jobs.engine.lake import Lake
    from jobs.steps.ingest_source import ingest_source

    settings, mapping = _source(profile, source)
    on, folder = day(as_of), sources_folder(sources, home)
    with hold_home_lock(home), stage("ingest", source=source) as current:
        done = ingest_source(Lake(home), settings, mapping, folder, on)
        current.note(**done.totals())
    for warning in done.warnings:
        warn(warning, source=source)


def gate(
    profile: ProfileOption,
    source: SourceOption,
    sources: SourcesOption,
    home: HomeOption,
    as_of: AsOfOption,
    strict: StrictOption = False,
) -> None:
    """Check a source's new deliveries against its contract."""
    from jobs.engine.lake import Lake
    from jobs.steps.gate_source import gate_new_days

    settings, mapping = _source(profile, source)
    on, folder = day(as_of), sources_folder(sources, home)
    with hold_home_lock(home), stage("gate", source=source) as current:
        batches = gate_new_days(Lake(home), settings, mapping, folder, on)
        current.note(deliveries=len(batches), stopped=sum(not batch.is_usable for batch in batches))
    if batches and not batches[-1].is_usable:
        why = "; ".join([*batches[-1].unusable, *batches[-1].stopped])
        warn(f"{source}: the delivery of {batches[-1].delivered_on} must not be used: {why}", source=source)
        if strict:
            raise SourceStopped(
                what=why,
                where=f"source {source}, delivery of {batches[-1].delivered_on}",
                next_step="correct the delivery and run the same command again; until then the data before it stay in use",
            )


def conform(profile: ProfileOption, source: SourceOption, sources: SourcesOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Convert a source's sound rows to silver, in standard codes, and close the source for the day."""
    from jobs.engine.lake import Lake
    from jobs.steps.conform_source import conform_source

    settings, mapping = _source(profile, source)
    on, folder = day(as_of), sources_folder(sources, home)
    with hold_home_lock(home), stage("conform", source=source) as current:
        days = conform_source(Lake(home), settings, mapping, on)
        current.note(days=days, verdict=_close(home, mapping, folder, on))


def settle(profile: ProfileOption, source: SourceOption, sources: SourcesOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Close a source for the day, whether or not its steps succeeded; the day goes on with the data in use."""
    from jobs.profile.mapping import load_mapping
    from jobs.take_in_source import close_unusable_source

    _, path = _mapping_path(profile, source)
    with hold_home_lock(home), stage("settle", source=source) as current:
        try:
            mapping = load_mapping(path)
        except ConfigError as error:
            manifest = close_unusable_source(home, source, error, day(as_of))
            warn(f"{source}: {manifest.why}", source=source, verdict=manifest.verdict.value)
            current.note(verdict=manifest.verdict.value)
        else:
            current.note(verdict=_close(home, mapping, sources, day(as_of)))


def link(profile: ProfileOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Link complaints without an identifier to the entity that they are about."""
    from jobs.engine.lake import Lake
    from jobs.steps.link_complaints import rebuild_links

    settings = _profile(profile)
    _warn_of_unusable(settings)
    with hold_home_lock(home), stage("link") as current:
        current.note(links=rebuild_links(Lake(home), settings, day(as_of)))


def features(
    profile: ProfileOption,
    home: HomeOption,
    as_of: AsOfOption,
    full_refresh: FullRefreshOption = False,
    is_full: FormerFullRefreshOption = False,
) -> None:
    """Compute the indicators of every entity from what was known on the day."""
    from jobs.engine.lake import Lake
    from jobs.steps.build_features import rebuild_features

    settings = _profile(profile)
    _warn_of_unusable(settings)
    with hold_home_lock(home), stage("features") as current:
        current.note(entities=rebuild_features(Lake(home), settings, day(as_of), full_refresh=full_refresh or is_full))


def train(profile: ProfileOption, home: HomeOption, as_of: AsOfOption, if_due: IfDueOption = False) -> None:
    """Train the model on the past visits that were known on the day."""
    from jobs.engine.lake import Lake
    from jobs.training.train_model import train_if_due

    settings, on = _profile(profile), day(as_of)
    with hold_home_lock(home):
        train_if_due(Lake(home), settings, on, is_forced=not if_due)


def score(profile: ProfileOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Score every entity with the newest model trained by the day."""
    from jobs.engine.lake import Lake
    from jobs.steps.score_entities import score_day

    with hold_home_lock(home), stage("score") as current:
        current.note(entities=score_day(Lake(home), _profile(profile), day(as_of)))


def target(profile: ProfileOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Write the day's list within each region's capacity, with reasons, and close the day with its manifest."""
    from jobs.close_day import close_day
    from jobs.engine.lake import Lake
    from jobs.steps.target_list import target_scored_day

    settings, on = _profile(profile), day(as_of)
    _warn_of_unusable(settings)
    with hold_home_lock(home), stage("target") as current:
        lake = Lake(home)
        current.note(listed=target_scored_day(lake, settings, on))
        close_day(lake, settings, on)


def _profile(name: str) -> Profile:
    from jobs.profile.load_profile import load_profile

    return load_profile(name)


def _warn_of_unusable(profile: Profile) -> None:
    """Warn of sources with an unusable mapping: they add nothing new, and their earlier data stay in use."""
    from jobs.profile.mapping import load_usable_mappings

    for source, error in load_usable_mappings(profile.folder)[1].items():
        warn(f"{source}: its mapping cannot be used, so only its earlier data are used: {error}", source=source)


def _source(profile: str, source: str) -> tuple[Profile, SourceMapping]:
    from jobs.profile.mapping import load_mapping

    settings, path = _mapping_path(profile, source)
    return settings, load_mapping(path)


def _close(home: Path, mapping: SourceMapping, sources: Path, on: date) -> str:
    """Close a source that is part of the day; return its verdict in a word."""
    from jobs.sources.sources_of_day import has_begun
    from jobs.take_in_source import close_source

    return close_source(home, mapping, sources, on).verdict.value if has_begun(mapping, home, on, sources) else "not begun"


def _mapping_path(profile: str, source: str) -> tuple[Profile, Path]:
    from jobs.profile.mapping import every_path

    settings = _profile(profile)
    paths = every_path(settings.folder)
    if source not in paths:
        raise ConfigError(
            what=f"there is no source {source!r}",
            where=str(settings.folder / "sources"),
            next_step=f"name one of {', '.join(paths)}",
        )
    return settings, paths[source]
