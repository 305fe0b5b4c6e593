"""A page and its frame show the same run, even if a day is published meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connections, router
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import OneRun, current_run
from tests.console.conftest import Site


@pytest.mark.parametrize("path", ["/", "/list/", "/visits/", "/explore/"])
def test_a_page_reads_the_newest_run_once(site: Site, path: str) -> None:
    client = site.client("wang")
    with CaptureQueriesContext(connections[router.db_for_read(PublishedRun)]) as queries:
        assert client.get(path).status_code == 200

    asked = [query["sql"] for query in queries.captured_queries if '"ranking_publishedrun"."run_id", ' in query["sql"]]
    assert sum("LIMIT 1" in sql for sql in asked) == 1


def test_a_day_published_during_a_request_shows_from_the_next_page(site: Site) -> None:
    before = site.run
    newer = PublishedRun.objects.get(pk=before.pk)
    newer.run_id, newer.as_of, newer._state.adding = "newer", before.as_of + timedelta(days=1), True
    seen = []

    def page(_request: HttpRequest) -> HttpResponse:
        seen.append(current_run())
        newer.save()
        seen.append(current_run())
        return HttpResponse()

    for _ in range(2):
        OneRun(page)(RequestFactory().get("/"))

    assert [run.run_id if run else None for run in seen] == [before.run_id, before.run_id, "newer", "newer"]
