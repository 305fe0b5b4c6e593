"""A peer group's label, such as ``industry_division=52, size_band=2``, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from console.core.code_names import name_of, path_of
from console.core.texts import Texts

_INDUSTRIES = ("industry_section", "industry_division", "industry_group")


def peer_group_in_words(label: str, profile: Mapping[str, Any], texts: Texts) -> str:
    """What an entity was compared with; a label of another form stays as it is."""
    if label == "all":
        return texts("peer.all")
    parts = [part.partition("=") for part in label.split(", ")]
    if not label or not all(sign for _, sign, _ in parts):
        return label
    return " · ".join(_part(name, value, profile, texts) for name, _, value in parts)


def _part(name: str, value: str, profile: Mapping[str, Any], texts: Texts) -> str:
    peers = profile.get("peers", {})
    if name in _INDUSTRIES:
        return name_of(str(profile.get("industry_scheme", "")), value, texts.language)
    if name == "region_middle":
        return path_of(str(profile.get("region_scheme", "")), value, texts.language)
    if name == "size_band":
        units = 10 ** int(profile.get("minor_units", 2))
        return _band("size", value, [bound / units for bound in peers.get("size_bands_minor", ())], profile, texts)
    if name == "age_band":
        return _band("age", value, peers.get("age_bands_years", ()), profile, texts)
    return f"{name}={value}"


def _band(what: str, value: str, bounds: Sequence[float], profile: Mapping[str, Any], texts: Texts) -> str:
    """The band that reaches ``value`` of the bounds."""
    if not value.isdigit() or int(value) > len(bounds):
        return texts(f"peer.{what}_unknown")
    reached = int(value)
    low = f"{bounds[reached - 1]:,.0f}" if reached else ""
    high = f"{bounds[reached]:,.0f}" if reached < len(bounds) else ""
    form = "between" if low and high else "from" if low else "below"
    return texts(f"peer.{what}_{form}", low=low, high=high, currency=profile.get("currency", ""))
