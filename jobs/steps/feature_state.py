"""Whether a day's links and features are still what the lake would give, so that a past day is built again only when it must be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from functools import partial

from expectations.contracts.indicators import catalogue
from jobs.engine.lake import Lake
from jobs.engine.scratch import Scratch
from jobs.foundation.code_version import code_version
from jobs.foundation.files import delete_file, read_json, write_json
from jobs.incremental import keep_register, sum_returns
from jobs.incremental.consistency import consistent_deliveries
from jobs.incremental.entity_state import is_within_reach
from jobs.incremental.keep_register import bring_register, compute_register, read_register
from jobs.incremental.sum_returns import bring_tax_sums, compute_tax_sums, read_tax_sums
from jobs.incremental.versions_read import current_versions
from jobs.lake.batches import in_use_digest
from jobs.lake.manifests import note_path
from jobs.profile.mapping import mapped_sources
from jobs.profile.profile import Profile
from jobs.steps.build_features import build_features_day
from jobs.steps.link_complaints import link_day


def rebuild_links(lake: Lake, profile: Profile, as_of: date, *, afresh: bool = False) -> int:
    """Link a day's complaints and remember what the links rest on; give their number.

    Args:
        afresh: use no state of earlier days, nor of the day itself.
    """
    bring_register(lake, profile, as_of, afresh=afresh)
    return _noted(lake, profile, as_of, "links", _link)


def rebuild_features(lake: Lake, profile: Profile, as_of: date, *, afresh: bool = False, is_past: bool = False) -> int:
    """Build a day's features, on links that are current, and remember what they rest on; give the number of entities.

    Args:
        afresh: use no state of earlier days, nor of the day itself.
        is_past: no next day will be built on it, so its state is kept only where that costs little.
    """
    if is_past and (afresh or not _is_state_within_reach(lake, profile, as_of)):
        return _build_on_silver(lake, profile, as_of)
    if afresh or not _is_current(lake, profile, as_of, "links"):
        rebuild_links(lake, profile, as_of, afresh=afresh)
    else:
        bring_register(lake, profile, as_of)
    bring_tax_sums(lake, profile, as_of, afresh=afresh)
    return _noted(lake, profile, as_of, "features", build_on_state)


def _link(lake: Lake, profile: Profile, as_of: date) -> int:
    with Scratch(lake.home, "register") as scratch:
        return link_day(lake, profile, as_of, read_register(lake, as_of, scratch.materialise))


def build_on_state(lake: Lake, profile: Profile, as_of: date) -> int:
    """Build a day's features of its links and its state, which are there; give the number of entities."""
    with Scratch(lake.home, "standing", is_packed=False) as scratch:
        # Some twenty times features read a few columns of it: of a table that is not packed they take 24 CPU seconds, and 26 of the
        # state where it lies (a million entities, Sail 0.7.2, two cores).
        register = scratch.materialise(read_register(lake, as_of, scratch.materialise))
        return build_features_day(lake, profile, as_of, register, read_tax_sums(lake, as_of, scratch.materialise))


def _is_state_within_reach(lake: Lake, profile: Profile, as_of: date) -> bool:
    return all(is_within_reach(kept, lake, profile, as_of) for kept in (keep_register.KEPT, sum_returns.KEPT))


def _build_on_silver(lake: Lake, profile: Profile, as_of: date) -> int:
    """Links and features on a state that is gone when they are built."""
    with Scratch(lake.home, "state", is_packed=False) as scratch:
        register, sums = (scratch.materialise(of_all(lake, profile, as_of)) for of_all in (compute_register, compute_tax_sums))
        _noted(lake, profile, as_of, "links", partial(link_day, register=register))
        return _noted(lake, profile, as_of, "features", partial(build_features_day, register=register, tax_sums=sums))


def has_features(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Whether a day's features are there and current."""
    return _is_current(lake, profile, as_of, "features")


def ensure_features(lake: Lake, profile: Profile, as_of: date, *, is_past: bool = False) -> bool:
    """Build a day's features unless they are current, see :func:`rebuild_features`; say whether they were built."""
    if has_features(lake, profile, as_of):
        return False
    rebuild_features(lake, profile, as_of, is_past=is_past)
    return True


def inputs_fingerprint(lake: Lake, profile: Profile, as_of: date) -> str | None:
    """A hash of all that a day's links and features are made from; None when silver holds what no book vouches for.

    It names every delivery with a row known by then, the catalogue, the policies that features read, and their code.
    """
    vouched = consistent_deliveries(lake, mapped_sources(profile.folder))
    if vouched is None:
        return None
    cutoff = profile.end_of(as_of).isoformat(sep=" ")
    digest = hashlib.sha256(features_fingerprint(profile).encode())
    for contract, batches in vouched.items():
        for name, batch in batches.items():
            if batch.known_from < cutoff:
                digest.update(f"{contract} {name} {batch.conformed}\n".encode())
    return digest.hexdigest()


def features_fingerprint(profile: Profile) -> str:
    """A hash of the catalogue, the policies that features read, and their code."""
    policies = f"{catalogue()}\n{profile.peers}\n{profile.time_zone}\n{profile.minor_units}\n{code_version('features')}\n"
    return hashlib.sha256(policies.encode()).hexdigest()


def _is_current(lake: Lake, profile: Profile, as_of: date, what: str) -> bool:
    wanted, noted = inputs_fingerprint(lake, profile, as_of), read_json(note_path(lake.home, what, as_of)) or {}
    return wanted is not None and bool(noted.get("rests_on") == wanted)


def _noted(lake: Lake, profile: Profile, as_of: date, what: str, build: Callable[[Lake, Profile, date], int]) -> int:
    path = note_path(lake.home, what, as_of)
    # Forgotten first: a crash between table and note must not leave a note that speaks of other rows.
    delete_file(path)
    note: dict[str, object] = {"rests_on": inputs_fingerprint(lake, profile, as_of), "read": current_versions(lake)}
    if what == "features":
        note |= {"made_under": features_fingerprint(profile), "deliveries": in_use_digest(lake.home, as_of)}
    built = build(lake, profile, as_of)
    write_json(path, note)
    return built
