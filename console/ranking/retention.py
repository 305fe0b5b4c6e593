"""How long a ranking is kept whole, and what of it stays for good."""

from __future__ import annotations

from console.audit import spool
from console.audit.models import AuditEvent
from console.ranking.models import PublishedRun
from console.ranking.store import thin_out


def thin_out_old(ranking_days: int) -> int:
    """Leave of each run that is older than the newest ``ranking_days`` published days, or that another run of its day replaced,
    what was listed and what anybody viewed or decided; give how many runs were thinned out."""
    shown = PublishedRun.objects.filter(is_current=True).order_by("-as_of")
    newest = set(shown.values_list("run_id", flat=True)[:ranking_days])
    old = [run for run in PublishedRun.objects.filter(is_whole=True) if run.run_id not in newest]
    if old:
        spool.flush()
    for run in old:
        touched = AuditEvent.objects.filter(run_id=run.run_id).exclude(entity_id="").values_list("entity_id", flat=True)
        thin_out(run.run_id, touched.distinct())
        run.is_whole = False
        run.save(update_fields=["is_whole"])
    return len(old)
