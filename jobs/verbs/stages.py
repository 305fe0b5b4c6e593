"""The stages of a day, one verb each; `steelyard run` does them all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jobs.runtime.errors import ConfigError, SourceStopped
from jobs.runtime.lock import only_writer
from jobs.runtime.log import stage, warn
from jobs.verbs.options import (
    AsOfOption,
    HomeOption,
    IfNoneOption,
    ProfileOption,
    SourceOption,
    SourcesOption,
    StrictOption,
    day,
    sources_folder,
)

if TYPE_CHECKING:
    from jobs.runtime.mapping import SourceMapping
    from jobs.runtime.settings import Profile


def ingest(profile: ProfileOption, source: SourceOption, sources: SourcesOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Take a source's new deliveries into bronze; what cannot be read goes to quarantine."""
    from jobs.ingest_source import ingest_source
    from jobs.runtime.lake import Lake

    settings, mapping = _source(profile, source)
    with only_writer(home), stage("ingest", source=source) as current:
        done = ingest_source(Lake(home), settings, mapping, sources_folder(sources), day(as_of))
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
    """Check a source's new deliveries against its contract, and settle the source for the day."""
    from jobs.gate_source import settle_source
    from jobs.runtime.lake import Lake

    settings, mapping = _source(profile, source)
    with only_writer(home), stage("gate", source=source) as current:
        manifest = settle_source(Lake(home), settings, mapping, sources_folder(sources), day(as_of))
        current.note(verdict=manifest.verdict.value)
    if manifest.verdict.value in ("stopped", "missing"):
        warn(f"{source}: {manifest.why}", source=source, verdict=manifest.verdict.value)
        if strict:
            raise SourceStopped(
                what=manifest.why,
                where=f"source {source} on {as_of}",
                then="mend the delivery and give the same command again; until then the data before it stays in use",
            )


def conform(profile: ProfileOption, source: SourceOption, home: HomeOption, as_of: AsOfOption, sources: Path | None = None) -> None:
    """Bring a source's sound rows to silver, in standard codes."""
    from jobs.conform_source import conform_source
    from jobs.runtime.lake import Lake

    del sources  # accepted so that all three steps of a source take the same options
    settings, mapping = _source(profile, source)
    with only_writer(home), stage("conform", source=source) as current:
        current.note(days=conform_source(Lake(home), settings, mapping, day(as_of)))


def settle(profile: ProfileOption, source: SourceOption, home: HomeOption, as_of: AsOfOption, sources: Path | None = None) -> None:
    """Settle a source for the day when its steps failed: the day goes on with the data before."""
    from jobs.gate_source import settle_failed

    del sources
    _, mapping = _source(profile, source)
    with stage("settle", source=source) as current:
        current.note(verdict=settle_failed(home, mapping, day(as_of)).verdict.value)


def link(profile: ProfileOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Link complaints that name no entity to the one that they speak of."""
    from jobs.link_complaints import link_day
    from jobs.runtime.lake import Lake

    with only_writer(home), stage("link") as current:
        current.note(new_links=link_day(Lake(home), _profile(profile), day(as_of)))


def features(profile: ProfileOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Build the indicators of every entity as they could be known on the day."""
    from jobs.feature_state import rebuild_features
    from jobs.runtime.lake import Lake

    with only_writer(home), stage("features"):
        rebuild_features(Lake(home), _profile(profile), day(as_of))


def train(profile: ProfileOption, home: HomeOption, as_of: AsOfOption, if_none: IfNoneOption = False) -> None:
    """Train the model on past visits, as far as they were known on the day."""
    from jobs.runtime.lake import Lake
    from jobs.runtime.model_store import ModelStore
    from jobs.train_model import train_day

    with only_writer(home), stage("train") as current:
        if if_none and (there := ModelStore(home).newest(day(as_of))):
            current.note(model=there, is_new=False)
            return
        current.note(model=train_day(Lake(home), _profile(profile), day(as_of)))


def score(profile: ProfileOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Score every entity with the newest model trained by the day."""
    from jobs.runtime.lake import Lake
    from jobs.score_entities import score_day

    with only_writer(home), stage("score") as current:
        current.note(entities=score_day(Lake(home), _profile(profile), day(as_of)))


def target(profile: ProfileOption, home: HomeOption, as_of: AsOfOption) -> None:
    """Make the day's list within each region's capacity, with the reasons, and close the day with its manifest."""
    from jobs.close_day import close_day
    from jobs.runtime.lake import Lake
    from jobs.target_list import target_day

    settings, on = _profile(profile), day(as_of)
    with only_writer(home), stage("target") as current:
        lake = Lake(home)
        current.note(listed=target_day(lake, settings, on))
        close_day(lake, settings, on)


def _profile(name: str) -> Profile:
    from jobs.runtime.settings import load_profile

    return load_profile(name)


def _source(profile: str, source: str) -> tuple[Profile, SourceMapping]:
    from jobs.runtime.mapping import load_mapping, mapping_paths

    settings = _profile(profile)
    paths = {path.stem: path for path in mapping_paths(settings.folder)}
    if source not in paths:
        raise ConfigError(
            what=f"there is no source {source!r}", where=str(settings.folder / "sources"), then=f"name one of {', '.join(paths)}"
        )
    return settings, load_mapping(paths[source])
