"""The endpoints under ``/api/``, described by OpenAPI. They check what the pages check: role, region, state, policy."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest
from ninja import NinjaAPI, Path, Query, Schema

from console.apps.api.models import Scope
from console.apps.api.tokens import Bearer
from console.apps.appeals.appeals import appeals_of
from console.apps.appeals.models import Appeal
from console.apps.decisions.decide import decide
from console.apps.decisions.models import Case, Decision, Result
from console.apps.decisions.policies import NotPossible
from console.apps.decisions.states import Action, Refused, State
from console.web.access import note_refusal, note_search, note_view
from console.web.api.schemas import (
    AppealOut,
    DecisionIn,
    DecisionOut,
    EntityOut,
    Invalid,
    ListAsked,
    ListOut,
    OutcomeOut,
    Why,
    Wrong,
)
from console.web.downloads import NoFile
from console.web.forms.decisions import FORMS
from console.web.queries.filtered_list import Filtered
from console.web.queries.list_filters import Filters
from console.web.queries.reasons import reasons_with_details
from console.web.views.entity import find_entity
from console.web.views.list_export import list_file
from console.web.views.risk_list import run_of
from jobs.texts.languages import LANGUAGES, column_suffix
from jobs.texts.numbers import MONEY

api = NinjaAPI(title="Steelyard console", version="1", docs_url=None, openapi_url="/openapi.json", urls_namespace="api")
MOST = 200
ENTITY = Path(..., max_length=64, pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")
REFUSED: dict[int, type[Schema]] = {400: Why, 401: Why, 403: Why, 422: Invalid, 429: Why, 503: Why}
"""Errors of every endpoint: no JSON, no valid token, a token for another scope, an invalid request, too many requests, or deferrals
that are being ended, after which the client retries."""


@api.get("/list", auth=Bearer(Scope.LIST), response={200: ListOut, 404: Why, 409: Why, **REFUSED})
def read_list(
    request: HttpRequest,
    asked: Query[ListAsked],
    after: int = Query(0, ge=0, le=10**9),
    limit: int = Query(50, ge=1, le=MOST),
    run_id: str = Query("", max_length=64),
) -> Any:
    """The list, part by part. Send the ``run_id`` of the first part with the next ones; 409 means that a newer list exists."""
    filters = Filters.read(asked.dict())
    run = run_of(filters)
    if run is None:
        raise Http404
    if run_id and run_id != run.run_id:
        return 409, {"detail": "list.changed"}
    rows = list(Filtered.by(filters, run, request.user).rows(after=after, most=limit + 1))
    has_more, rows = len(rows) > limit, rows[:limit]
    if not has_more:
        run.refresh_from_db(fields=["is_whole"])  # the day may have been thinned in the meantime
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
    run, entity = find_entity(request, entity_id)
    note_view(request, "api entity", run=run, entity=entity)
    return _entities(request, run, [entity])[0]


@api.post(
    "/entities/{entity_id}/decisions",
    auth=Bearer(Scope.DECIDE),
    response={200: DecisionOut, 404: Why, 409: Why, **REFUSED, 422: Wrong},
)
def make_decision(request: HttpRequest, wanted: DecisionIn, entity_id: str = ENTITY) -> Any:
    """Decide, with the form, permissions and policies of the entity's page."""
    run, entity = find_entity(request, entity_id)
    data = {name: value for name, value in wanted.dict().items() if value is not None}
    form = FORMS[Action(wanted.action)](request.texts, data, user=request.user)
    if not form.is_valid():
        return 422, {"detail": {name: [str(error) for error in errors] for name, errors in form.errors.items()}}
    try:
        if wanted.run_id != run.run_id:
            raise NotPossible("refused.changed")
        return decide(request.user, entity, run.run_id, form.wanted())
    except Refused as error:
        note_refusal(request, entity, error.why)
        return 409, {"detail": error.why}


@api.get("/decisions", auth=Bearer(Scope.DECISIONS), response={200: list[DecisionOut], **REFUSED})
def read_decisions(request: HttpRequest, after: int = Query(0, ge=0, le=10**15), limit: int = Query(50, ge=1, le=MOST)) -> Any:
    """Decisions about entities in the user's regions, by number."""
    note_view(request, "api decisions", after=after, limit=limit)
    cases = Case.objects.visible_to(request.user)
    return Decision.objects.filter(case__in=cases, pk__gt=after).select_related("case", "actor").order_by("pk")[:limit]


@api.get("/outcomes", auth=Bearer(Scope.OUTCOMES), response={200: list[OutcomeOut], **REFUSED})
def read_outcomes(request: HttpRequest, after: int = Query(0, ge=0, le=10**15), limit: int = Query(50, ge=1, le=MOST)) -> Any:
    """Results of visits to entities in the user's regions, by number."""
    note_view(request, "api outcomes", after=after, limit=limit)
    results = Result.objects.filter(decision__case__in=Case.objects.visible_to(request.user), pk__gt=after)
    return results.select_related("decision__case").order_by("pk")[:limit]


@api.get("/appeals", auth=Bearer(Scope.APPEALS), response={200: list[AppealOut], **REFUSED})
def read_appeals(request: HttpRequest, after: int = Query(0, ge=0, le=10**15), limit: int = Query(50, ge=1, le=MOST)) -> Any:
    """Appeals of entities in the user's regions, by number, with their present answers."""
    note_view(request, "api appeals", after=after, limit=limit)
    found = appeals_of(request.user).filter(pk__gt=after).order_by("pk")[:limit]
    return [_appeal(appeal) for appeal in found]


@api.get(
    "/export/list.{format}", auth=Bearer(Scope.EXPORT), response={200: None, 404: Why, **REFUSED, 422: Why | Invalid, 503: Why}
)
def export(
    request: HttpRequest,
    asked: Query[ListAsked],  # noqa: ARG001 (for the description; the page reads the query)
    format: str = Path(..., pattern="^(csv|xlsx)$"),
) -> Any:
    """The list of the page as a file. 422 also means that it is too long for XLSX, 503 that there are too many downloads."""
    try:
        return list_file(request, format)
    except NoFile as error:
        return error.status, {"detail": f"failure.{error.why}"}


def _entities(request: HttpRequest, run: Any, rows: list[Any]) -> list[dict[str, Any]]:
    reasons = reasons_with_details(run, rows)
    cases = Case.objects.visible_to(request.user).filter(entity_id__in=[row.entity_id for row in rows])
    states = {case.pop("entity_id"): case for case in cases.values("entity_id", "state", "version")}
    names = [name for name in EntityOut.model_fields if name not in ("run_id", "as_of", "state", "version", "reasons")]
    return [
        {
            "run_id": run.run_id,
            "as_of": run.as_of,
            **{name: getattr(row, name) for name in names},
            **states.get(row.entity_id, {"state": str(State.TO_REVIEW) if row.is_listed else "", "version": 0}),
            "reasons": [_reason(reason, row, run) for reason in reasons.get(row.position, [])],
        }
        for row in rows
    ]


def _reason(reason: Any, row: Any, run: Any) -> dict[str, Any]:
    is_money = reason.unit == MONEY
    return {
        **{name: getattr(reason, name) for name in ("indicator", "value", "unit", "peer_median")},
        **{f"sentence_{column_suffix(language)}": reason.sentence(language) for language in LANGUAGES},
        "code": reason.about.code if reason.about else "",
        "currency": str(run.profile.get("currency", "")) if is_money else None,
        "minor_units": int(run.profile.get("minor_units", 2)) if is_money else None,
        "peer_group": row.peer_group,
        "peer_count": reason.peer_count,
        "sources": [
            {
                **{name: source[name] for name in ("source", "verdict", "newest_delivery")},
                "failed_checks": len(source["failed"]),
            }
            for source in reason.made_of
        ],
    }


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
