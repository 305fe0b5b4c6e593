"""The codes of a profile's regions and industries, and their names in each language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from expectations.standards import hierarchies
from expectations.standards.hierarchies import Entry
from jobs.profile.code_names import INDUSTRY, REGION
from jobs.texts.languages import in_language, load_texts


@cache
def _entries(scheme: str) -> Mapping[str, Entry]:
    """The codes of a scheme; none for a scheme without a list."""
    return hierarchies.load(scheme).entries if scheme in hierarchies.schemes() else {}


@dataclass(frozen=True)
class Codes:
    """Regions or industries: the codes of a scheme, and the names that the profile itself gives, which have precedence.

    Attributes:
        scheme: the scheme; empty for a flat list of codes.
        own: the profile's names, by code and language.
    """

    scheme: str = ""
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The codes of the scheme with their levels; none for a flat list."""
        return _entries(self.scheme)

    def within(self, code: str) -> frozenset[str]:
        """Return a code and all codes below it; in a flat list the code alone."""
        within = {code}
        for entry in sorted(self.entries.values(), key=lambda entry: entry.level):
            if entry.parent in within:
                within.add(entry.code)
        return frozenset(within)

    def sections(self, language: str) -> tuple[tuple[str, str], ...]:
        """Return the broadest codes with their names, in the order of the scheme; of a flat list, those that have a name."""
        codes = [entry.code for entry in self.entries.values() if entry.level == 1] if self.scheme else sorted(self.own)
        return tuple((code, self.name(code, language)) for code in codes)

    def name(self, code: str, language: str) -> str:
        """Return the name of a code; the code itself if it has none."""
        entry = self.entries.get(code)
        names = self.own.get(code) or (entry.names if entry else {})
        return in_language(names, language) or code

    def path(self, code: str, language: str) -> str:
        """Return the name of a code with the names above it: 浙江省杭州市, or Hangzhou, Zhejiang."""
        entry, name = self.entries.get(code), self.name(code, language)
        if entry is None or entry.parent is None:
            return name
        return load_texts(language)("region.within", place=name, above=self.path(entry.parent, language))


def regions_of(profile: Mapping[str, Any]) -> Codes:
    """Return the regions of a profile that a finished run stores as JSON."""
    return _codes_of(profile, REGION)


def industries_of(profile: Mapping[str, Any]) -> Codes:
    """As :func:`regions_of`, for industries."""
    return _codes_of(profile, INDUSTRY)


def _codes_of(profile: Mapping[str, Any], kind: str) -> Codes:
    return Codes(str(profile.get(f"{kind}_scheme") or ""), (profile.get("code_names") or {}).get(kind) or {})
