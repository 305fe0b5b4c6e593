"""The training set: labels joined with the features of their cohorts' days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from models.foundation.inputs import Inputs, usable_inputs
from models.labels.cohorts import COHORT_ON
from models.statistics.time_splits import split_by_known_date


@dataclass(frozen=True)
class TrainingSet:
    """The day's population or a sample of it, and labelled rows of features with their labels, row by row.

    ``unvisited`` is a sample of the entities without a label, with their features of each cohort's day, and ``share`` the share of
    them that was sampled; None where no propensity is needed. ``labels_share`` is the share of the labels that was sampled.
    ``follow_ups`` has the features and results of follow-ups, which are no labels; None where there are none.
    """

    population: pd.DataFrame
    features: pd.DataFrame
    labels: pd.DataFrame
    inputs: Inputs
    unvisited: pd.DataFrame | None = None
    share: float = 1.0
    labels_share: float = 1.0
    follow_ups: pd.DataFrame | None = None

    def known_at(self) -> npt.NDArray[np.datetime64]:
        """When each label became known (UTC, naive), shape (n,)."""
        instants: npt.NDArray[np.datetime64] = pd.to_datetime(self.labels[KNOWN_AT], utc=True).dt.tz_localize(None).to_numpy()
        return instants

    def known_on(self, zone: ZoneInfo) -> npt.NDArray[np.datetime64]:
        """The day in a time zone by whose end each label was known, shape (n,)."""
        local = pd.to_datetime(self.labels[KNOWN_AT], utc=True).dt.tz_convert(zone)
        return local.dt.tz_localize(None).to_numpy().astype("datetime64[D]")

    def split_at(self, begin: pd.Timestamp, end: datetime) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which rows are for training, and which for the test, each of shape (n,); no row is in both.

        Args:
            begin: the first cohort of the test.
            end: the first instant (UTC, naive) after that cohort's day; labels known at or after it are not for training.
        """
        return split_by_known_date(self.labels[COHORT_ON].to_numpy(), self.known_at(), begin.to_datetime64(), np.datetime64(end))


def join_labels(
    population: pd.DataFrame,
    labels: pd.DataFrame,
    visited: Sequence[pd.DataFrame],
    unvisited: Sequence[pd.DataFrame] | None = None,
    share: float = 1.0,
    labels_share: float = 1.0,
    follow_up_results: pd.DataFrame | None = None,
    followed_up: Sequence[pd.DataFrame] = (),
) -> TrainingSet:
    """Join labels with the features of their cohorts' days; labels of entities unknown on the cohort's day are dropped.

    Args:
        population: features of the day's entities, or of a sample; columns without any value are no inputs.
        labels: from :func:`models.labels.cohorts.build_labels`.
        visited: features of labelled entities with ``cohort_on``, a frame a cohort; may be empty.
        unvisited: the same of a sample of the other entities; None where no propensity is needed.
        share: the sampled share of the other entities, in (0, 1].
        labels_share: the sampled share of the labels, in (0, 1].
        follow_up_results: results of follow-ups, in the form of labels; None for none.
        followed_up: features of their entities, like ``visited``.
    """
    none = population.head(0).assign(**{COHORT_ON: pd.Series(dtype="datetime64[ns]")})

    def together(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
        return pd.concat(parts, ignore_index=True) if parts else none

    joined = labels.merge(together(visited), on=[str(ENTITY_ID), COHORT_ON], how="inner", validate="one_to_one")
    return TrainingSet(
        population,
        joined,
        joined[[str(column) for column in labels.columns]],
        usable_inputs(population),
        None if unvisited is None else together(unvisited),
        share,
        labels_share,
        None if follow_up_results is None else follow_up_results.merge(together(followed_up), on=[str(ENTITY_ID), COHORT_ON]),
    )
