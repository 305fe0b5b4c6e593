"""What a model is fitted on, and how it is put together from labels and from features of the cohorts' days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from expectations.contracts.lineage import ENTITY_ID, KNOWN_AT
from models.inputs import Inputs, usable_inputs
from models.labels.cohorts import COHORT_ON
from models.statistics.time_splits import split_by_known_date


@dataclass(frozen=True)
class TrainingSet:
    """The day's population or a sample of it, and labelled rows of features with their labels, row by row.

    ``unvisited`` holds, of entities that could be listed on a cohort's day and have no label on it, a sample with their features of
    that day, and ``share`` the share of them that was kept; None where nobody asks why some were visited and others were not.
    ``labels_share`` is the share of the labels that was kept, of a sample of businesses.
    """

    population: pd.DataFrame
    features: pd.DataFrame
    labels: pd.DataFrame
    inputs: Inputs
    unvisited: pd.DataFrame | None = None
    share: float = 1.0
    labels_share: float = 1.0

    def known_at(self) -> npt.NDArray[np.datetime64]:
        """When each label became known (UTC, naive), shape (n,)."""
        instants: npt.NDArray[np.datetime64] = pd.to_datetime(self.labels[KNOWN_AT], utc=True).dt.tz_localize(None).to_numpy()
        return instants

    def known_on(self, zone: ZoneInfo) -> npt.NDArray[np.datetime64]:
        """The day in a time zone by whose end each label was known, shape (n,)."""
        local = pd.to_datetime(self.labels[KNOWN_AT], utc=True).dt.tz_convert(zone)
        return local.dt.tz_localize(None).to_numpy().astype("datetime64[D]")

    def split_at(self, begin: pd.Timestamp, end: datetime) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Which rows a model may learn from, and which judge it: each of shape (n,), no row in both.

        Args:
            begin: the first cohort that judges.
            end: the first instant (UTC, naive) after that cohort's day: what became known at or after it is not learnt from.
        """
        return split_by_known_date(self.labels[COHORT_ON].to_numpy(), self.known_at(), begin.to_datetime64(), np.datetime64(end))


def join_labels(
    population: pd.DataFrame,
    labels: pd.DataFrame,
    visited: Sequence[pd.DataFrame],
    unvisited: Sequence[pd.DataFrame] | None = None,
    share: float = 1.0,
    labels_share: float = 1.0,
) -> TrainingSet:
    """The training set of labels and the features of their cohorts' days.

    A visit to an entity that was not known on its cohort's day has no features and cannot be learnt from.

    Args:
        population: features of the day's entities, or of a sample; its columns that are never filled are no inputs.
        labels: as :func:`models.labels.cohorts.build_labels` gives them.
        visited: features of labelled entities with ``cohort_on``, a frame a cohort; may be empty.
        unvisited: the same of a sample of the others; None where nobody asks.
        share: the share of the others that was kept, in (0, 1].
        labels_share: the share of the labels that was kept, in (0, 1].
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
    )
