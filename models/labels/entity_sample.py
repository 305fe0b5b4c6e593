"""Samples of entities by the hash of their names: the same ones are taken whatever the others are, and in whatever order."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pandas as pd

from models.anomaly.ensemble import REFERENCE_ROWS

AFTER_ALL = "g"
"""It comes after every hexadecimal digit."""


def sampled(entities: Iterable[str], share: float) -> list[str]:
    """The entities whose hash is among the first ``share`` of all."""
    most = hash_bound(share)
    return [name for name in entities if hashlib.sha256(name.encode()).hexdigest() < most]


def hash_bound(share: float) -> str:
    """What the SHA-256 of a sampled entity's name, in lower-case hexadecimal, comes before: an engine can sample by it too."""
    most = int(share * 2.0**64)
    return f"{most:016x}" if most < 2**64 else AFTER_ALL


def reference(entities: pd.Index) -> pd.Index:
    """Of entities, all or about :data:`models.anomaly.ensemble.REFERENCE_ROWS`: those that others are compared with.

    No more are ever read for it, so training's memory does not grow with the entities there are.
    """
    return pd.Index(sampled(entities, min(REFERENCE_ROWS / max(len(entities), 1), 1.0)))
