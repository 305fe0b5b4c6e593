"""Samples of entities by the hash of their identifiers: an entity's membership does not depend on the others or on their order.

A model gains less from each further label while the fit takes proportionally longer, so it is fitted on a sample of businesses. The
sample hardly changes from one day to the next.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pandas as pd

from expectations.contracts.lineage import ENTITY_ID
from models.anomaly.anomaly_model import REFERENCE_ROWS

AFTER_ALL = "g"
"""Sorts after every hexadecimal digit."""


def sampled(entities: Iterable[str], share: float) -> list[str]:
    """The entities whose hash is in the first ``share`` of all hashes."""
    most = hash_bound(share)
    return [name for name in entities if hashlib.sha256(name.encode()).hexdigest() < most]


def hash_bound(share: float) -> str:
    """The upper bound of the hashes (SHA-256, lower-case hexadecimal) of sampled entities; an engine can use it too."""
    most = int(share * 2.0**64)
    return f"{most:016x}" if most < 2**64 else AFTER_ALL


def sample_reference(entities: pd.Index) -> pd.Index:
    """All entities, or a sample of about :data:`REFERENCE_ROWS`, which limits the memory of training."""
    return pd.Index(sampled(entities, min(REFERENCE_ROWS / max(len(entities), 1), 1.0)))


def sample_labels(labels: pd.DataFrame, most: int) -> tuple[pd.DataFrame, float]:
    """About ``most`` labels in their order, or all where there are fewer, and the share kept, in (0, 1].

    The sample is independent of why an entity was visited.

    Raises:
        ValueError: when ``most`` is not positive.
    """
    if most < 1:
        raise ValueError(f"the number of labels must be positive, not {most}")
    if len(labels) <= most:
        return labels, 1.0
    share = most / len(labels)
    kept = labels[ENTITY_ID].isin(sampled(labels[ENTITY_ID].unique(), share))
    return labels[kept].reset_index(drop=True), share
