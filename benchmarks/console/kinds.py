"""The kinds of requested pages, as URL templates, and random values for their fields."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from jobs.texts.languages import convert

KINDS = MappingProxyType(
    {
        "first page": "/list/",
        "next page": "/list/?after={after}",
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
        "entity, listed": "/entity/{listed_entity}/",
        "entity, opened from a list": "/entity/{listed_entity}/?list={came_from}",
        "entity, not listed": "/entity/{unlisted_entity}/",
        "home": "/",
        "my visits": "/visits/",
        "explore": "/explore/",
        "explore: a region and an industry": "/explore/?region={region}&industry={industry}",
    }
)
"""URL template by kind, without the filters of the list; results use the names of the kinds."""
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
        choices: the values that the list offers, by filter.
        count: number of entities on the list.
    """

    listed: Sequence[str]
    unlisted: Sequence[str]
    entities: Sequence[str]
    names: Sequence[str]
    choices: Mapping[str, Sequence[str]]
    count: int


def kinds_of(content: Content) -> dict[str, str]:
    """URL template by kind, with one kind for each filter."""
    return {**KINDS, **{f"filter: {name}": f"/list/?{_query(name)}" for name in content.choices}}


def kinds_in_all_regions(content: Content) -> list[str]:
    """The kinds that every user may see, whatever the user's regions."""
    return [kind for kind, path in kinds_of(content).items() if not path.startswith("/entity/")]


def _query(name: str) -> str:
    return f"{name}={{{name}}}"


class RandomPaths(dict[str, str]):
    """Fills the fields of URL templates with random values. The same seed gives the same paths."""

    def __init__(self, content: Content, rng: random.Random) -> None:
        self.content, self.rng, self.kinds = content, rng, kinds_of(content)

    def path(self, kind: str) -> str:
        """A path of a kind of page."""
        return self.kinds[kind].format_map(self)

    def __missing__(self, field: str) -> str:
        if field in self.content.choices:
            return quote(self.rng.choice(self.content.choices[field]))
        return quote(self._value(field), safe="" if field in NESTED_QUERIES else "=&")

    def _value(self, field: str) -> str:
        content, choose = self.content, self.rng.choice
        match field:
            case "one" | "two" | "three" | "four":
                names = self.rng.sample([*content.choices], FILTER_COUNTS[field])
                return "&".join(_query(name).format_map(self) for name in names)
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
        return choose({"name": content.names, "listed_entity": content.listed, "unlisted_entity": content.unlisted}[field])
