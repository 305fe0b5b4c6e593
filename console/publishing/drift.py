"""Drift of a day's scores and indicators against an earlier published day, as population stability indices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow.dataset as ds

from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of
from expectations.contracts.indicators import catalogue, features_contract
from expectations.contracts.lineage import AS_OF
from jobs.lake.finished_run import FinishedRun
from models.statistics.drift import population_stability_index

DAYS = 30
"""The least age of the baseline day; the oldest published day if none is that old."""
BINS = 10
AT_ONCE = 8
"""Indicators read together: that many columns of a country's entities fit into memory."""
SAMPLE = 100_000
"""Entities per day that are read, evenly over the table. More would not change any index noticeably."""


def drift(run: FinishedRun, before: PublishedRun, points: Sequence[int], indicators: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The stability indices of credit points and of each indicator against the day of :func:`baseline_run`.

    ``points`` are the credit points of every entity on the run's day, ``indicators`` the result of :func:`drift_of_indicators`.
    """
    then = Ranked.objects.using(alias_of(before.run_id)).values_list("credit_points", flat=True)
    edges = np.linspace(0, 1000, BINS + 1)[1:-1]
    return {
        "against": before.as_of.isoformat(),
        "is_other_model": before.model_id != str(run.manifest.get("model_id") or ""),
        "points": population_stability_index(
            np.asarray(points, float), np.fromiter(then.iterator(chunk_size=50_000), float), edges
        ),
        "indicators": indicators,
    }


def baseline_run(as_of: date) -> PublishedRun | None:
    """The run that a day's drift is measured against; None if there is no earlier published day."""
    earlier = PublishedRun.objects.filter(is_current=True, is_whole=True, as_of__lt=as_of)
    return earlier.filter(as_of__lte=as_of - timedelta(days=DAYS)).order_by("-as_of").first() or earlier.order_by("as_of").first()


def drift_of_indicators(run: FinishedRun, before: date) -> list[dict[str, Any]]:
    """Each indicator's index and shares of unknown values on both days, the largest index first; empty if a day is not stored."""
    columns = [indicator.column for indicator in catalogue()]
    days = ds.field(str(AS_OF)).isin([before, run.as_of])
    found = []
    for at in range(0, len(columns), AT_ONCE):
        part = columns[at : at + AT_ONCE]
        frame = run.rows(features_contract(), [AS_OF, *part], where=days).to_pandas()
        is_now = (frame[str(AS_OF)] == run.as_of).to_numpy()
        if is_now.all() or not is_now.any():
            return []
        for name in part:
            values = frame[name].to_numpy(dtype=float, na_value=np.nan)
            now, then = (some[:: max(1, len(some) // SAMPLE)] for some in (values[is_now], values[~is_now]))
            known = then[~np.isnan(then)]
            edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)
            index = population_stability_index(now, then, edges)
            unknown = {"unknown": float(np.isnan(now).mean()), "unknown_then": float(np.isnan(then).mean())}
            found.append({"indicator": name, "index": index, **unknown})
    return sorted(found, key=lambda one: (-one["index"], one["indicator"]))
