"""What is kept of one thing that somebody did, before it has its place in the chain."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from console.core import clock

SYSTEM = "steelyard"
"""Who acts when no person does, such as when a deferral wakes."""
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
        """One line, as the spool keeps it."""
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
    """What ``actor`` did.

    Args:
        kind: one of :class:`console.apps.audit.models.Kind`.
        actor: a user, or :data:`SYSTEM`, or :data:`NOBODY` for somebody who is not signed in.
        entity_id: whom it was about.
        region_code: where that entity is.
        run_id: the published run that was shown.
        batch: what binds the events of one bulk action.
        detail: what else there is to say; plain JSON values.

    Raises:
        ValueError: nothing is written without an actor.
    """
    if isinstance(actor, str):
        if actor not in (SYSTEM, NOBODY):
            raise ValueError(f"{actor!r} is no actor")
        actor_id, name, role = None, actor, ""
    elif getattr(actor, "pk", None) is None:
        raise ValueError("nothing is written to the audit without an actor")
    else:
        actor_id, name, role = actor.pk, actor.username, actor.role
    text = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, default=str)
    return EventFacts(kind, actor_id, name, role, entity_id, region_code, run_id, batch, text)
