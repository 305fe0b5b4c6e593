"""Switches that the environment sets, read one way by all who ask."""

from __future__ import annotations

import os

HTTPS_SWITCH = "STEELYARD_CONSOLE_HTTPS"
_ON, _OFF = frozenset({"on", "1", "yes", "true"}), frozenset({"off", "0", "no", "false"})


def is_on(name: str, *, by_default: bool) -> bool:
    """Whether a switch is on; what it is by default where the environment says nothing.

    Raises:
        ValueError: for a word that says neither: taken for either, it might open what it was meant to shut.
    """
    said = os.environ.get(name, "").strip().lower()
    if said and said not in _ON | _OFF:
        raise ValueError(f"{name} is {said!r}; write on or off")
    return said in _ON if said else by_default
