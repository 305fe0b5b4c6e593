"""The benchmark asks for what people ask for: every filter of the list, and an entity as a list leads to it."""

from __future__ import annotations

import random
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict

from benchmarks.console.history import make_history
from benchmarks.console.kinds import Content, RandomPaths
from benchmarks.console.people import make_cases, make_users, read_content
from console.apps.decisions.models import Case
from console.apps.evidence.models import TrendPoint
from console.web.queries.list_filters import FILTERS, Filters
from tests.console.conftest import Site

CHOICES = {"region": ["330100"], "risk_class": ["D"], "listed": ["yes"], "seen": ["no"]}
KNOWN = Content(["E1"], ["E9"], ["91330106MAQRRPTB9T"], ["杭州有限公司"], CHOICES, 100)


def query_of(kind: str, seed: int = 3) -> list[tuple[str, str]]:
    return parse_qsl(RandomPaths(KNOWN, random.Random(seed)).path(kind).partition("?")[2])


@pytest.mark.parametrize("seed", range(20))
def test_an_entity_is_opened_from_the_list_that_its_address_holds(seed: int) -> None:
    ((name, query),) = query_of("entity, opened from a list", seed)

    assert name == "list"
    assert Filters.read(QueryDict(query)).state == "to_review"
    assert len(parse_qsl(query)) in (1, 2)


def test_a_site_that_has_run_for_months_answers_every_kind_of_page(site: Site) -> None:
    people = make_users(2)
    make_cases(20, people)
    make_history(site.run.as_of, people, days=5)
    asking = RandomPaths(read_content(random.Random(0), people[0]), random.Random(1))
    client = site.client(people[0])

    assert TrendPoint.objects.filter(as_of__lt=site.run.as_of).exists()
    assert {case.placed_in for case in Case.objects.all()} == {site.run.run_id}
    asked = {kind: asking.path(kind) for kind in asking.kinds}
    assert [path for path in asked.values() if client.get(path).status_code != 200] == []
    # Every filter of the list is asked for by itself.
    given = [Filters.read(QueryDict(path.partition("?")[2])).given() for kind, path in asked.items() if kind.startswith("filter: ")]
    assert sorted(name for filters in given for name in filters) == sorted(FILTERS.keys() - {"q"})
