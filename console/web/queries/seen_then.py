"""What was shown of entities when somebody decided of them. Whoever may see the case may see it, wherever the entity was then."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.apps.decisions.models import Decision
from console.apps.ranking.models import PublishedRun, Ranked, Reason
from console.apps.ranking.runs import alias_of, among_places
from console.publishing.store import is_there
from console.web.queries.reasons import reasons_told


@dataclass(frozen=True)
class Seen:
    """An entity as the run had it that was shown, and its reasons as :func:`reasons_told` gives them, the first reason first."""

    run: PublishedRun
    entity: Ranked
    reasons: list[Reason]


def seen_then(decisions: Iterable[Decision]) -> dict[int, Seen]:
    """By the key of each decision what was shown when it was made; nothing of one whose run is not there any more.

    As many questions as there are runs, however many decisions. Ask only for those of cases that the reader may see.
    """
    by_run: dict[str, dict[int, Decision]] = {}
    for decision in decisions:
        by_run.setdefault(decision.run_id, {})[decision.position] = decision
    found = {}
    for run in PublishedRun.objects.filter(run_id__in=list(by_run)):
        if not is_there(run.run_id):
            continue
        alias, of_run = alias_of(run.run_id), by_run[run.run_id]
        entities = list(Ranked.objects.using(alias).filter(position__in=among_places(alias, of_run)))
        reasons = reasons_told(run, entities)
        for entity in entities:
            found[of_run[entity.position].pk] = Seen(run, entity, reasons.get(entity.position, []))
    return found
