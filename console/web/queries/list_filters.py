"""The filters of the risk list: each is one row of :class:`Filters`, from which the form, the tags, the URL and the API derive.

A filter's name is its field in the form, its parameter in the URL and in the API; ``filter.<name>`` is its label in the texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import Q
from pyroaring import BitMap

from console.apps.campaigns.models import Member
from console.apps.decisions.policies import is_overdue
from console.apps.decisions.states import State
from console.apps.desk.looks import CHANGED, UNSEEN, places_changed, places_looked_at
from console.apps.ranking.current_policy import current_date
from console.apps.ranking.list_part import Part
from console.apps.ranking.models import CLASSES, PublishedRun, Ranked
from console.apps.ranking.runs import alias_of, among
from console.apps.ranking.search_terms import LONGEST_SEARCH, REASON
from console.web.queries import filter_choices as choices
from console.web.queries.filter_choices import ME, NOBODY, Choices, Reader
from expectations.contracts.indicators import catalogue
from jobs.texts.codes import regions_of
from jobs.texts.languages import Texts

SEEN = (UNSEEN, CHANGED)
MOVED = ("new", "up", "model", "own", "data", "others")
_MAX_LENGTH = 120


def _is_number(value: str) -> bool:
    return value.isdecimal() and len(value) < 10


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def region_column(code: str, run: PublishedRun) -> str:
    """The column that holds the codes of this code's level."""
    known = regions_of(run.profile).entries.get(code)
    return {1: "region_top", 2: "region_middle"}.get(known.level if known else 3, "region_code")


def campaign_members(part: Part, campaign: str, run: PublishedRun, user: Any) -> Part:
    """The members of a campaign that the user may see."""
    alias, members = alias_of(run.run_id), Member.objects.visible_to(user).filter(campaign=int(campaign))
    ids = members.order_by().values_list("entity_id", flat=True)
    rows = Ranked.objects.using(alias).filter(entity_id__in=among(alias, ids)).order_by()
    return part.only(BitMap(rows.values_list("position", flat=True)))


def entities_by_look(part: Part, seen: str, run: PublishedRun, user: Any) -> Part:
    """The listed entities that the user has not viewed, or that changed after the user viewed them."""
    return part.without(places_looked_at(user, run)) if seen == UNSEEN else part.only(places_changed(user, run))


def cases_of_person(person: str, user: Any) -> Q:
    """The cases that are assigned to a person, to the user or to nobody."""
    return Q(assigned_to=None if person == NOBODY else user.pk if person == ME else int(person))


def _always(_value: str) -> bool:
    return True


def _never(_value: str) -> bool:
    return False


@dataclass(frozen=True)
class Filter:
    """What one filter accepts, offers and does.

    Attributes:
        max_length: characters that the API accepts.
        is_valid: whether a value has a meaning; other values are dropped.
        values: the values that the page offers, if they are the same on every page; their names are texts.
        words: the section of the texts that names ``values``.
        choices: the values with their names that the page offers, if they depend on the reader and the run.
        name_of: the name of a value outside ``values``; by default the value itself.
        any_value: the key of the text for "no filter".
        column: the column of the run's list, and its value, that the filter selects.
        cases: the condition of the cases that a value selects for a user; all filters by cases apply together.
        without_case: whether a value of a filter by cases also selects the listed entities that have no case.
        narrow: the part of the list that the filter leaves; for a filter by any other table.
        needs_listed: whether a value leaves only listed entities.
        is_code, is_data: whether names of values are names of codes or user data: their language can differ from the page's.
    """

    max_length: int
    is_valid: Callable[[str], bool] = lambda _value: True
    values: tuple[str, ...] = ()
    words: str = ""
    choices: Callable[[Reader, PublishedRun, str], Choices] | None = None
    name_of: Callable[[Reader, str], str] = lambda _reader, value: value
    any_value: str = "filter.any"
    column: Callable[[str, PublishedRun], tuple[str, str]] | None = None
    narrow: Callable[[Part, str, PublishedRun, Any], Part] | None = None
    cases: Callable[[str, Any], Q] | None = None
    without_case: Callable[[str], bool] = _never
    needs_listed: Callable[[str], bool] = _never
    is_code: bool = False
    is_data: bool = False

    def value_name(self, value: str, reader: Reader) -> str:
        """The name of a value in the reader's language."""
        return reader.texts.either(f"{self.words}.{value}", value) if value in self.values else self.name_of(reader, value)

    def offered(self, reader: Reader, run: PublishedRun, value: str) -> Choices:
        """The values that the page offers, with their names; ``value`` is the current one."""
        fixed = [(one, reader.texts.either(f"{self.words}.{one}", one.replace("_", " "))) for one in self.values]
        return fixed + (self.choices(reader, run, value) if self.choices else [])


def _row(max_length: int, **attributes: Any) -> Any:
    return field(default="", metadata={"filter": Filter(max_length, **attributes)})


def _one_of(values: Iterable[str], words: str, max_length: int, **attributes: Any) -> Any:
    """A filter with the same values for every reader."""
    known = tuple(map(str, values))
    return _row(max_length, is_valid=known.__contains__, values=known, words=words, **attributes)


def _flag(name: str, **attributes: Any) -> Any:
    """A filter that is on (``yes``) or off; the text ``filter.<name>_yes`` names the value."""

    def name_of(reader: Reader, _value: str) -> str:
        return reader.texts(f"filter.{name}_yes")

    def offer(reader: Reader, _run: PublishedRun, value: str) -> Choices:
        return [("yes", name_of(reader, value))]

    return _row(3, is_valid="yes".__eq__, choices=offer, name_of=name_of, **attributes)


def _column(name: str) -> Callable[[str, PublishedRun], tuple[str, str]]:
    return lambda value, _run: (name, value)


@dataclass(frozen=True)
class Filters:
    """The values of all filters; an empty one filters nothing."""

    q: str = _row(LONGEST_SEARCH, is_data=True)
    region: str = _row(
        32,
        choices=choices.regions,
        name_of=choices.region_name,
        column=lambda code, run: (region_column(code, run), code),
        is_code=True,
    )
    industry: str = _row(
        16, choices=choices.industries, name_of=choices.industry_name, column=_column("industry_section"), is_code=True
    )
    risk_class: str = _one_of(CLASSES, "class", 2, column=_column("risk_class"))
    state: str = _one_of(State, "state", 24, cases=lambda state, _user: Q(state=state), without_case=State.TO_REVIEW.__eq__)
    overdue: str = _flag("overdue", cases=lambda _value, _user: is_overdue(current_date()))
    reason: str = _row(
        64,
        is_valid=lambda value: any(value == indicator.column for indicator in catalogue()),
        choices=choices.reasons,
        name_of=choices.reason_name,
        column=_column(REASON),
        needs_listed=_always,
    )
    moved: str = _one_of(MOVED, "moved", 8, column=_column("moved_by"), needs_listed="up".__eq__)
    listed: str = _flag("listed", needs_listed=_always)
    seen: str = _one_of(SEEN, "mark", 8, narrow=entities_by_look, needs_listed=_always)
    assigned: str = _row(
        9,
        is_valid=lambda value: value in (ME, NOBODY) or _is_number(value),
        values=(ME, NOBODY),
        words="assigned",
        choices=choices.people,
        name_of=choices.person_name,
        cases=cases_of_person,
        without_case=NOBODY.__eq__,
    )
    campaign: str = _row(
        9, is_valid=_is_number, choices=choices.campaigns, name_of=choices.campaign_name, narrow=campaign_members, is_data=True
    )
    day: str = _row(10, is_valid=_is_date, choices=choices.days, any_value="filter.newest", is_data=True)

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """The filters of a query. Invalid values are dropped, so that a truncated link still opens the list."""
        given = {name: str(values.get(name, "")).replace("\x00", "").strip()[:_MAX_LENGTH] for name in FILTERS}
        given["q"] = given["q"][:LONGEST_SEARCH]
        return cls(**{name: value for name, value in given.items() if FILTERS[name].is_valid(value)})

    def given(self) -> dict[str, str]:
        """The filters that are set, with their values."""
        return {name: value for name in FILTERS if (value := getattr(self, name))}

    def query(self, **more: object) -> str:
        """The filters as the query of a URL, with more parameters."""
        return urlencode({**self.given(), **{name: str(value) for name, value in more.items()}})

    def tags(self) -> list[tuple[str, str, str]]:
        """Name and value of each filter that is set, and the query without it."""
        return [(name, value, self.without(name)) for name, value in self.given().items()]

    def without(self, name: str) -> str:
        """The query without one of the filters."""
        return replace(self, **{name: ""}).query()

    def selects(self, reader: Reader, run: PublishedRun) -> list[dict[str, Any]]:
        """The selects of the filter form: name, value, the text for "no filter" and the choices of each."""
        return [
            {
                "name": name,
                "value": getattr(self, name),
                "any_value": reader.texts(row.any_value),
                "choices": row.offered(reader, run, getattr(self, name)),
            }
            for name, row in FILTERS.items()
            if row.values or row.choices
        ]


FILTERS: dict[str, Filter] = {row.name: row.metadata["filter"] for row in fields(Filters)}


def filter_value_name(name: str, value: str, user: Any, texts: Texts, profile: Mapping[str, Any]) -> str:
    """The name of a filter's value in the reader's language."""
    return FILTERS[name].value_name(value, Reader(user, texts, profile))
