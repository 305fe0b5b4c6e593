"""The values that the filters of the risk list offer to a reader, and the names of these values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.apps.accounts.jurisdiction import Level, visible_regions
from console.apps.campaigns.models import Campaign
from console.apps.decisions.permissions import assignable_users
from console.apps.ranking.models import PublishedRun
from console.apps.ranking.runs import regions_of_listed
from jobs.texts.codes import Codes, industries_of, regions_of
from jobs.texts.languages import Texts
from jobs.texts.names import indicator_name, indicator_names

Choices = list[tuple[str, str]]
"""Values with their names."""
ME, NOBODY = "me", "nobody"
LEVELS = (Level.TOP, Level.MIDDLE, Level.CODE)
MAX_CAMPAIGNS = 60
MAX_DAYS = 60


@dataclass(frozen=True)
class Reader:
    """Who reads the list, with the texts of their language and the profile of the published run."""

    user: Any
    texts: Texts
    profile: Mapping[str, Any]


def regions(reader: Reader, run: PublishedRun, value: str) -> Choices:
    """The user's regions, the regions of listed entities within them, and the current one."""
    own = {place.code for place in reader.user.regions() if place.code}
    shown = regions_of_listed(run)
    bounds = visible_regions(reader.user)
    if bounds is not None:
        shown = frozenset(places for places in shown if {*bounds} & {*zip(LEVELS, places, strict=True)})
    inside = {code for places in shown for code in places[1:] if code}
    known = regions_of(reader.profile)
    codes = sorted(inside | own | ({value} if value else set()))
    return [(code, _indented(known, code, reader.texts.language)) for code in codes]


def _indented(regions: Codes, code: str, language: str) -> str:
    """A region's name; the last level is indented by spaces that browsers keep."""
    entry = regions.entries.get(code)
    return "\u00a0\u00a0" * (entry is not None and entry.level == 3) + regions.name(code, language)


def region_name(reader: Reader, code: str) -> str:
    """The name of a region."""
    return regions_of(reader.profile).name(code, reader.texts.language)


def industries(reader: Reader, _run: PublishedRun, _value: str) -> Choices:
    """The sections of the profile's industry scheme; of a flat list, the industries that have a name."""
    return list(industries_of(reader.profile).sections(reader.texts.language))


def industry_name(reader: Reader, code: str) -> str:
    """The name of an industry."""
    return industries_of(reader.profile).name(code, reader.texts.language)


def reasons(reader: Reader, _run: PublishedRun, _value: str) -> Choices:
    """The indicators of the catalogue."""
    return list(indicator_names(reader.texts.language))


def reason_name(reader: Reader, column: str) -> str:
    """The name of an indicator."""
    return indicator_name(column, reader.texts.language)


def people(reader: Reader, _run: PublishedRun, _value: str) -> Choices:
    """The users to whom the reader may assign a case."""
    return [(str(person.pk), person.username) for person in assignable_users(reader.user)]


def person_name(reader: Reader, pk: str) -> str:
    """The name of a user to whom the reader may assign a case, else the number."""
    return assignable_users(reader.user).filter(pk=int(pk)).values_list("username", flat=True).first() or pk


def campaigns(reader: Reader, _run: PublishedRun, value: str) -> Choices:
    """The newest campaigns, and the current one."""
    visible = Campaign.objects.visible_to(reader.user)
    current = visible.filter(pk=int(value)) if value else visible.none()
    return list({str(campaign.pk): campaign.name for campaign in (*visible[:MAX_CAMPAIGNS], *current)}.items())


def campaign_name(reader: Reader, pk: str) -> str:
    """The name of a campaign that the reader may see, else the number."""
    return Campaign.objects.visible_to(reader.user).filter(pk=int(pk)).values_list("name", flat=True).first() or pk


def days(_reader: Reader, _run: PublishedRun, _value: str) -> Choices:
    """The newest published days."""
    newest = PublishedRun.objects.filter(is_current=True).values_list("as_of", flat=True)[:MAX_DAYS]
    return [(day.isoformat(), day.isoformat()) for day in newest]
