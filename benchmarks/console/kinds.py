"""The kinds of page that are asked for, as addresses with places to fill in, and what they are filled with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from console.core.texts import to_traditional

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
"""Each filter of the list, as it stands in an address."""
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
"""What the tables call each kind, and its address."""
FOR_EVERYBODY = tuple(kind for kind, address in KINDS.items() if not address.startswith("/entity/"))
"""Those that are there whatever the regions of who asks."""
WITHIN_ANOTHER = frozenset({"came_from"})
"""Places that hold a query within another's."""
PREFIXES = (2, 4, 6, 8, 10, 12, 18)
"""Characters of a code that are asked for."""


@dataclass(frozen=True)
class Known:
    """What there is to ask for.

    Attributes:
        listed: identifiers of some that are listed.
        unlisted: identifiers of some that are not and of whom there is a record.
        entities: identifiers of some of all.
        names: names of some of all.
        choices: the values of each filter, by its name in the address.
        count: how many entities the list has.
    """

    listed: Sequence[str]
    unlisted: Sequence[str]
    entities: Sequence[str]
    names: Sequence[str]
    choices: dict[str, Sequence[str]]
    count: int


class Asking(dict[str, str]):
    """Fills in the places of an address, each by a draw; the same seed gives the same addresses."""

    def __init__(self, known: Known, rng: random.Random) -> None:
        self.known, self.rng = known, rng

    def path(self, kind: str) -> str:
        """An address of that kind."""
        return KINDS[kind].format_map(self)

    def __missing__(self, place: str) -> str:
        if place in self.known.choices:
            return quote(self.rng.choice(self.known.choices[place]))
        return quote(getattr(self, f"_{place}")(), safe="" if place in WITHIN_ANOTHER else "=&")

    def _some_filters(self, number: int) -> str:
        return "&".join(FILTERS[name].format_map(self) for name in self.rng.sample([*FILTERS], number))

    def _one(self) -> str:
        return self._some_filters(1)

    def _two(self) -> str:
        return self._some_filters(2)

    def _three(self) -> str:
        return self._some_filters(3)

    def _four(self) -> str:
        return self._some_filters(4)

    def _after(self) -> str:
        """Where a page begins: near the beginning as people do, and as deep as the list goes."""
        return str(self.rng.choice((50, 100, 150, 1000, self.rng.randrange(self.known.count))))

    def _name(self) -> str:
        return self.rng.choice(self.known.names)

    def _pair(self) -> str:
        """Two neighbouring characters of a name, from anywhere in it: frequent ones come as often as names hold them."""
        name = self._name()
        at = self.rng.randrange(len(name) - 1)
        return name[at : at + 2]

    def _traditional(self) -> str:
        return to_traditional(self._pair())

    def _frequent(self) -> str:
        return self.rng.choice(("有限", "公司", "限公"))

    def _prefix(self) -> str:
        return self._entity()[: self.rng.choice(PREFIXES)]

    def _listed(self) -> str:
        return self.rng.choice(self.known.listed)

    def _unlisted(self) -> str:
        return self.rng.choice(self.known.unlisted)

    def _came_from(self) -> str:
        """The query of the list that an entity was opened from: what is to review, and often a filter more."""
        return "&".join(["state=to_review", *([self._one()] if self.rng.random() < 0.5 else [])])

    def _entity(self) -> str:
        return self.rng.choice(self.known.entities)
