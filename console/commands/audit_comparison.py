"""Compare the tables with the audit's events: an event covers each decision, result, answer and token, so a changed row shows.

Events from before they held a digest of their rows show only the facts that they name.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Model

from console.apps.accounts.models import User
from console.apps.api.models import MUTABLE, Token
from console.apps.appeals.models import Answer, Appeal
from console.apps.audit.chain import Break
from console.apps.audit.content import CONTENT, content_digest
from console.apps.audit.models import AuditEvent, Kind
from console.apps.decisions.models import Decision, Handling, ReasonVerdict, Result
from console.core.append_only import find_wrong_triggers

APPEND_ONLY: tuple[type[Model], ...] = (AuditEvent, Decision, Result, ReasonVerdict, Handling, Appeal, Answer)
"""The tables that triggers protect."""
AT_ONCE = 500

Detail = dict[str, Any]


@dataclass
class Comparison:
    """What the comparison found: each difference with the number of its event, 0 without one.

    Attributes:
        rows: the rows that were compared.
        without_digest: those of them whose event holds no digest.
    """

    breaks: list[Break] = field(default_factory=list)
    rows: int = 0
    without_digest: int = 0


def compare_tables() -> Comparison:
    """Compare each table with its events, and check that the triggers exist and that a used console has events."""
    found = Comparison()
    for table in (model._meta.db_table for model in APPEND_ONLY):
        names = find_wrong_triggers(connection, table)
        found.breaks += [
            Break(0, f"the trigger {name} is missing, was changed or added: rows of {table} are not protected") for name in names
        ]
    if not AuditEvent.objects.exists() and User.objects.exists():
        found.breaks.append(Break(0, "there are accounts and no event: all events were deleted"))
    for model, kinds, key in (
        (Decision, (Kind.DECIDED, Kind.RECORDED, Kind.WOKEN), "decision"),
        (Handling, (Kind.HANDLED,), "handling"),
        (Appeal, (Kind.APPEAL_RECEIVED,), "appeal"),
        (Answer, (Kind.APPEAL_ANSWERED,), "appeal"),
        (Token, (Kind.TOKEN_MADE,), "token"),
    ):
        _compare(found, model, kinds, key)
    found.breaks += _revived_tokens()
    return found


def _compare(found: Comparison, model: type[Model], kinds: tuple[Kind, ...], key: str) -> None:
    """Compare the rows of a table with the events that name them by ``key`` in their details, both ways."""
    by = "appeal_id" if model is Answer else "pk"
    manager, seen, unnamed = model._default_manager, set(), 0
    for events in _events(kinds):
        with_key = [(event, detail) for event, detail in events if key in detail]
        unnamed += len(events) - len(with_key)
        rows = {getattr(row, by): row for row in manager.filter(**{f"{by}__in": [detail[key] for _, detail in with_key]})}
        parts = _parts_of(rows.values()) if model is Decision else {}
        for event, detail in with_key:
            row, seen_before = rows.get(detail[key]), detail[key] in seen
            seen.add(detail[key])
            found.rows += 1
            found.without_digest += CONTENT not in detail
            if row is None:
                found.breaks.append(Break(event.number, f"its {key} {detail[key]} is not in {model._meta.db_table}"))
            elif seen_before:
                found.breaks.append(Break(event.number, f"its {key} {detail[key]} has an earlier event"))
            elif wrong := _differences(row, parts.get(row.pk, ()), event, detail):
                what = f"{key} {detail[key]} in {model._meta.db_table} differs from it: {', '.join(wrong)}"
                found.breaks.append(Break(event.number, what))
    extra = sorted(set(manager.values_list(by, flat=True)) - seen)
    extra = extra[unnamed:] if model is Handling else extra  # earlier events of handlings do not name them
    found.breaks += [Break(0, f"{key} {one} in {model._meta.db_table} has no event") for one in extra[:AT_ONCE]]


def _events(kinds: Iterable[Kind]) -> Iterator[list[tuple[AuditEvent, Detail]]]:
    """The events of some kinds with their details, in order, in batches."""
    rows = AuditEvent.objects.filter(kind__in=list(kinds)).order_by("number").iterator(2000)
    while batch := list(islice(rows, AT_ONCE)):
        yield [(event, json.loads(event.detail)) for event in batch]


def _parts_of(decisions: Iterable[Any]) -> dict[int, list[Model]]:
    """The result of each decision with the verdicts on its reasons, as :func:`record_result` orders them."""
    results = list(Result.objects.filter(decision__in=[decision.pk for decision in decisions]))
    verdicts: defaultdict[int, list[ReasonVerdict]] = defaultdict(list)
    for verdict in ReasonVerdict.objects.filter(result__in=results):
        verdicts[verdict.result_id].append(verdict)
    return {result.decision_id: [result, *sorted(verdicts[result.pk], key=lambda verdict: verdict.indicator)] for result in results}


def _differences(row: Any, parts: Iterable[Model], event: AuditEvent, detail: Detail) -> list[str]:
    """The names of what differs between a row and its event."""
    wrong = [name for name, value in _facts_of(row).items() if name in detail and detail[name] != json.loads(_json(value))]
    wrong += ["who"] if event.actor_id != _actor_of(row) else []
    if isinstance(row, Decision):
        wrong += [name for name in ("run_id", "batch") if getattr(event, name) != getattr(row, name)]
    if not isinstance(row, Token) and event.entity_id != _case_of(row).entity_id:
        wrong.append("entity_id")
    if not wrong and CONTENT in detail and detail[CONTENT] != content_digest(row, *parts, without=_MUTABLE.get(type(row), ())):
        wrong.append("the content of the row or of what belongs to it")
    return wrong


_MUTABLE: dict[type[Model], tuple[str, ...]] = {Token: MUTABLE}


def _facts_of(row: Any) -> Detail:
    """What the event of a row says about it in its details."""
    if isinstance(row, Decision):
        facts = {"action": row.action, "from": row.state_before, "to": row.state_after, "reason": row.reason}
        return {**facts, "chosen": row.chosen, "selected_by": row.selected_by, "campaign": row.campaign_id}
    if isinstance(row, Handling):
        return {"decision": row.decision_id, "is_open": row.is_open, "reason": row.reason}
    if isinstance(row, Appeal):
        return {"ground": row.ground, "received_on": row.received_on, "due_on": row.due_on}
    return {"outcome": row.outcome} if isinstance(row, Answer) else {"scopes": row.scopes, "expires_on": row.expires_on}


def _actor_of(row: Any) -> int | None:
    for name in ("actor_id", "recorded_by_id", "answered_by_id", "user_id"):
        if hasattr(row, name):
            return getattr(row, name)
    return None


def _case_of(row: Any) -> Any:
    if isinstance(row, Answer):
        return row.appeal.case
    return row.decision.case if isinstance(row, Handling) else row.case


def _json(value: Any) -> str:
    return json.dumps(value, default=str)


def _revived_tokens() -> Iterator[Break]:
    """Tokens that are valid although an event revoked them."""
    valid = dict(Token.objects.filter(is_revoked=False).values_list("pk", "user_id"))
    made: dict[int, int] = {}
    for events in _events((Kind.TOKEN_MADE, Kind.TOKEN_REVOKED, Kind.PASSWORD_CHANGED, Kind.ACCOUNT_CHANGED)):
        for event, detail in events:
            if event.kind == Kind.TOKEN_MADE and detail.get("token") in valid:
                made[detail["token"]] = valid[detail["token"]]
            elif event.kind == Kind.TOKEN_REVOKED and detail.get("token") in valid:
                yield Break(event.number, f"token {detail['token']} in {Token._meta.db_table} is valid although it was revoked")
            elif detail.get("tokens_revoked"):
                account = detail.get("account", event.actor_id)
                for token in [token for token, user in made.items() if user == account]:
                    yield Break(event.number, f"token {token} in {Token._meta.db_table} is valid although it was revoked")
