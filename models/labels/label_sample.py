"""How many labels are learnt from at most: of more, all labels of a sample of businesses.

What a model learns from ever more labels is ever less, while fitting takes as much longer as they are more. Which of them are kept
is told by the hash of their businesses' names: of those of yesterday nearly all are there today.
"""

from __future__ import annotations

import pandas as pd

from expectations.contracts.lineage import ENTITY_ID
from models.labels.entity_sample import sampled


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
