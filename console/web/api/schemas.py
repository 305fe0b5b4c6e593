"""What is sent to the addresses under ``/api/``, and what they answer with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Field, Schema
from pydantic import create_model

from console.web.queries.list_filters import FILTERS

_FILTERS: dict[str, Any] = {name: (str, Field("", max_length=row.max_length)) for name, row in FILTERS.items()}


class Why(Schema):
    """Why something was refused: a key of the console's words, or a sentence."""

    detail: str


class Invalid(Schema):
    """What of a request cannot be taken: for each fault where it is, and what it is."""

    detail: list[dict[str, Any]]


class Wrong(Schema):
    """As :class:`Invalid`, or the faults of a decision's form by field, in the caller's language."""

    detail: list[dict[str, Any]] | dict[str, list[str]]


class SourceOut(Schema):
    """A source that a value rests on: its verdict on the day, its newest delivery that was used, how many of its checks failed."""

    source: str
    verdict: str
    newest_delivery: date | None
    failed_checks: int


class ReasonOut(Schema):
    """A reason of a listed entity.

    ``value`` and ``peer_median`` are in ``unit``: a ``share`` and a ``change`` are parts of 1, ``points`` a difference
    of two shares, a ``flag`` 0 or 1, ``z`` a number of standard deviations. Of a ``minor currency unit`` ``currency``
    says what money it is and ``minor_units`` how many of its digits stand behind the point; both are null of all else.
    ``unit`` and ``code`` are empty of an indicator that the catalogue no longer has. ``peer_count`` is how many of
    ``peer_group`` had the indicator, null where nobody counted.
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
    sentence_en: str
    sentence_zh_hans: str
    sentence_zh_hant: str


class EntityOut(Schema):
    """An entity's place on a day: ``as_of`` is the day by whose end all that its reasons say was known.

    ``state`` is where its case stands now, and ``version`` how many steps the case has taken, 0 before the first: whoever decides
    names both it and ``run_id``, so that of two who saw the same the second is told.
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
    """A part of the list; ``next_after`` is the ``after`` of the next one, null at the end.

    A day that is not ``is_whole`` was thinned out: of it only who was listed, viewed or decided is kept.
    """

    run_id: str
    as_of: date
    is_whole: bool
    rows: list[EntityOut]
    next_after: int | None


class ListAsked(create_model("Filters", __base__=Schema, **_FILTERS)):  # type: ignore[misc]
    """The filters of the list's page."""


class DecisionIn(Schema):
    """A decision; codes are those of the catalogue. ``token`` is any text that the caller makes once for it."""

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
    """A decision that was made; ``actor`` is who made it, to whom only their role is told where the reader's role sees no more."""

    id: int
    entity_id: str
    at: datetime
    actor: str
    action: str
    state_before: str
    state_after: str
    reason: str
    run_id: str


class OutcomeOut(Schema):
    """What a visit found, with how the entity was selected; ``corrects`` is the id of the result whose place it takes, if any."""

    id: int
    corrects: int | None
    entity_id: str
    reported_at: datetime
    visit_status: str
    inspected_on: date | None
    items_checked: int | None
    breaches: int | None
    severity: int | None
    found_violation: bool | None
    selected_by: str
    inclusion_probability: float | None


class AppealOut(Schema):
    """What a business objected to, and what came of it; the last two are null until it is answered."""

    id: int
    entity_id: str
    received_on: date
    recorded_at: datetime
    ground: str
    run_id: str
    due_on: date
    outcome: str | None
    answered_at: datetime | None
