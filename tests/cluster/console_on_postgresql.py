"""Run in a process of its own, with the console's database in PostgreSQL: publish, look, decide, tamper; it says how each went."""

from __future__ import annotations

import json
import sys
from datetime import date
from pathlib import Path

from console.lake import finished_run
from console.verbs.site import open_site

TAMPERING = (
    "UPDATE audit_auditevent SET actor = 'x'",
    "DELETE FROM audit_auditevent",
    "TRUNCATE audit_auditevent CASCADE",
    "UPDATE decisions_decision SET reason = 'x'",
)


def main(home: Path, folder: str, day: date) -> dict[str, object]:
    """How each step went."""
    open_site(home, folder)
    from django.conf import settings
    from django.test import Client

    from console.accounts.demo import make_demo_accounts
    from console.accounts.models import User
    from console.audit import spool
    from console.audit.chain import breaks
    from console.decisions.models import Decision
    from console.desk.models import Look
    from console.evidence.models import Figure
    from console.ranking.models import PublishedRun, Ranked
    from console.ranking.publish import publish
    from console.ranking.runs import alias_of, ties_of
    from console.ranking.search import search
    from console.ranking.store import thin_out

    settings.ALLOWED_HOSTS.append("testserver")
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

    run = finished_run(home, day)
    says: dict[str, object] = {"published": [publish(run).is_new, publish(run).is_new]}
    ranked = Ranked.objects.using(alias_of(run.run_id))
    first = ranked.order_by("position")[0]
    says["entities"] = ranked.count()
    says["found"] = [search(ranked, "杭州").count(), ranked.filter(name__contains="杭州").count()]
    make_demo_accounts()
    User.objects.update(must_change_password=False)
    client = Client()
    client.force_login(User.objects.get(username="supervisor"), backend="django.contrib.auth.backends.ModelBackend")
    pages = (
        "/",
        "/list/?q=杭州&state=to_review",
        f"/entity/{first.entity_id}/",
        "/supervisor/",
        "/visits/",
        "/campaigns/",
        "/status/",
        "/explore/?region=330100&industry=F",
        "/list/?seen=no&assigned=nobody",
        "/list/?seen=changed",
    )
    says["pages"] = [client.get(page).status_code for page in pages]
    form = {"reason": "reasons_hold", "objective": "safety", "kind": "on_site", "proportion": "least", "token": "t", "version": 0}
    for _ in range(2):
        client.post(f"/entity/{first.entity_id}/visit/", {**form, "run_id": run.run_id})
    says["decisions"] = Decision.objects.count()
    says["taken_in"] = spool.flush()
    says["looks"] = Look.objects.count()
    says["figures"] = Figure.objects.count()
    says["ties"] = ties_of(PublishedRun.objects.get()).count()
    says["breaks"] = len(list(breaks()))
    says["refused"] = [refuses(sql) for sql in TAMPERING]
    thin_out(run.run_id, [first.entity_id])
    says["kept"] = ranked.count()
    return says


def refuses(sql: str) -> bool:
    """Whether the database itself refuses a statement."""
    from django.db import DatabaseError, connection

    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
    except DatabaseError as error:
        return "append-only" in str(error)
    return False


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], date.fromisoformat(sys.argv[3]))))
