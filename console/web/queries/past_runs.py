"""Older runs: what they showed of an entity when a user decided, and which of their entities a user may see now."""

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
class Shown:
    """An entity in the run that was shown, with its reasons from :func:`reasons_with_details`, the first reason first."""

    run: PublishedRun
    entity: Ranked
    reasons: list[Reason]


def shown_at_decision(decisions: Iterable[Decision]) -> dict[int, Shown]:
    """What was shown when each decision was made, by the decision's key. Decisions whose run was deleted are left out.

    The number of queries depends on the runs, not on the decisions. The caller passes only decisions of cases that the user may
    see; the region of the entity at that time does not matter.
    """
    by_run: dict[str, dict[int, Decision]] = {}
    for decision in decisions:
        by_run.setdefault(decision.run_id, {})[decision.position] = decision
    shown = {}
    for run in PublishedRun.objects.filter(run_id__in=list(by_run)):
        if not run_exists(run.run_id):
            continue
        alias, of_run = alias_of(run.run_id), by_run[run.run_id]
        entities = list(Ranked.objects.using(alias).filter(position__in=among_places(alias, of_run)))
        reasons = reasons_with_details(run, entities)
        for entity in entities:
            shown[of_run[entity.position].pk] = Shown(run, entity, reasons.get(entity.position, []))
    return shown


def visible_now(user: Any, run: PublishedRun, ids: Collection[str]) -> set[str]:
    """Those of a run's entities that a user may see now, by the region where they are now.

    The newest run gives the region of an entity. If the entity is not in it, its case gives the region, else the run itself.
    """
    newest = current_run()
    if newest is None or newest.run_id == run.run_id:
        return set(ranked_of(run, user).filter(entity_id__in=ids).values_list("entity_id", flat=True))
    sources: tuple[InJurisdiction, ...] = (
        Ranked.objects.using(alias_of(newest.run_id)),
        Case.objects.all(),
        Ranked.objects.using(alias_of(run.run_id)),
    )
    visible, remaining = set[str](), set(ids)
    for source in sources:
        rows = source.filter(entity_id__in=remaining).order_by() if remaining else source.none()
        visible |= set(rows.visible_to(user).values_list("entity_id", flat=True))
        remaining -= set(rows.values_list("entity_id", flat=True))
    return visible
