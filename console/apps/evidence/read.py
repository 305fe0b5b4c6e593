"""An entity's timeline, trend and peer counts for its page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from operator import attrgetter

from console.apps.evidence.models import Event, Link, TrendPoint
from expectations.contracts import silver

MOST_EVENTS = 400
WIDTH, HEIGHT = 600.0, 160.0
"""The size of the trend chart."""


def timeline(entity_id: str, *, cutoff: datetime, as_of: date) -> list[Event]:
    """The events that happened and were known by the end of a day, newest first, each in its newest version.

    Each has ``confidence``, that of the link to the entity; None if the event names the entity.
    """
    links = {link.complaint_id: link for link in Link.objects.filter(entity_id=entity_id)}
    own = Event.objects.filter(entity_id=entity_id, known_at__lt=cutoff)
    unnamed = Event.objects.filter(kind=silver.COMPLAINT.name, known_at__lt=cutoff, entity_id="")
    names, linked = list(links), []
    for at in range(0, len(names), 500):
        linked += unnamed.filter(record__in=names[at : at + 500])
    events = [*_newest(own), *_newest(linked)]
    shown = [event for event in events if event.happened_on is None or event.happened_on <= as_of]
    for event in shown:
        event.confidence = links[event.record].confidence if not event.entity_id and event.record in links else None
    return sorted(shown, key=lambda event: event.happened_on or date.min, reverse=True)[:MOST_EVENTS]


def _newest(events: Iterable[Event]) -> list[Event]:
    ordered = sorted(events, key=attrgetter("known_at", "delivered_on", "source", "source_file", "source_row"))
    newest = {(event.kind, event.record): event for event in ordered}
    return [event for event in newest.values() if not event.is_absent]


@dataclass(frozen=True)
class Trend:
    """An entity's points over published days, with the coordinates of the chart."""

    points: list[TrendPoint]
    until: date
    path: str
    dots: list[tuple[float, float]]
    bands: list[tuple[str, float, float]]


def trend(entity_id: str, until: date, classes: dict[str, int]) -> Trend:
    """An entity's points up to a day as a step line, with a band for each class; without bands where the day has no bounds."""
    points = list(TrendPoint.objects.filter(entity_id=entity_id, as_of__lte=until).order_by("as_of"))
    first = points[0].as_of if points else until
    days = max((until - first).days, 1)

    def x(on: date) -> float:
        return round((on - first).days / days * WIDTH, 1)

    def y(value: float) -> float:
        return round(HEIGHT - value / 1000 * HEIGHT, 1)

    steps = []
    for at, point in enumerate(points):
        steps.append(f"{'L' if at else 'M'}{x(point.as_of)} {y(points[at - 1].credit_points if at else point.credit_points)}")
        steps.append(f"L{x(point.as_of)} {y(point.credit_points)}")
    if points:
        steps.append(f"L{WIDTH} {y(points[-1].credit_points)}")
    bounds = sorted(classes.items(), key=lambda pair: pair[1])
    edges = [*(bound for _, bound in bounds), 1000]
    bands = [(letter, y(top), round(y(low) - y(top), 1)) for (letter, _), (low, top) in zip(bounds, pairwise(edges), strict=True)]
    return Trend(points, until, " ".join(steps), [(x(point.as_of), y(point.credit_points)) for point in points], bands)
