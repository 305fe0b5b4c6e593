"""The kinds of requested pages, as URL templates, and random values for their fields."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from jobs.texts.languages import convert

FILTERS = MappingProxyType(
    {
        "region": "region={region}",
        "industry": "industry={industry}",
        "class": "risk_class={risk_class}",
        "state": "state={state}",
        "overdue": "overdue=yes",
        "reason": "reason={reason}",
        "moved": "moved={moved}",
        "listed": "listed=yes",
        "seen": "seen={seen}",
        "assigned": "assigned={assigned}",
        "campaign": "campaign={campaign}",
        "day": "day={day}",
    }
)
"""The filters of the list, as query strings."""
KINDS = MappingProxyType(
    {
        "first page": "/list/",
        "next page": "/list/?after={after}",
        **{f"filter: {name}": f"/list/?{query}" for name, query in FILTERS.items()},
        "two filters": "/list/?{two}",
        "three filters": "/list/?{three}",
        "four filters": "/list/?{four}",
        "next page, two filters": "/list/?after={after}&{two}",
        "search: two characters": "/list/?q={pair}",
        "search: two characters, Traditional": "/list/?q={traditional}",
        "search: what every name holds": "/list/?q={frequent}",
        "search: a whole name": "/list/?q={name}",
        "search with a filter": "/list/?q={pair}&{one}",
        "search with two filters": "/list/?q={pair}&{two}",
        "next page of a search": "/list/?q={frequent}&after={after}",
        "code prefix": "/list/?q={prefix}",
        "entity, listed": "/entity/{listed}/",
        "entity, opened from a list": "/entity/{listed}/?list={came_from}",
        "entity, not listed": "/entity/{unlisted}/",
        "home": "/",
        "my visits": "/visits/",
        "explore": "/explore/",
        "explore: a region and an industry": "/explore/?region={region}&industry={industry}",
    }
)
"""URL template by kind; results use the names of the kinds."""
IN_ALL_REGIONS = tuple(kind for kind, address in KINDS.items() if not address.startswith("/entity/"))
"""Kinds that every user may see, whatever the user's regions."""
NESTED_QUERIES = frozenset({"came_from"})
"""Fields with a query inside another query."""
FILTER_COUNTS = {"one": 1, "two": 2, "three": 3, "four": 4}
"""Number of filters by field."""
PREFIXES = (2, 4, 6, 8, 10, 12, 18)
"""Lengths of the code prefixes in searches."""


@dataclass(frozen=True)
class Content:
    """Published content to request.

    Attributes:
        listed: identifiers of some listed entities.
        unlisted: identifiers of some unlisted entities with records.
        entities: identifiers of some of all entities.
        names: names of some of all entities.
        choices: values by filter field.
        count: number of entities on the list.
    """

    listed: Sequence[str]
    unlisted: Sequence[str]
    entities: Sequence[str]
    names: Sequence[str]
    choices: dict[str, Sequence[str]]
    count: int


class RandomPaths(dict[str, str]):
    """Fills the fields of URL templates with random values. The same seed gives the same paths."""

    def __init__(self, content: Content, rng: random.Random) -> None:
        self.content, self.rng = content, rng

    def path(self, kind: str) -> str:
        """A path of a kind of page."""
        return KINDS[kind].format_map(self)

    def __missing__(self, field: str) -> str:
        if field in self.content.choices:
            return quote(self.rng.choice(self.content.choices[field]))
        return quote(self._value(field), safe="" if field in NESTED_QUERIES else "=&")

    def _value(self, field: str) -> str:
        content, choose = self.content, self.rng.choice
        match field:
            case "one" | "two" | "three" | "four":
                return "&".join(FILTERS[name].format_map(self) for name in self.rng.sample([*FILTERS], FILTER_COUNTS[field]))
            case "came_from":  # the cases to review, often with another filter
                return "&".join(["state=to_review", *([self._value("one")] if self.rng.random() < 0.5 else [])])
            case "after":  # usually near the beginning of the list, sometimes anywhere
                return str(choose((50, 100, 150, 1000, self.rng.randrange(content.count))))
            case "pair":  # two adjacent characters of a random name
                name = choose(content.names)
                at = self.rng.randrange(len(name) - 1)
                return name[at : at + 2]
            case "traditional":
                return convert(self._value("pair"), "zh-Hant")
            case "frequent":
                return choose(("有限", "公司", "限公"))
            case "prefix":
                return choose(content.entities)[: choose(PREFIXES)]
        return choose({"name": content.names, "listed": content.listed, "unlisted": content.unlisted}[field])
