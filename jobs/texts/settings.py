"""What texts need to know of a profile: its currency, code schemes and peer bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from pydantic.dataclasses import dataclass

from jobs.profile.profile import Profile
from jobs.profile.validation import Number
from jobs.texts.codes import Codes, industries_of, regions_of


@dataclass(frozen=True)
class TextSettings:
    """The values of a profile that texts show. ``currency`` is an ISO 4217 code, ``minor_units`` its decimal places."""

    currency: str = ""
    minor_units: int = 2
    industry_scheme: str = ""
    region_scheme: str = ""
    size_bands_minor: tuple[int, ...] = ()
    age_bands_years: tuple[Number, ...] = ()
    code_names: Mapping[str, Mapping[str, Mapping[str, str]]] = field(default_factory=dict)
    title: Mapping[str, str] = field(default_factory=dict)

    @property
    def industries(self) -> Codes:
        """Return the industries."""
        return industries_of(vars(self))

    @property
    def regions(self) -> Codes:
        """Return the regions."""
        return regions_of(vars(self))

    @classmethod
    def of(cls, profile: Profile) -> TextSettings:
        """Return the settings of a loaded profile."""
        return cls(**vars(profile), **vars(profile.peers))

    @classmethod
    def of_stored(cls, profile: Mapping[str, Any]) -> TextSettings:
        """Return the settings of a profile that a finished run stores as JSON. An earlier run may lack some."""
        return cls(**profile, **profile.get("peers", {}))
