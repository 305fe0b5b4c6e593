"""Samples of entities by the hash of their names: the same ones are taken whatever the others are, and in whatever order.

How many labels are learnt from at most: of more, all labels of a sample of businesses.

What a model learns from ever more labels is ever less, while fitting takes as much longer as they are more. Which of them are kept
is told by the hash of their businesses' names: of those of yesterday nearly all are there today.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pandas as pd

from expectations.contracts.lineage import ENTITY_ID
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


def sample_reference(entities: pd.Index) -> pd.Index:
    """Of entities, all or about :data:`models.anomaly.ensemble.REFERENCE_ROWS`: those that others are compared with.

    No more are ever read for it, so training's memory does not grow with the entities there are.
    """
    return pd.Index(sampled(entities, min(REFERENCE_ROWS / max(len(entities), 1), 1.0)))


def sample_labels(labels: pd.DataFrame, most: int) -> tuple[pd.DataFrame, float]:
    """About ``most`` labels in their order, or all where they are no more; and the share that was kept, in (0, 1].

    Whoever was visited for whatever reason is kept by the same chance, so what the sample tells, all labels would tell.

    Args:
        labels: as :func:`models.labels.cohorts.build_labels` gives them.
        most: about so many are learnt from.

    Raises:
        ValueError: when ``most`` is not positive.
    """
    if most < 1:
        raise ValueError(f"at least one label must be learnt from, not {most}")
    if len(labels) <= most:
        return labels, 1.0
    share = most / len(labels)
    kept = labels[ENTITY_ID].isin(sampled(labels[ENTITY_ID].unique(), share))
    return labels[kept].reset_index(drop=True), share
