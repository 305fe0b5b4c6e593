"""How codes, indicators and numbers are written for a reader."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from expectations.contracts.indicators import Indicator, catalogue
from expectations.standards import hierarchies
from expectations.standards.hierarchies import Hierarchy
from jobs.profile.profile import Profile
from jobs.texts.languages import Texts, to_traditional


@dataclass(frozen=True)
class Names:
    """Names and numbers in one language, for one profile."""

    texts: Texts
    profile: Profile

    def industry(self, code: str) -> str:
        """The name of an industry code, the code itself where the scheme has no names."""
        return self._code(self.profile.industry_scheme, code)

    def region(self, code: str) -> str:
        """The name of a region code, the code itself where the scheme has no names."""
        return self._code(self.profile.region_scheme, code)

    def region_path(self, code: str) -> str:
        """The name of a region with those of the regions above it: 浙江省杭州市, or Hangzhou, Zhejiang."""
        hierarchy = load_hierarchy(self.profile.region_scheme)
        if hierarchy is None or code not in hierarchy:
            return self.region(code)
        names = [self.region(part) for part in (code, *hierarchy.ancestors(code))]
        return ", ".join(names) if self.texts.language == "en" else "".join(reversed(names))

    def _code(self, scheme: str, code: str) -> str:
        if not code:
            return self.texts("page.unknown")
        hierarchy = load_hierarchy(scheme)
        if hierarchy is None or code not in hierarchy:
            return code
        if self.texts.language == "zh-Hant":
            return to_traditional(hierarchy.name(code, "zh-Hans"))
        return hierarchy.name(code, self.texts.language)

    def title(self) -> str:
        """The profile's title."""
        return title_of(self.profile.title, self.texts.language)

    def indicator(self, column: str) -> str:
        """An indicator's number with its column in words, in Chinese with its definition: ``T1 late filing ratio``."""
        found = indicators().get(column)
        if found is None:
            return column.replace("_", " ")
        words = column.replace("_", " ") if self.texts.language == "en" else self.definition(column).rstrip("。")
        return f"{found.code} {words}"

    def definition(self, column: str) -> str:
        """An indicator's definition, empty for one that the catalogue lacks."""
        found = indicators().get(column)
        if found is None:
            return ""
        if self.texts.language == "zh-Hant":
            return to_traditional(found.definition["zh-Hans"])
        return found.definition[self.texts.language]

    def value(self, column: str, value: float | None) -> str:
        """An indicator's value with its unit."""
        if value is None:
            return self.texts("page.unknown")
        found = indicators().get(column)
        unit = found.unit if found else ""
        if unit == "share":
            return percent(value)
        if unit == "flag":
            return self.texts("unit.flag_yes" if value else "unit.flag_no")
        if unit in ("days", "months", "years", "periods"):
            return self.texts(f"unit.{unit}_1" if value == 1 else f"unit.{unit}", value=number(value))
        if unit == "minor currency unit":
            amount = number(value / 10**self.profile.minor_units)
            return self.texts("unit.money", value=amount, currency=self.profile.currency)
        return number(value)

    def class_(self, letter: str) -> str:
        """A class in words."""
        return self.texts.either(f"class.{letter}", letter)


def title_of(titles: dict[str, str], language: str) -> str:
    """A title in a language, made from Simplified Chinese for Traditional, else whatever there is."""
    if language in titles:
        return titles[language]
    if language == "zh-Hant" and "zh-Hans" in titles:
        return to_traditional(titles["zh-Hans"])
    return titles.get("en") or next(iter(titles.values()), "")


@cache
def indicators() -> dict[str, Indicator]:
    """The catalogue by column."""
    return {indicator.column: indicator for indicator in catalogue()}


@cache
def load_hierarchy(scheme: str) -> Hierarchy | None:
    """The names of a scheme's codes, None for a scheme without."""
    try:
        return hierarchies.load(scheme)
    except ValueError:
        return None


def number(value: float | None) -> str:
    """A number for reading: whole ones with thousands marks, others with about three digits that count."""
    if value is None:
        return "–"
    if float(value).is_integer() or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.{2 if abs(value) >= 0.1 else 4}f}".rstrip("0").rstrip(".")


def percent(share: float | None) -> str:
    """A share as a percentage."""
    return "–" if share is None else f"{share * 100:,.1f}%"


def language_of(text: str) -> str:
    """``zh-Hans`` for text with Chinese characters, else empty: what a data cell's ``lang`` should be."""
    return "zh-Hans" if any("\u3400" <= letter <= "\u9fff" for letter in text) else ""
