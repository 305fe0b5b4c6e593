"""What of a list is wanted."""

from __future__ import annotations

from dataclasses import dataclass

LAST = 2**31 - 1


@dataclass(frozen=True)
class Part:
    """Of the places after ``after`` up to ``until`` the first ``most``, or as many where any will do; None for all."""

    after: int = 0
    until: int = LAST
    most: int | None = None
    any_will_do: bool = False


WHOLE = Part()
