"""How long a ranking is kept whole, and what of it stays for good."""

from __future__ import annotations

from django.db.models import Q

from console.apps.audit import spool
from console.apps.audit.models import AuditEvent
from console.apps.ranking.models import PublishedRun
from console.publishing.store import thin_out


def thin_out_old(ranking_days: int) -> int:
    """Leave of each run that is older than the newest ``ranking_days`` published days, or that another run of its day replaced,
    what was listed and what anybody viewed or decided; give how many runs were thinned out.

    A run is said not to be whole before anything of it goes, and what goes, goes at once: nobody reads a part of a day that is said
    to be whole. One whose thinning out was broken off is thinned out by the next call.
    """
    shown = PublishedRun.objects.filter(is_current=True).order_by("-as_of")
    newest = set(shown.values_list("run_id", flat=True)[:ranking_days])
    unfinished = PublishedRun.objects.filter(Q(is_whole=True) | Q(is_thinning=True))
    old = [run for run in unfinished if run.is_thinning or run.run_id not in newest]
    if old:
        spool.flush()
    for run in old:
        PublishedRun.objects.filter(pk=run.pk).update(is_whole=False, is_thinning=True)
        touched = AuditEvent.objects.filter(run_id=run.run_id).exclude(entity_id="").values_list("entity_id", flat=True)
        thin_out(run.run_id, touched.distinct())
        PublishedRun.objects.filter(pk=run.pk).update(is_thinning=False)
    return len(old)
