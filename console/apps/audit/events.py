"""One event of the audit before it has its place in the chain."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from console.core import clock

SYSTEM = "steelyard"
"""The actor of automatic steps, such as the end of a deferral."""
NOBODY = "-"


@dataclass(frozen=True)
class EventFacts:
    """One event. ``at`` is UTC, ISO 8601; ``detail`` is canonical JSON."""

    kind: str
    actor_id: int | None
    actor: str
    role: str
    entity_id: str = ""
    region_code: str = ""
    run_id: str = ""
    batch: str = ""
    detail: str = "{}"
    at: str = field(default_factory=lambda: clock.now().isoformat(timespec="microseconds"))
    uid: str = field(default_factory=lambda: uuid.uuid4().hex)

    def as_json(self) -> str:
        """One line of the spool."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


def event_facts(
    kind: str,
    actor: Any,
    *,
    entity_id: str = "",
    region_code: str = "",
    run_id: str = "",
    batch: str = "",
    detail: dict[str, Any] | None = None,
) -> EventFacts:
    """An event of what ``actor`` did.

    Args:
        kind: one of :class:`console.apps.audit.models.Kind`.
        actor: a user, or :data:`SYSTEM`, or :data:`NOBODY` for somebody who is not signed in.
        entity_id, region_code: the entity that it concerns, and its region.
        run_id: the published run that was shown.
        batch: the id that the events of one bulk action share.
        detail: further plain JSON values.

    Raises:
        ValueError: without an actor.
    """
    if isinstance(actor, str):
        if actor not in (SYSTEM, NOBODY):
            raise ValueError(f"{actor!r} is not an actor")
        actor_id, name, role = None, actor, ""
    elif getattr(actor, "pk", None) is None:
        raise ValueError("nothing is written to the audit without an actor")
    else:
        actor_id, name, role = actor.pk, actor.username, actor.role
    text = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, default=str)
    return EventFacts(kind, actor_id, name, role, entity_id, region_code, run_id, batch, text)
