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
from expectations.standards.hierarchies import Entry
from jobs.texts.languages import Texts, in_language
from jobs.texts.names import code_name, codes_of, indicator_name, indicator_names, sections_of

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

    def scheme(self, name: str) -> str:
        """A code list of the profile, such as ``region_scheme``."""
        return str(self.profile.get(name, ""))


def regions(reader: Reader, run: PublishedRun, value: str) -> Choices:
    """The user's regions, the regions of listed entities within them, and the current one."""
    own = {place.code for place in reader.user.regions() if place.code}
    shown = regions_of_listed(run)
    bounds = visible_regions(reader.user)
    if bounds is not None:
        shown = frozenset(places for places in shown if {*bounds} & {*zip(LEVELS, places, strict=True)})
    inside = {code for places in shown for code in places[1:] if code}
    known = codes_of(reader.scheme("region_scheme"))
    codes = sorted(inside | own | ({value} if value else set()))
    return [(code, _indented(known[code], reader.texts.language) if code in known else code) for code in codes]


def _indented(region: Entry, language: str) -> str:
    """A region's name; the last level is indented by spaces that browsers keep."""
    return "\u00a0\u00a0" * (region.level == 3) + in_language(region.names, language)


def region_name(reader: Reader, code: str) -> str:
    """The name of a region."""
    return code_name(reader.scheme("region_scheme"), code, reader.texts.language)


def industries(reader: Reader, _run: PublishedRun, _value: str) -> Choices:
    """The sections of the profile's industry scheme."""
    return list(sections_of(reader.scheme("industry_scheme"), reader.texts.language))


def industry_name(reader: Reader, code: str) -> str:
    """The name of an industry."""
    return code_name(reader.scheme("industry_scheme"), code, reader.texts.language)


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
