"""Publish, read and decide in a separate process with the console's database in PostgreSQL, and print the results."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from threading import Event
from typing import Any

from console.publishing.open_site import open_site
from jobs.lake.finished_run import finished_run


def main(home: Path, folder: str, day: date) -> dict[str, object]:
    """The result of each step."""
    open_site(home, folder)
    from django.conf import settings
    from django.test import Client

    from console.apps.accounts.demo_accounts import make_demo_accounts
    from console.apps.accounts.models import Tries, User
    from console.apps.accounts.sign_in_attempts import delete_expired
    from console.apps.appeals.models import Appeal
    from console.apps.audit import spool
    from console.apps.audit.chain import find_breaks
    from console.apps.decisions.models import Decision
    from console.apps.desk.models import Look
    from console.apps.evidence.models import Figure
    from console.apps.ranking.current_policy import current_date
    from console.apps.ranking.models import Postings, PublishedRun, Ranked
    from console.apps.ranking.runs import alias_of, shared_identifiers_of
    from console.publishing.publish import publish
    from console.publishing.run_database import thin_out
    from console.web.queries.filtered_list import Filtered
    from console.web.queries.list_filters import Filters
    from console.web.views.risk_list import run_of

    settings.ALLOWED_HOSTS.append("testserver")
    settings.FLUSHES_AFTER_RESPONSE = False  # so that events wait for the flush below
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

    run = finished_run(home, day)
    says: dict[str, object] = {"published": [publish(run).is_new, publish(run).is_new]}
    ranked = Ranked.objects.using(alias_of(run.run_id))
    first = ranked.order_by("position")[0]
    says["entities"] = ranked.count()
    says["upgraded"] = upgraded_from_earlier(run.run_id)
    sizes = [len(bytes(places)) for places in Postings.objects.using(alias_of(run.run_id)).values_list("places", flat=True)]
    says["index"] = [len(sizes), sum(sizes)]
    make_demo_accounts()
    auditor = User.objects.get(username="auditor")
    says["found"] = [
        Filtered.by(Filters(q="杭州"), run_of(Filters()), auditor).count()[0],
        ranked.filter(name__contains="杭州").count(),
    ]
    words = ("", "杭州", "有限公司", first.name[2:6], first.name[-1], first.name[3], first.entity_id[:5], first.entity_id[:12])
    says["searched"] = [
        searched(run_of(Filters()), User.objects.get(username=name), word) for word in words for name in ("auditor", "supervisor")
    ]
    User.objects.update(must_change_password=False)
    client = Client()
    client.force_login(User.objects.get(username="supervisor"), backend="console.apps.accounts.backends.ByPassword")
    pages = (
        "/",
        "/list/?q=杭州&state=to_review",
        f"/entity/{first.entity_id}/",
        "/supervisor/",
        "/visits/",
        "/appeals/",
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
    objects = {"token": "o", "received_on": current_date().isoformat(), "ground": "disagrees", "text": "a note"}
    for _ in range(2):
        client.post(f"/entity/{first.entity_id}/appeal/", objects)
    says["appeals"] = Appeal.objects.count()
    wrong = [Client().post("/sign-in/", {"username": "nobody", "password": "wrong"}).status_code for _ in range(2)]
    says["tries"] = [*wrong, *Tries.objects.order_by("about").values_list("about", "count"), delete_expired()]
    says["figures"] = Figure.objects.count()
    says["shared_identifiers"] = shared_identifiers_of(PublishedRun.objects.get()).count()
    says["breaks"] = len(list(find_breaks()))
    says["with_nul"] = [
        client.get(page).status_code for page in ("/entity/a%00b/", f"/entity/{first.entity_id}/?run=%00", "/list/?q=%00")
    ]
    client.force_login(User.objects.get(username="auditor"), backend="console.apps.accounts.backends.ByPassword")
    says["with_nul"] += [client.get(f"/audit/?{name}=%00").status_code for name in ("actor", "entity", "kind", "since")]
    says["at_once"] = writes_at_once()
    says["woken"] = wakes_while_somebody_decides(list(ranked.filter(is_listed=True).order_by("position")[1:3]))
    says["breaks_at_last"] = len(list(find_breaks()))
    says["while_thinning"] = read_while(lambda: thin_out(run.run_id, [first.entity_id]), alias_of(run.run_id))
    says["kept"] = ranked.count()
    says["found_of_kept"] = [
        Filtered.by(Filters(q="杭州"), run_of(Filters()), auditor).count()[0],
        ranked.filter(name__contains="杭州").count(),
    ]
    says["limits"] = [limits_of(alias) for alias in ("default", "evidence", alias_of(run.run_id))]
    return says


def read_while(thins: Callable[[], None], alias: str) -> list[list[int]]:
    """The numbers of list rows and index rows that another connection reads after each DELETE."""
    from django.db import connections

    read: list[list[int]] = []

    def look(execute: Any, sql: str, *more: Any) -> Any:
        done = execute(sql, *more)
        if sql.startswith("DELETE"):
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT (SELECT count(*) FROM ranking_ranked), count(*), sum(length(places)) FROM ranking_postings")
                read.append([int(number) for number in cursor.fetchone()])
        return done

    with connections["evidence"].execute_wrapper(look):
        thins()
    return read


def limits_of(alias: str) -> list[str]:
    """The statement timeout and the schema of a connection of the server."""
    from django.db import connections

    import console.wsgi

    assert console.wsgi.application
    connections[alias].close()
    del connections[alias]
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_schema()")
        return list(cursor.fetchone())


def searched(run: Any, user: Any, word: str) -> list[bool]:
    """Whether a search within each class, page by page, finds the same as reading every row."""
    from console.apps.ranking.list_part import LAST
    from console.apps.ranking.models import CLASSES
    from console.apps.ranking.runs import ranked_of
    from console.web.queries.filtered_list import Filtered
    from console.web.queries.list_filters import Filters

    rows = list(ranked_of(run, user).order_by("position"))
    same = []
    for letter, section in product(("", *CLASSES), ("", rows[0].industry_section)):
        filters = Filters.read({"q": word, "risk_class": letter, "industry": section})
        wanted = [
            row.position for row in rows
            if row.risk_class == (letter or row.risk_class) and row.industry_section == (section or row.industry_section)
            and (word in row.name or row.entity_id.startswith(word))
        ]  # fmt: skip
        after = wanted[len(wanted) // 2] if wanted else 0
        filtered = Filtered.by(filters, run, user)
        for most, behind in ((LAST, 0), (7, 0), (7, after)):
            found = filtered.rows(after=behind, most=most).values_list("position", flat=True)
            same.append(list(found) == [place for place in wanted if place > behind][:most])
        same.append(filtered.count()[0] == len(wanted))
    return same


def writes_at_once() -> int:
    """The number of events in the chain after four writers wrote at the same time."""
    from console.apps.audit.chain import append
    from console.apps.audit.events import SYSTEM, event_facts
    from console.apps.audit.models import AuditEvent, Kind

    before = AuditEvent.objects.count()
    in_threads(*[lambda: [append([event_facts(Kind.VIEWED, SYSTEM)]) for _ in range(15)] for _ in range(4)])
    return AuditEvent.objects.count() - before


def wakes_while_somebody_decides(entities: list[Any]) -> list[str]:
    """The states of two deferred cases whose deferral ends while a user decides on the second."""
    from django.db import transaction

    from console.apps.accounts.models import User
    from console.apps.audit.chain import append
    from console.apps.audit.events import event_facts
    from console.apps.audit.models import Kind
    from console.apps.decisions.decide import DecisionInput, decide
    from console.apps.decisions.models import Case
    from console.apps.decisions.states import Action
    from console.apps.decisions.wake import end_deferrals
    from console.apps.ranking.current_policy import current_date
    from console.apps.ranking.runs import current_run

    run, user = current_run(), User.objects.get(username="supervisor")
    for entity in entities:
        on = current_date() + timedelta(days=1)
        decide(user, entity, run.run_id, DecisionInput(Action.DEFER, f"defer-{entity.entity_id}", reason="season", wake_on=on))
    Case.objects.filter(entity_id__in=[entity.entity_id for entity in entities]).update(wake_on=current_date())
    is_locked, is_waking = Event(), Event()

    def decides() -> None:
        with transaction.atomic():
            Case.objects.select_for_update().get(entity_id=entities[1].entity_id)
            is_locked.set()
            is_waking.wait()
            time.sleep(1)
            append([event_facts(Kind.DECIDED, user, entity_id=entities[1].entity_id)])

    def wakes() -> None:
        is_locked.wait()
        is_waking.set()
        with transaction.atomic():
            end_deferrals(run)

    in_threads(decides, wakes)
    return [Case.objects.get(entity_id=entity.entity_id).state for entity in entities]


def upgraded_from_earlier(run_id: str) -> list[object]:
    """What an upgrade makes of the first entity's texts after the run's tables became those of an earlier version.

    The index of that version has no industries.
    """
    from django.db import connections, transaction

    from console.apps.ranking.models import Ranked, Reason
    from console.apps.ranking.runs import alias_of, schema_of
    from console.publishing.open_site import migrate

    kinds = {"ranking_reason": ("sentence", "basis", "change"), "ranking_ranked": ("better",)}
    new = {
        "ranking_reason": ("peer_count", "newest_on", "rests_on"),
        "ranking_ranked": ("better_class", "better_changes", "held_source"),
    }
    with transaction.atomic(using="evidence"), connections["evidence"].cursor() as cursor:
        cursor.execute(f"SET LOCAL search_path = {schema_of(run_id)}")
        for table in kinds:
            for name in new[table]:
                cursor.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
            for kind, language in product(kinds[table], ("en", "zh_hans", "zh_hant")):
                cursor.execute(f"ALTER TABLE {table} ADD COLUMN {kind}_{language} text NOT NULL DEFAULT ''")
        basis = "Compared with 1,048 businesses: Retail. From tax returns, the newest of 2026-06-12."
        cursor.execute("UPDATE ranking_reason SET basis_en = %s WHERE position = 1", [basis])
        cursor.execute("DELETE FROM ranking_postings WHERE word LIKE 'industry_section=%'")
        cursor.execute("UPDATE ranking_ranked SET better_en = 'It \"would\" be' WHERE position = 1")
    migrate()
    alias = alias_of(run_id)
    first, reason = Ranked.objects.using(alias).get(position=1), Reason.objects.using(alias).filter(position=1).first()
    return [json.loads(first.better_changes), first.held_source, reason.peer_count, str(reason.newest_on), bool(reason.rests_on)]


def in_threads(*does: Callable[[], object]) -> None:
    """Run all at the same time with separate connections; raise the first failure."""
    from django.db import connections

    def alone(do: Callable[[], object]) -> None:
        try:
            do()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(does)) as pool:
        for done in [pool.submit(alone, do) for do in does]:
            done.result()


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2], date.fromisoformat(sys.argv[3]))))
