"""Why the labelled were visited, and what each label counts for it: whom a draw named speaks of everybody, others of some."""

from __future__ import annotations

import numpy as np
import pandas as pd

from expectations.contracts.inspection import INCLUSION_PROBABILITY, SELECTED_BY
from expectations.contracts.lineage import ENTITY_ID
from models.inputs import Floats
from models.labels.cohorts import COHORT_ON
from models.labels.selection import LabelWeights, fit_propensity, label_weights
from models.labels.training_set import TrainingSet
from models.risk.selection_bias import RANDOM


def weigh_labels(known: TrainingSet, labels: pd.DataFrame, features: pd.DataFrame, *, cap: float, seed: int) -> LabelWeights:
    """What each label counts, by how probable it was that its entity would be visited.

    Args:
        known: where the unvisited of the same cohorts are.
        labels, features: rows of ``known``, all or some.
        cap: as for :func:`models.labels.selection.label_weights`.
        seed: of the propensity's draws.
    """
    inclusion = known_inclusion(labels)
    propensity = None
    if known.unvisited is not None and np.isnan(inclusion).any():
        rest = known.unvisited[known.unvisited[COHORT_ON] <= labels[COHORT_ON].max()]
        both = pd.concat([features, rest], ignore_index=True)
        # To whom a draw came nobody was sent: what is modelled is the way by which the others came to be labels.
        sent = np.concatenate([np.isnan(inclusion).astype(np.float64), np.zeros(len(rest))])
        share = np.repeat([known.labels_share, known.share], [len(features), len(rest)])
        # A fit hangs on the order of its rows, so they stand in one of their own, visited or not.
        order = np.lexsort((both[ENTITY_ID].to_numpy(dtype=str), both[COHORT_ON].to_numpy()))
        rows = both.iloc[order]
        of_all = fit_propensity(rows, sent[order], share[order], rows[ENTITY_ID], known.inputs.columns, seed=seed)
        propensity = None if of_all is None else of_all[np.argsort(order)[: len(features)]]
    return label_weights(inclusion, propensity, cap=cap)


def known_inclusion(labels: pd.DataFrame) -> Floats:
    """The probability with which each was drawn at random, shape (n,); NaN for the others, and where it is not known."""
    inclusion: Floats = labels[INCLUSION_PROBABILITY].where(_is_drawn(labels)).to_numpy(dtype=np.float64, na_value=np.nan)
    return inclusion


def selection_reasons(labels: pd.DataFrame) -> pd.Series:
    """Why each was visited; a draw whose probability is not known is not taken for one that speaks of everybody."""
    told = labels[SELECTED_BY]
    return told.mask((told == RANDOM) & ~_is_drawn(labels), "other")


def _is_drawn(labels: pd.DataFrame) -> pd.Series:
    """Which visits were drawn at random, with a known probability."""
    is_drawn: pd.Series = (labels[SELECTED_BY] == RANDOM) & labels[INCLUSION_PROBABILITY].notna()
    return is_drawn
