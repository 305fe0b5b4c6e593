"""Whom a user may see as an older run had them: those who are of the user's regions now, wherever they were then."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from console.apps.accounts.jurisdiction import InJurisdiction
from console.apps.decisions.models import Case
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, current_run, ranked_of


def there_now(user: Any, run: PublishedRun, names: Collection[str]) -> set[str]:
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
