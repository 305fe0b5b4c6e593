"""What texts need to know of a profile: its currency, code schemes and peer bands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jobs.profile.profile import Profile


@dataclass(frozen=True)
class TextSettings:
    """The values of a profile that texts show. ``currency`` is an ISO 4217 code, ``minor_units`` its decimal places."""

    currency: str = ""
    minor_units: int = 2
    industry_scheme: str = ""
    region_scheme: str = ""
    size_bands_minor: tuple[int, ...] = ()
    age_bands_years: tuple[float, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, profile: Profile) -> TextSettings:
        """Return the settings of a loaded profile."""
        return cls(
            currency=profile.currency,
            minor_units=profile.minor_units,
            industry_scheme=profile.industry_scheme,
            region_scheme=profile.region_scheme,
            size_bands_minor=profile.peers.size_bands_minor,
            age_bands_years=profile.peers.age_bands_years,
            title=profile.title,
        )

    @classmethod
    def of_stored(cls, profile: Mapping[str, Any]) -> TextSettings:
        """Return the settings of a profile that a finished run stores as JSON. An earlier run may lack some."""
        peers = profile.get("peers", {})
        return cls(
            currency=str(profile.get("currency", "")),
            minor_units=int(profile.get("minor_units", 2)),
            industry_scheme=str(profile.get("industry_scheme", "")),
            region_scheme=str(profile.get("region_scheme", "")),
            size_bands_minor=tuple(peers.get("size_bands_minor", ())),
            age_bands_years=tuple(peers.get("age_bands_years", ())),
            title=profile.get("title", {}),
        )
