"""Move cases and members of campaigns to the regions that the newest run gives their entities."""

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
    """Update each case's place, and its region and name where they changed; also those of campaign members.

    Users of an entity's former region no longer see it on the list. Without this they would see its case, and users of the new
    region could not decide. Each batch is one transaction. Idempotent.

    Returns:
        The number of cases whose region or name changed.
    """
    moved = 0
    pks = list(Case.objects.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(pks), _AT_ONCE):
        cases = {case.entity_id: case for case in Case.objects.filter(pk__in=pks[at : at + _AT_ONCE])}
        ranked = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=list(cases))
        rows = {name: (place, where) for name, place, *where in ranked.values_list("entity_id", "position", *_REGION)}
        changed = [
            (cases[name].pk, where)
            for name, (_, where) in rows.items()
            if where != [getattr(cases[name], column) for column in _REGION]
        ]
        places = [(rows[name][0] if name in rows else None, run.run_id, case.pk) for name, case in sorted(cases.items())]
        with transaction.atomic():
            for pk, where in sorted(changed):
                Case.objects.filter(pk=pk).update(**dict(zip(_REGION, where, strict=True)))
            # A new day changes nearly every place: one statement with many values.
            with connection.cursor() as cursor:
                cursor.executemany(_TO_PLACE, places)
        moved += len(changed)
    _move_members(run)
    return moved


def _move_members(run: PublishedRun) -> None:
    """Update region and name of campaign members. Their rank and class stay as they were when the campaign was made."""
    pks = list(Member.objects.order_by("pk").values_list("pk", flat=True))
    for at in range(0, len(pks), _AT_ONCE):
        members = list(Member.objects.filter(pk__in=pks[at : at + _AT_ONCE]).values_list("pk", "entity_id", *_REGION))
        ranked = Ranked.objects.using(alias_of(run.run_id)).filter(entity_id__in=[name for _, name, *_ in members])
        rows = {name: where for name, *where in ranked.values_list("entity_id", *_REGION)}
        with transaction.atomic():
            for pk, name, *where in members:
                if rows.get(name, where) != where:
                    Member.objects.filter(pk=pk).update(**dict(zip(_REGION, rows[name], strict=True)))
