"""The schemas of requests and responses under ``/api/``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema
from pydantic import create_model

from console.apps.accounts.roles import SEES_WHO_DECIDED
from console.apps.audit.events import SYSTEM
from console.apps.decisions.models import Decision
from console.web.queries.list_filters import FILTERS
from jobs.texts.languages import LANGUAGES, column_suffix

_SENTENCES: dict[str, Any] = {f"sentence_{column_suffix(language)}": (str, ...) for language in LANGUAGES}
_FILTERS: dict[str, Any] = {name: (str, Field("", max_length=row.max_length)) for name, row in FILTERS.items()}


class Why(Schema):
    """Why a request was refused: a key of the console's texts, or a sentence."""

    detail: str


class Invalid(Schema):
    """The errors of a request: where each is, and what it is."""

    detail: list[dict[str, Any]]


class Wrong(Schema):
    """As :class:`Invalid`, or the errors of a decision's form by field, in the caller's language."""

    detail: list[dict[str, Any]] | dict[str, list[str]]


class SourceOut(Schema):
    """A source of a value: its verdict on the day, its newest usable delivery, and the number of failed checks."""

    source: str
    verdict: str
    newest_delivery: date | None
    failed_checks: int


class ReasonOut(create_model("Sentences", __base__=Schema, **_SENTENCES)):  # type: ignore[misc]
    """A reason of a listed entity.

    ``value`` and ``peer_median`` are in ``unit``: ``share`` and ``change`` are fractions of 1, ``points`` a difference of two
    shares, ``flag`` 0 or 1, ``z`` a number of standard deviations. For a ``minor currency unit``, ``currency`` names the currency
    and ``minor_units`` its number of decimal places; both are null for other units. ``unit`` and ``code`` are empty if the
    catalogue no longer has the indicator. ``peer_count`` is the number of entities in ``peer_group`` with a value, null if unknown.
    Each language has its sentence.
    """

    indicator: str
    code: str
    value: float | None
    unit: str
    currency: str | None
    minor_units: int | None
    peer_median: float | None
    peer_group: str
    peer_count: int | None
    sources: list[SourceOut]


class EntityOut(Schema):
    """An entity in the list of a day. Its reasons use only data known by the end of ``as_of``.

    ``state`` is the present state of its case, and ``version`` the number of its steps, 0 before the first. A decision sends
    ``version`` and ``run_id``, so that the second of two decisions on the same state is refused.
    """

    run_id: str
    as_of: date
    position: int
    entity_id: str
    name: str
    risk_class: str
    credit_points: int
    region_code: str
    industry_code: str
    is_listed: bool
    previous_position: int | None
    state: str
    version: int
    reasons: list[ReasonOut]


class ListOut(Schema):
    """A part of the list; ``next_after`` is the ``after`` of the next part, null at the end.

    A day without ``is_whole`` was thinned: it keeps only entities that were listed, viewed or decided.
    """

    run_id: str
    as_of: date
    is_whole: bool
    rows: list[EntityOut]
    next_after: int | None


class ListAsked(create_model("Filters", __base__=Schema, **_FILTERS)):  # type: ignore[misc]
    """The filters of the list's page."""


class DecisionIn(Schema):
    """A decision with codes of the catalogue. ``token`` is a text that the caller creates once for each decision."""

    action: str = Field(..., pattern="^(visit|defer|dismiss)$")
    token: str = Field(..., min_length=8, max_length=60, pattern="^[0-9A-Za-z-]+$")
    version: int = Field(..., ge=0, le=1_000_000)
    run_id: str = Field(..., max_length=64)
    reason: str = Field(..., max_length=32)
    objective: str = Field("", max_length=32)
    kind: str = Field("", max_length=32)
    proportion: str = Field("", max_length=32)
    comment: str = Field("", max_length=2000)
    wake_on: date | None = None
    wake_condition: str = Field("", max_length=24)


class DecisionOut(Schema):
    """A decision. ``actor`` is the name of the user, or only the role if the reader may not see the name."""

    id: int
    entity_id: str = Field(..., alias="case.entity_id")
    at: datetime
    actor: str
    action: str
    state_before: str
    state_after: str
    reason: str
    run_id: str

    @staticmethod
    def resolve_actor(decision: Decision, context: dict[str, Any]) -> str:
        """The name or the role; ``steelyard`` for a step of the system."""
        actor = decision.actor
        if actor is None:
            return SYSTEM
        return str(actor.username if context["request"].user.role in SEES_WHO_DECIDED else actor.role)


class OutcomeOut(Schema):
    """The result of a visit, and how the entity was selected. ``corrects`` is the id of the result that it replaces, if any."""

    id: int
    corrects: int | None = Field(..., alias="corrects_id")
    entity_id: str = Field(..., alias="decision.case.entity_id")
    reported_at: datetime = Field(..., alias="decision.at")
    visit_status: str
    inspected_on: date | None
    items_checked: int | None
    breaches: int | None
    severity: int | None
    found_violation: bool | None
    selected_by: str
    inclusion_probability: float | None


class AppealOut(Schema):
    """An appeal of a business. ``outcome`` and ``answered_at`` are null until it is answered."""

    id: int
    entity_id: str
    received_on: date
    recorded_at: datetime
    ground: str
    run_id: str
    due_on: date
    outcome: str | None
    answered_at: datetime | None
