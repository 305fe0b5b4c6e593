"""Names of regions, industries and indicators in each language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from expectations.contracts.indicators import WORDS, Indicator, catalogue
from jobs.profile.profile import Profile
from jobs.texts.languages import Texts, base_of, convert_contract_text, in_language, load_texts, words_in
from jobs.texts.numbers import value_with_unit
from jobs.texts.settings import TextSettings


@cache
def indicator_texts(language: str) -> Texts:
    """Return the catalogue's texts: ``<column>.definition``, ``<column>.sentence`` and ``<column>.change``."""
    words = words_in((WORDS,), base_of(language))
    return Texts(language, {key: convert_contract_text(text, language) for key, text in words.items()})


@cache
def indicators() -> dict[str, Indicator]:
    """Return the catalogue by column."""
    return {indicator.column: indicator for indicator in catalogue()}


def indicator_name(column: str, language: str) -> str:
    """Return an indicator's code and name: ``T1 late filing ratio``, in Chinese its definition. Unknown ones keep their column."""
    words, indicator = column.replace("_", " "), indicators().get(column)
    if indicator is None:
        return words
    if load_texts(language)("indicator.named_by") == "definition":
        words = definition(column, language).rstrip("。")
    return f"{indicator.code} {words}"


@cache
def indicator_names(language: str) -> tuple[tuple[str, str], ...]:
    """Return the catalogue's columns, each with its name."""
    return tuple((column, indicator_name(column, language)) for column in indicators())


def definition(column: str, language: str) -> str:
    """Return how an indicator is computed; empty if the catalogue lacks it."""
    return indicator_texts(language).either(f"{column}.definition", "")


@dataclass(frozen=True)
class Names:
    """Names and values in one language, for one profile."""

    texts: Texts
    settings: TextSettings

    @classmethod
    def of(cls, profile: Profile, language: str) -> Names:
        """Return the names of a profile in a language.

        Raises:
            ConfigError: for an unknown language.
        """
        return cls(load_texts(language), TextSettings.of(profile))

    def industry(self, code: str) -> str:
        """Return the name of an industry code."""
        return self.settings.industries.name(code, self.texts.language) if code else self.texts("page.unknown")

    def region(self, code: str) -> str:
        """Return the name of a region code."""
        return self.settings.regions.name(code, self.texts.language) if code else self.texts("page.unknown")

    def region_path(self, code: str) -> str:
        """Return the name of a region with the names of the regions above it."""
        return self.settings.regions.path(code, self.texts.language) if code else self.texts("page.unknown")

    def title(self) -> str:
        """Return the profile's title."""
        return in_language(self.settings.title, self.texts.language)

    def indicator(self, column: str) -> str:
        """Return an indicator's name."""
        return indicator_name(column, self.texts.language)

    def definition(self, column: str) -> str:
        """Return an indicator's definition."""
        return definition(column, self.texts.language)

    def value(self, column: str, value: float | None) -> str:
        """Return an indicator's value with its unit."""
        if value is None:
            return self.texts("page.unknown")
        indicator = indicators().get(column)
        return value_with_unit(value, indicator.unit if indicator else "", self.texts, self.settings)

    def class_(self, letter: str) -> str:
        """Return a risk class in words."""
        return self.texts.either(f"class.{letter}", letter)
