"""Where everybody stood on the published day before, and what moved those who stand elsewhere."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import pandas as pd

from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of
from console.core.finished_run import FinishedRun
from console.publishing.changed import changed_by_data

_STANDING = ("entity_id", "position", "risk_class", "margin", "credit_points")
_WAS = {"position": "previous_position", "risk_class": "previous_class", "margin": "previous_margin"}


@dataclass(frozen=True)
class Before:
    """The published day before, and the columns of :data:`_STANDING` of everybody it ranked."""

    run: PublishedRun
    standing: pd.DataFrame

    def credit(self) -> dict[str, tuple[int, str]]:
        """Credit points and class, by entity."""
        names, points, letters = (self.standing[name].tolist() for name in ("entity_id", "credit_points", "risk_class"))
        return dict(zip(names, zip(points, letters, strict=True), strict=True))


def standing_before(run: FinishedRun) -> Before | None:
    """Where everybody stood on the newest published day before the run's; None where there is none. A million rows: read once."""
    before = PublishedRun.objects.filter(is_current=True, as_of__lt=run.as_of).order_by("-as_of").first()
    if before is None:
        return None
    rows = Ranked.objects.using(alias_of(before.run_id)).order_by().values_list(*_STANDING)
    return Before(before, pd.DataFrame.from_records(list(rows.iterator(chunk_size=20_000)), columns=_STANDING))


def add_movement(
    ranking: pd.DataFrame, run: FinishedRun, before: Before | None, disturbed: AbstractSet[str] = frozenset()
) -> pd.DataFrame:
    """Add ``previous_position``, ``previous_class`` and ``moved_by`` to a ranking with ``entity_id``, ``position`` and ``margin``.

    Of those who stand elsewhere than the day before, ``moved_by`` is the first of these that is so: ``model``, another model ranked
    them; ``others``, their own margin is what it was; ``data``, their margin is another by what came, or did not come, of a source
    alone (:func:`console.publishing.changed.changed_by_data`); ``own``, by anything else. ``new`` are those who were not ranked.

    Args:
        ranking: everybody's.
        run: the run that it is of.
        before: where everybody stood.
        disturbed: the contracts whose sources were disturbed (:mod:`console.publishing.disturbed`).
    """
    if before is None:
        return ranking.assign(previous_position=np.nan, previous_class="", moved_by="")
    was = before.standing.drop(columns="credit_points").rename(columns=lambda name: name if name == "entity_id" else _WAS[name])
    ranking = ranking.merge(was, on="entity_id", how="left")
    has_moved = ranking["previous_position"].notna() & (ranking["previous_position"] != ranking["position"])
    is_own = ranking["previous_margin"] != ranking["margin"]
    if before.run.model_id != str(run.manifest.get("model_id") or ""):
        cause = np.full(len(ranking), "model")
    else:
        moved = ranking.loc[has_moved & is_own, "entity_id"].tolist()
        is_data = ranking["entity_id"].isin(changed_by_data(run, before.run.as_of, moved, disturbed))
        cause = np.where(is_own, np.where(is_data, "data", "own"), "others")
    # A thinned-out day no longer holds who was not listed: whether somebody is new cannot be told by it.
    is_new = ranking["previous_position"].isna() & before.run.is_whole
    ranking["moved_by"] = np.where(is_new, "new", np.where(has_moved, cause, ""))
    return ranking
