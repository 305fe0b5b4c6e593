"""The benchmark asks for what people ask for: every filter of the list, and an entity as a list leads to it."""

from __future__ import annotations

import random
from dataclasses import fields
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict

from benchmarks.console.kinds import FILTERS, KINDS, Asking, Known
from console.pages.filters import Filters

PLACES = [query.partition("=")[2].strip("{}") for query in FILTERS.values()]
KNOWN = Known(
    ["E1"], ["E9"], ["91330106MAQRRPTB9T"], ["杭州有限公司"], {name: ["x", "杭州"] for name in PLACES if name != "yes"}, 100
)


def query_of(kind: str, seed: int = 3) -> list[tuple[str, str]]:
    return parse_qsl(Asking(KNOWN, random.Random(seed)).path(kind).partition("?")[2])


def test_every_filter_of_the_list_is_asked_for_by_itself() -> None:
    asked = {query_of(kind)[0][0] for kind in KINDS if kind.startswith("filter: ")}

    assert asked == {field.name for field in fields(Filters)} - {"q"}


@pytest.mark.parametrize("seed", range(20))
def test_an_entity_is_opened_from_the_list_that_its_address_holds(seed: int) -> None:
    ((name, query),) = query_of("entity, opened from a list", seed)

    assert name == "list"
    assert Filters.read(QueryDict(query)).state == "to_review"
    assert len(parse_qsl(query)) in (1, 2)
