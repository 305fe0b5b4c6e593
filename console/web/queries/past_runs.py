"""What was shown of entities when somebody decided of them. Whoever may see the case may see it, wherever the entity was then.

Whom a user may see as an older run had them: those who are of the user's regions now, wherever they were then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from console.apps.accounts.jurisdiction import InJurisdiction
from console.apps.decisions.models import Case, Decision
from console.apps.ranking.models import PublishedRun, Ranked, Reason
from console.apps.ranking.runs import alias_of, among_places, current_run, ranked_of
from console.publishing.run_database import run_exists
from console.web.queries.reasons import reasons_with_details


@dataclass(frozen=True)
class Seen:
    """An entity as the run had it that was shown, and its reasons from :func:`reasons_with_details`, the first reason first."""

    run: PublishedRun
    entity: Ranked
    reasons: list[Reason]


def shown_at_decision(decisions: Iterable[Decision]) -> dict[int, Seen]:
    """By the key of each decision what was shown when it was made; nothing of one whose run is not there any more.

    As many questions as there are runs, however many decisions. Ask only for those of cases that the reader may see.
    """
    by_run: dict[str, dict[int, Decision]] = {}
    for decision in decisions:
        by_run.setdefault(decision.run_id, {})[decision.position] = decision
    found = {}
    for run in PublishedRun.objects.filter(run_id__in=list(by_run)):
        if not run_exists(run.run_id):
            continue
        alias, of_run = alias_of(run.run_id), by_run[run.run_id]
        entities = list(Ranked.objects.using(alias).filter(position__in=among_places(alias, of_run)))
        reasons = reasons_with_details(run, entities)
        for entity in entities:
            found[of_run[entity.position].pk] = Seen(run, entity, reasons.get(entity.position, []))
    return found


def visible_now(user: Any, run: PublishedRun, names: Collection[str]) -> set[str]:
    """Of entities of a run those that a user may see now.

    Where an entity is now the newest run says; of one that it no longer has its case, which stayed where the entity was last; of
    one without a case the run itself.
    """
    newest = current_run()
    if newest is None or newest.run_id == run.run_id:
        return set(ranked_of(run, user).filter(entity_id__in=names).values_list("entity_id", flat=True))
    where: tuple[InJurisdiction, ...] = (
        Ranked.objects.using(alias_of(newest.run_id)),
        Case.objects.all(),
        Ranked.objects.using(alias_of(run.run_id)),
    )
    seen, rest = set[str](), set(names)
    for rows in where:
        told = rows.filter(entity_id__in=rest).order_by() if rest else rows.none()
        seen |= set(told.visible_to(user).values_list("entity_id", flat=True))
        rest -= set(told.values_list("entity_id", flat=True))
    return seen
