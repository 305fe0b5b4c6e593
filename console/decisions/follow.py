"""Keep each case where its entity is: a case is seen by whoever answers for the region that the newest run gives the entity."""

from __future__ import annotations

from django.db import transaction

from console.decisions.models import Case
from console.ranking.models import PublishedRun, Ranked
from console.ranking.runs import alias_of

_PLACE = ("name", "region_code", "region_middle", "region_top")
_AT_ONCE = 500


def follow(run: PublishedRun) -> int:
    """Give the cases whose entities moved, or have another name, what the run says of them; give how many did.

    An entity that moved is out of its former region's sight on the list; its case goes with it, or those would still see it and
    whoever answers for it now could not decide. Those of a batch go together, in a transaction of their own; called again, it finds
    those that went already where they are.
    """
    moved = 0
    pks = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(pks), _AT_ONCE):
        cases = {case.entity_id: case for case in Case.objects.filter(pk__in=pks[at : at + _AT_ONCE])}
        rows = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=list(cases)).values_list("entity_id", *_PLACE)
        places = [(cases[name].pk, place) for name, *place in rows if place != [getattr(cases[name], column) for column in _PLACE]]
        with transaction.atomic():
            for pk, place in sorted(places):
                Case.objects.filter(pk=pk).update(**dict(zip(_PLACE, place, strict=True)))
        moved += len(places)
    return moved
