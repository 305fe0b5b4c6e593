"""What a user has looked at and what has changed since, taken from the audit's events, so that a page writes nothing else.

An event becomes a :class:`Look` when it is appended to the chain. Until then it is read from the spool, so that a page that was
opened a second ago counts.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, NamedTuple

from pyroaring import BitMap

from console.apps.audit import spool
from console.apps.audit.events import EventFacts
from console.apps.audit.models import Kind
from console.apps.desk.models import Look
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import listed_of

PAGE = "entity"
UNSEEN, CHANGED = "no", "changed"


class ClassWhenSeen(NamedTuple):
    """An entity's class and points when a user looked at it."""

    risk_class: str
    credit_points: int


def store_looks(events: Iterable[EventFacts], **_of_signal: Any) -> None:
    """Store the newest look of each user at each entity. Idempotent."""
    newest = {(facts.actor_id, facts.entity_id): facts for facts in events if _is_look(facts)}
    Look.objects.bulk_create(
        [
            Look(user_id=user, entity_id=entity, at=facts.at, **_class_when_seen(facts)._asdict())
            for (user, entity), facts in sorted(newest.items())
        ],
        batch_size=500,
        update_conflicts=True,
        unique_fields=["user", "entity_id"],
        update_fields=["at", "risk_class", "credit_points"],
    )


def looks_of(user: Any, entities: Iterable[str] | None = None) -> dict[str, ClassWhenSeen]:
    """The class and points of entities when the user last looked at them, by identifier; by default of all entities."""
    looks = Look.objects.filter(user=user)
    looks = looks.filter(entity_id__in=list(entities)) if entities is not None else looks
    # Read the spool first: an event that is appended in between is then found in both places, not in neither.
    waiting = _waiting(user)
    stored = {name: ClassWhenSeen(*seen) for name, *seen in looks.values_list("entity_id", "risk_class", "credit_points")}
    return {**stored, **waiting}


def places_looked_at(user: Any, run: PublishedRun) -> BitMap:
    """The places of a run's listed entities that the user has looked at."""
    listed, waiting = listed_of(run), _waiting(user)
    stored = Look.objects.filter(user=user).values_list("entity_id", flat=True)
    return BitMap(listed[name].position for name in chain(waiting, stored) if name in listed)


def places_changed(user: Any, run: PublishedRun) -> BitMap:
    """The places of a run's listed entities that had another class or other points when the user looked at them."""
    listed, waiting = listed_of(run), _waiting(user)
    stored = Look.objects.filter(user=user).values_list("entity_id", "risk_class", "credit_points")
    looked_at = chain(((name, *seen) for name, seen in waiting.items()), (row for row in stored if row[0] not in waiting))
    of_listed = ((listed[name], risk_class, points) for name, risk_class, points in looked_at if name in listed)
    return BitMap(
        now.position for now, risk_class, points in of_listed if (risk_class, points) != (now.risk_class, now.credit_points)
    )


def seen_mark(entity: Any, looks: Mapping[str, ClassWhenSeen]) -> str:
    """``no`` for an entity that the user has not looked at, ``changed`` if its class or points changed since, else empty."""
    look = looks.get(entity.entity_id)
    if look is None:
        return UNSEEN
    return CHANGED if look != ClassWhenSeen(entity.risk_class, entity.credit_points) else ""


def _waiting(user: Any) -> dict[str, ClassWhenSeen]:
    """The user's looks that are not in the chain yet."""
    return {facts.entity_id: _class_when_seen(facts) for facts in spool.waiting() if facts.actor_id == user.pk and _is_look(facts)}


def _is_look(facts: EventFacts) -> bool:
    return facts.kind == Kind.VIEWED and facts.actor_id is not None and json.loads(facts.detail).get("page") == PAGE


def _class_when_seen(facts: EventFacts) -> ClassWhenSeen:
    detail = json.loads(facts.detail)
    return ClassWhenSeen(str(detail.get("risk_class", "")), int(detail.get("credit_points", -1)))
