"""The label of a peer group, such as ``industry_division=52, size_band=2``, in words."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.texts.languages import Texts
from jobs.texts.numbers import number
from jobs.texts.settings import TextSettings

EVERYONE = "all"
_INDUSTRIES = ("industry_section", "industry_division", "industry_group")


def peer_group_in_words(label: str, texts: Texts, settings: TextSettings) -> str:
    """Describe the group that an entity is compared with. A label of another form stays as it is."""
    if label == EVERYONE:
        return texts("peer.all")
    parts = [part.partition("=") for part in label.split(", ")]
    if not all(sign for _, sign, _ in parts):
        return label
    return " · ".join(_part(name, value, texts, settings) for name, _, value in parts)


def _part(name: str, value: str, texts: Texts, settings: TextSettings) -> str:
    if name in _INDUSTRIES:
        return settings.industries.name(value, texts.language)
    if name == "region_middle":
        return settings.regions.path(value, texts.language)
    if name == "size_band":
        bounds = [bound / 10**settings.minor_units for bound in settings.size_bands_minor]
        return _band("size", value, bounds, texts, settings.currency)
    if name == "age_band":
        return _band("age", value, settings.age_bands_years, texts, settings.currency)
    return f"{name}={value}"


def _band(kind: str, value: str, bounds: Sequence[float], texts: Texts, currency: str) -> str:
    """The band with number ``value``; band 0 is below the first bound."""
    if not value.isdigit() or int(value) > len(bounds):
        return texts(f"peer.{kind}_unknown")
    band = int(value)
    low = number(bounds[band - 1]) if band else ""
    high = number(bounds[band]) if band < len(bounds) else ""
    form = "between" if low and high else "from" if low else "below"
    return texts(f"peer.{kind}_{form}", low=low, high=high, currency=currency)
