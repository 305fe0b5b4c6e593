"""A peer group's label, such as ``industry_division=52, size_band=2``, in words."""

from __future__ import annotations

from collections.abc import Sequence

from jobs.texts.names import Names, number

EVERYONE = "all"
_INDUSTRIES = ("industry_section", "industry_division", "industry_group")


def peer_group_in_words(label: str, names: Names) -> str:
    """What an entity was compared with; a label of another form stays as it is."""
    if label == EVERYONE:
        return names.texts("peer.all")
    parts = [part.partition("=") for part in label.split(", ")]
    if not all(sign for _, sign, _ in parts):
        return label
    return " · ".join(_part(name, value, names) for name, _, value in parts)


def _part(name: str, value: str, names: Names) -> str:
    peers = names.profile.peers
    if name in _INDUSTRIES:
        return names.industry(value)
    if name == "region_middle":
        return names.region_path(value)
    if name == "size_band":
        units = 10**names.profile.minor_units
        return _band("size", value, [bound / units for bound in peers.size_bands_minor], names)
    if name == "age_band":
        return _band("age", value, peers.age_bands_years, names)
    return f"{name}={value}"


def _band(what: str, value: str, bounds: Sequence[float], names: Names) -> str:
    """The band that reaches ``value`` of the bounds."""
    if not value.isdigit() or int(value) > len(bounds):
        return names.texts(f"peer.{what}_unknown")
    reached = int(value)
    low = number(bounds[reached - 1]) if reached else ""
    high = number(bounds[reached]) if reached < len(bounds) else ""
    form = "between" if low and high else "from" if low else "below"
    return names.texts(f"peer.{what}_{form}", low=low, high=high, currency=names.profile.currency)
