"""Whether a day's features are still what the lake would give, so that a past day is built again only when it must be."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

from expectations.contracts.indicators import catalogue
from jobs.build_features import build_features_day
from jobs.runtime.batches import BatchBook
from jobs.runtime.files import read_json, write_json
from jobs.runtime.lake import Lake
from jobs.runtime.mapping import load_mappings
from jobs.runtime.settings import Profile


def rebuild_features(lake: Lake, profile: Profile, as_of: date) -> None:
    """Build a day's features and remember what they rest on."""
    path = _path(lake.home, as_of)
    # Forgotten first: a crash between table and note must not leave a note that speaks of other rows.
    path.unlink(missing_ok=True)
    rests_on = _rests_on(lake, profile, as_of)
    build_features_day(lake, profile, as_of)
    write_json(path, {"rests_on": rests_on})


def ensure_features(lake: Lake, profile: Profile, as_of: date) -> bool:
    """Build a day's features unless they are current; say whether they were built."""
    noted = read_json(_path(lake.home, as_of)) or {}
    if noted.get("rests_on") == _rests_on(lake, profile, as_of):
        return False
    rebuild_features(lake, profile, as_of)
    return True


def _path(home: Path, as_of: date) -> Path:
    return home / "manifests" / "features" / f"{as_of}.json"


def _rests_on(lake: Lake, profile: Profile, as_of: date) -> str:
    """A hash of every delivery with a row known by then, of the catalogue and of the peer policy."""
    cutoff = profile.end_of(as_of).isoformat(sep=" ")
    digest = hashlib.sha256(f"{catalogue()}\n{profile.peers}\n{profile.time_zone}\n".encode())
    for source in load_mappings(profile.folder):
        for batch in BatchBook(lake.home, source).batches.values():
            if batch.known_from and batch.known_from < cutoff:
                digest.update(f"{source} {batch.delivered_on} {batch.conformed}\n".encode())
    return digest.hexdigest()
