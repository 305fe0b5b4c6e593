"""Keep each case, and each member of a campaign, where its entity is: seen by whoever answers for the region that the newest run
gives the entity."""

from __future__ import annotations

from django.db import connection, transaction

from console.apps.campaigns.models import Member
from console.apps.decisions.models import Case
from console.apps.ranking.models import PublishedRun, Ranked
from console.apps.ranking.runs import alias_of

_REGION = ("name", "region_code", "region_middle", "region_top")
_TO_PLACE = f"UPDATE {Case._meta.db_table} SET place = %s, placed_in = %s WHERE id = %s"
_AT_ONCE = 500


def move_cases_to_new_regions(run: PublishedRun) -> int:
    """Give each case its entity's place in the run, and those whose entities moved, or have another name, what the run says of
    them; give how many of these there were. Members of campaigns follow too.

    An entity that moved is out of its former region's sight on the list; its case goes with it, or those would still see it and
    whoever answers for it now could not decide. So does what campaigns hold of it. Those of a batch go together, in a transaction
    of their own; called again, it finds those that went already where they are.
    """
    moved = 0
    pks = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(pks), _AT_ONCE):
        cases = {case.entity_id: case for case in Case.objects.filter(pk__in=pks[at : at + _AT_ONCE])}
        ranked = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=list(cases))
        rows = {name: (place, where) for name, place, *where in ranked.values_list("entity_id", "position", *_REGION)}
        news = [
            (cases[name].pk, where)
            for name, (_, where) in rows.items()
            if where != [getattr(cases[name], column) for column in _REGION]
        ]
        places = [(rows[name][0] if name in rows else None, run.run_id, case.pk) for name, case in sorted(cases.items())]
        with transaction.atomic():
            for pk, where in sorted(news):
                Case.objects.filter(pk=pk).update(**dict(zip(_REGION, where, strict=True)))
            # A day moves nearly all of them, and each to a place of its own: one statement, many values.
            with connection.cursor() as cursor:
                cursor.executemany(_TO_PLACE, places)
        moved += len(news)
    _follow_members(run)
    return moved


def _follow_members(run: PublishedRun) -> None:
    """What an entity's rank and class were when a campaign took it in stays; where it is, and what it is called, is the run's."""
    pks = list(Member.objects.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(pks), _AT_ONCE):
        members = list(Member.objects.filter(pk__in=pks[at : at + _AT_ONCE]).values_list("pk", "entity_id", *_REGION))
        ranked = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=[name for _, name, *_ in members])
        rows = {name: where for name, *where in ranked.values_list("entity_id", *_REGION)}
        with transaction.atomic():
            for pk, name, *where in members:
                if rows.get(name, where) != where:
                    Member.objects.filter(pk=pk).update(**dict(zip(_REGION, rows[name], strict=True)))
