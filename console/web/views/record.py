"""What was decided of an entity, in one timeline with what the lake knows of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from console.apps.decisions.models import Decision
from console.apps.evidence.read import MOST_EVENTS, Shown
from console.apps.ranking.models import PublishedRun

DECISION = "decision"
"""What such an event is, beside the kinds that the lake knows."""


@dataclass(frozen=True)
class Decided:
    """A step of the entity's case, on the day on which it was taken where the profile is; whether it was taken back since."""

    decision: Decision
    happened_on: date
    is_undone: bool
    kind: str = DECISION


def with_decisions(
    events: Iterable[Shown], history: Iterable[Decision], run: PublishedRun, zone: ZoneInfo, *, is_newest: bool
) -> list[Shown | Decided]:
    """The newest first; of a day the decisions before what the lake has, since what was decided followed from that.

    Args:
        events: of the entity, the newest first, as :func:`console.apps.evidence.read.timeline` gives them.
        history: all steps of its case, the newest first; of a case that the reader may see.
        run: the run that is shown. Of one that is no longer the newest, what was decided as long as it was is told: the rest of the
            page, too, is as it was then.
        zone: where the profile is.
        is_newest: whether the run is the newest.
    """
    steps = list(history)
    if not is_newest:
        until = _shown_until(run)
        steps = [step for step in steps if step.at < until or step.run_id == run.run_id]
    undone = {step.undoes_id for step in steps if step.undoes_id is not None}
    found: list[Shown | Decided] = [Decided(step, step.at.astimezone(zone).date(), step.pk in undone) for step in steps]
    found += events
    return sorted(found, key=lambda event: event.happened_on or date.min, reverse=True)[:MOST_EVENTS]


def _shown_until(run: PublishedRun) -> datetime:
    """When another took the run's place; of one that was published behind a newer one, never shown as the newest, when it came."""
    later = PublishedRun.objects.filter(as_of__gte=run.as_of, published_at__gt=run.published_at).order_by("published_at")
    at: datetime = later.values_list("published_at", flat=True).first() or run.published_at
    return at
