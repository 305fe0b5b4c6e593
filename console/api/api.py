"""The addresses under ``/api/``, described by OpenAPI. Each asks what the pages ask: role, region, state, policy."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.http import Http404, HttpRequest
from ninja import Field, NinjaAPI, Path, Query, Schema

from console.api.models import Scope
from console.api.tokens import Bearer
from console.appeals.models import Appeal
from console.appeals.record import appeals_of
from console.audit.chain import append
from console.audit.facts import facts_of
from console.audit.models import Kind
from console.decisions.decide import decide
from console.decisions.forms import FORMS
from console.decisions.models import Case, Decision, Result
from console.decisions.permissions import NotAllowed
from console.decisions.policies import NotPossible
from console.decisions.states import Action, State
from console.pages.entity import find
from console.pages.filters import Filters
from console.pages.list_export import list_file
from console.pages.notes import note_search, note_view
from console.pages.risk_list import run_of
from console.pages.sent_files import NoFile
from console.ranking.runs import ranked_of, reasons_of
from console.ranking.search import Part

api = NinjaAPI(title="Steelyard console", version="1", docs_url=None, openapi_url="/openapi.json", urls_namespace="api")
MOST = 200
ENTITY = Path(..., max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")


class Why(Schema):
    """Why something was refused: a key of the console's words, or a sentence."""

    detail: str


class Invalid(Schema):
    """What of a request cannot be taken: for each fault where it is, and what it is."""

    detail: list[dict[str, Any]]


class Wrong(Schema):
    """As :class:`Invalid`, or the faults of a decision's form by field, in the caller's language."""

    detail: list[dict[str, Any]] | dict[str, list[str]]


REFUSED: dict[int, type[Schema]] = {400: Why, 401: Why, 403: Why, 422: Invalid, 429: Why}
"""What any address may answer: no JSON, no good token, one for something else, what is no answer to the description, too often."""


class ReasonOut(Schema):
    """A reason of a listed entity."""

    indicator: str
    value: float | None
    peer_median: float | None
    sentence_en: str
    sentence_zh_hans: str
    sentence_zh_hant: str


class EntityOut(Schema):
    """An entity's place on a day."""

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


class ListAsked(Schema):
    """The filters of the list's page."""

    q: str = Field("", max_length=80)
    region: str = Field("", max_length=32)
    industry: str = Field("", max_length=16)
    risk_class: str = Field("", max_length=2)
    state: str = Field("", max_length=24)
    reason: str = Field("", max_length=64)
    moved: str = Field("", max_length=8)
    listed: str = Field("", max_length=3)
    seen: str = Field("", max_length=8)
    assigned: str = Field("", max_length=9)
    campaign: str = Field("", max_length=9)
    day: str = Field("", max_length=10)


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
    """A decision that was made."""

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


@api.get("/list", auth=Bearer(Scope.LIST), response={200: ListOut, 404: Why, 409: Why, **REFUSED})
def read_list(
    request: HttpRequest,
    asked: Query[ListAsked],
    after: int = Query(0, ge=0, le=10**9),
    limit: int = Query(50, ge=1, le=MOST),
    run_id: str = Query("", max_length=64),
) -> Any:
    """The list, by its keys. Name the ``run_id`` of the first part with each next one: 409 says that a newer list came between."""
    filters = Filters.read(asked.dict())
    run = run_of(filters)
    if run is None:
        raise Http404
    if run_id and run_id != run.run_id:
        return 409, {"detail": "list.changed"}
    part = Part(after=after, most=limit + 1)
    rows = list(filters.apply(ranked_of(run, request.user), run, request.user, part).order_by("position")[: part.most])
    has_more, rows = len(rows) > limit, rows[:limit]
    note_search(request, run, {**filters.given(), "by": "api"}, len(rows), after=after)
    return {
        "run_id": run.run_id,
        "as_of": run.as_of,
        "is_whole": run.is_whole,
        "rows": _entities(request, run, rows),
        "next_after": rows[-1].position if has_more else None,
    }


@api.get("/entities/{entity_id}", auth=Bearer(Scope.ENTITY), response={200: EntityOut, 404: Why, **REFUSED})
def read_entity(request: HttpRequest, entity_id: str = ENTITY) -> Any:
    """An entity of the newest run."""
    run, entity = find(request, entity_id)
    note_view(request, "api entity", run=run, entity=entity)
    return _entities(request, run, [entity])[0]


@api.post(
    "/entities/{entity_id}/decisions",
    auth=Bearer(Scope.DECIDE),
    response={200: DecisionOut, 404: Why, 409: Why, **REFUSED, 422: Wrong},
)
def make_decision(request: HttpRequest, wanted: DecisionIn, entity_id: str = ENTITY) -> Any:
    """Decide as on the entity's page: the same form, permissions and policies."""
    run, entity = find(request, entity_id)
    said = {name: value for name, value in wanted.dict().items() if value is not None}
    form = FORMS[Action(wanted.action)](request.texts, said, user=request.user)
    if not form.is_valid():
        return 422, {"detail": {name: [str(error) for error in errors] for name, errors in form.errors.items()}}
    try:
        if wanted.run_id != run.run_id:
            raise NotPossible("refused.changed")
        decision = decide(request.user, entity, run.run_id, form.wanted())
    except (NotAllowed, NotPossible) as error:
        facts = facts_of(
            Kind.REFUSED, request.user, entity_id=entity.entity_id, region_code=entity.region_code, detail={"why": error.why}
        )
        append([facts])
        return 409, {"detail": error.why}
    return _decision(decision)


@api.get("/decisions", auth=Bearer(Scope.DECISIONS), response={200: list[DecisionOut], **REFUSED})
def read_decisions(request: HttpRequest, after: int = Query(0, ge=0, le=10**15), limit: int = Query(50, ge=1, le=MOST)) -> Any:
    """Decisions about entities of one's regions, by their number."""
    note_view(request, "api decisions")
    cases = Case.objects.visible_to(request.user)
    found = Decision.objects.filter(case__in=cases, pk__gt=after).select_related("case", "actor").order_by("pk")[:limit]
    return [_decision(decision) for decision in found]


@api.get("/outcomes", auth=Bearer(Scope.OUTCOMES), response={200: list[OutcomeOut], **REFUSED})
def read_outcomes(request: HttpRequest, after: int = Query(0, ge=0, le=10**15), limit: int = Query(50, ge=1, le=MOST)) -> Any:
    """Results of visits to entities of one's regions, by their number."""
    note_view(request, "api outcomes")
    results = Result.objects.filter(decision__case__in=Case.objects.visible_to(request.user), pk__gt=after)
    names = [name for name in OutcomeOut.model_fields if name not in ("id", "corrects", "entity_id", "reported_at")]
    return [
        {
            "id": result.pk,
            "corrects": result.corrects_id,
            "entity_id": result.decision.case.entity_id,
            "reported_at": result.decision.at,
            **{name: getattr(result, name) for name in names},
        }
        for result in results.select_related("decision__case").order_by("pk")[:limit]
    ]


@api.get("/appeals", auth=Bearer(Scope.APPEALS), response={200: list[AppealOut], **REFUSED})
def read_appeals(request: HttpRequest, after: int = Query(0, ge=0, le=10**15), limit: int = Query(50, ge=1, le=MOST)) -> Any:
    """Appeals of entities of one's regions, by their number, with their answers as they are now."""
    note_view(request, "api appeals")
    found = appeals_of(request.user).filter(pk__gt=after).order_by("pk")[:limit]
    return [_appeal(appeal) for appeal in found]


@api.get(
    "/export/list.{format}", auth=Bearer(Scope.EXPORT), response={200: None, 404: Why, **REFUSED, 422: Why | Invalid, 503: Why}
)
def export(
    request: HttpRequest,
    asked: Query[ListAsked],  # noqa: ARG001 (it stands in the description; the page reads it itself)
    format: str = Path(..., pattern="^(csv|xlsx)$"),
) -> Any:
    """The list as a file: the page's, with its filter. 422 also says that it is too long for XLSX, 503 that too many are taken."""
    try:
        return list_file(request, format)
    except NoFile as refused:
        return refused.status, {"detail": f"failure.{refused.why}"}


def _entities(request: HttpRequest, run: Any, rows: list[Any]) -> list[dict[str, Any]]:
    reasons: dict[int, list[Any]] = {}
    for reason in reasons_of(run).filter(position__in=[row.position for row in rows]).order_by("position", "reason_rank"):
        reasons.setdefault(reason.position, []).append(reason)
    cases = Case.objects.visible_to(request.user).filter(entity_id__in=[row.entity_id for row in rows])
    states = dict(cases.values_list("entity_id", "state"))
    names = [name for name in EntityOut.model_fields if name not in ("state", "reasons")]
    return [
        {
            **{name: getattr(row, name) for name in names},
            "state": states.get(row.entity_id, str(State.TO_REVIEW) if row.is_listed else ""),
            "reasons": reasons.get(row.position, []),
        }
        for row in rows
    ]


def _appeal(appeal: Appeal) -> dict[str, Any]:
    answer = getattr(appeal, "answer", None)
    names = ("received_on", "recorded_at", "ground", "run_id", "due_on")
    return {
        "id": appeal.pk,
        "entity_id": appeal.case.entity_id,
        **{name: getattr(appeal, name) for name in names},
        "outcome": answer.outcome if answer else None,
        "answered_at": answer.at if answer else None,
    }


def _decision(decision: Decision) -> dict[str, Any]:
    names = [name for name in DecisionOut.model_fields if name not in ("id", "entity_id", "actor")]
    actor = decision.actor.username if decision.actor else "steelyard"
    return {
        "id": decision.pk,
        "entity_id": decision.case.entity_id,
        "actor": actor,
        **{name: getattr(decision, name) for name in names},
    }
